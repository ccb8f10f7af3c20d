// `spatter registry`: versions of models that cannot change, aliases that do, and a log of who changed what.
import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { readExportedModel } from '../../export/exported-model.ts';
import { cardScores } from '../../export/measured-lines.ts';
import { openProven } from '../../infer/golden-crops.ts';
import { openModel } from '../../infer/open-model.ts';
import type { LogEntry } from '../../registry/entry.ts';
import { modelCardText } from '../../registry/model-card-text.ts';
import { resolveModelUri } from '../../registry/model-uri.ts';
import {
  Registry,
  promote,
  register,
  registryDamaged,
  rollback,
  type RegisteredVersion,
} from '../../registry/registry.ts';
import { verifyRegistry } from '../../registry/verify.ts';
import { percent } from '../../report/numbers.ts';
import { terminalTable } from '../../report/terminal.ts';
import { action, type Context, type Result } from '../context.ts';
import { registryOption } from '../registry-option.ts';

interface Place {
  readonly registry: string;
}

interface Signed extends Place {
  readonly reason: string;
  readonly user: string;
}

const EXAMPLES = `
Examples:
  $ spatter registry register runs/default_20261123_101500/export --name line-3 --reason "first model"
  $ spatter registry promote line-3 1 --reason "better on both cameras"
  $ spatter predict build8.mp4 --model models:/line-3@champion
  $ spatter registry rollback line-3 --reason "cries wolf on the left camera"
  $ spatter registry verify

A version never changes; an alias (champion unless --alias says otherwise) names one. Every change is an entry of log/, chained to
the one before by its hash, with user, time and reason.`;

export function registryCommand(): Command {
  return new Command('registry')
    .description('register models, promote and roll back versions, verify that nothing was touched')
    .addHelpText('after', EXAMPLES)
    .addCommand(listCommand())
    .addCommand(registerCommand())
    .addCommand(promoteCommand())
    .addCommand(rollbackCommand())
    .addCommand(showCommand())
    .addCommand(verifyCommand());
}

function versionNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a version, a whole number from 1.');
}

/** A sub-command whose change is signed. */
function changing(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'why, for the log')
    .option('--user <name>', 'who, for the log', userInfo().username)
    .addOption(registryOption());
}

const signature = ({ user, reason }: Signed) => ({ user, reason, time: new Date() });

function listCommand(): Command {
  return new Command('list')
    .description('every version, with its score and the aliases that name it')
    .argument('[name]', 'one model')
    .addOption(registryOption())
    .action(action(list));
}

function list(context: Context, { registry }: Place, name?: string): Result {
  const versions = Registry.open(registry).versions(name);
  const rows = versions.map((each) => {
    const { accuracy, baseline, split, leak } = scoresOf(each);
    const [tested, best, leaked] = [accuracy, baseline, leak].map((share) => percent(share));
    return [
      each.model,
      String(each.version),
      each.aliases.join(', '),
      ...[tested!, best!, split, leaked!],
      each.entry.time.slice(0, 19),
    ];
  });
  const scores = ['test accuracy', 'best baseline', 'split', 'leak'];
  const columns = ['model', 'version', 'aliases', ...scores, 'registered'];
  if (rows.length === 0)
    context.print(`the registry ${registry} holds no model${name === undefined ? '' : ` ${name}`}`);
  else for (const line of terminalTable(columns, rows)) context.print(line);
  return { registry, versions: versions.map(describe) };
}

function scoresOf({ folder }: RegisteredVersion) {
  const scores = cardScores(readExportedModel(folder).card);
  return { ...scores, split: scores.split ?? '–' };
}

function describe(each: RegisteredVersion): Result {
  const { model, version, folder, aliases, entry } = each;
  const { user, time, reason, hash } = entry;
  return { model, version, folder, aliases, user, time, reason, hash, ...scoresOf(each) };
}

function registerCommand(): Command {
  return changing(
    new Command('register')
      .description('copy an exported model into the registry as the next version of a name')
      .argument('<export>', 'folder that spatter export wrote')
      .requiredOption('--name <name>', 'name of the model, such as line-3')
      .option('--alias <alias>', 'let this alias name the new version', 'candidate'),
  ).action(action(registerOne));
}

async function registerOne(
  context: Context,
  options: Signed & { name: string; alias: string },
  path: string,
): Promise<Result> {
  const model = readExportedModel(path);
  await (await openProven(model)).close();
  const by = signature(options);
  const { version, folder } = register(options.registry, options.name, model, by);
  promote(options.registry, { model: options.name, version, alias: options.alias }, by);
  context.print(`registered ${options.name} version ${version} in ${folder}, as ${options.alias}`);
  context.print(
    `its ${model.card.golden.length} golden crops pass; use it as models:/${options.name}/${version}`,
  );
  return describe(Registry.open(options.registry).version(options.name, version));
}

function promoteCommand(): Command {
  return changing(
    new Command('promote')
      .description('let an alias name a version; the version’s golden crops must pass')
      .argument('<name>', 'name of the model')
      .argument('<version>', 'its version', versionNumber)
      .option('--alias <alias>', 'the alias', 'champion'),
  ).action(action(promoteOne));
}

async function promoteOne(
  context: Context,
  options: Signed & { alias: string },
  model: string,
  version: number,
): Promise<Result> {
  await (await openModel(`models:/${model}/${version}`, options)).close();
  return changed(
    context,
    promote(options.registry, { model, version, alias: options.alias }, signature(options)),
  );
}

function rollbackCommand(): Command {
  return changing(
    new Command('rollback')
      .description('let an alias name the version it named before')
      .argument('<name>', 'name of the model')
      .option('--alias <alias>', 'the alias', 'champion'),
  ).action(action(rollbackOne));
}

function rollbackOne(context: Context, options: Signed & { alias: string }, model: string): Result {
  return changed(context, rollback(options.registry, { model, alias: options.alias }, signature(options)));
}

function changed(context: Context, entry: LogEntry): Result {
  if (entry.action === 'register') return { ...entry };
  const { model, alias, version, from, sequence } = entry;
  const before = from === null ? 'new' : `was version ${from}`;
  context.print(`${model}@${alias} is version ${version} (${before}); entry ${sequence} of the log`);
  return { ...entry };
}

function showCommand(): Command {
  return new Command('show')
    .description('the model card of a version, as Markdown, with the history of its name')
    .argument('<model>', 'models:/NAME@ALIAS or models:/NAME/VERSION')
    .addOption(registryOption())
    .action(action(show));
}

function show(context: Context, { registry }: Place, uri: string): Result {
  const version = resolveModelUri(uri, registry);
  const { card } = readExportedModel(version.folder);
  const history = Registry.open(registry).history(version.model);
  context.print(modelCardText(card, { version, history }));
  return { ...describe(version), card, history };
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('check the log’s chain and every registered file')
    .option(
      '--head <hash>',
      'hash of the last entry as you noted it elsewhere; finds a log that was written anew',
    )
    .addOption(registryOption())
    .action(action(verify));
}

function verify(context: Context, { registry, head }: Place & { head?: string }): Result {
  const found = verifyRegistry(registry);
  const moved = head !== undefined && !headSeen(registry, head);
  const faults = [
    ...found.faults,
    ...(moved
      ? [{ where: 'log', what: `has no entry with the hash ${head}: it was written anew or cut off` }]
      : []),
  ];
  for (const { where, what } of faults) context.print(`${where} ${what}`);
  for (const { where, what } of found.notices) context.print(`notice: ${where} ${what}`);
  if (faults.length > 0) throw registryDamaged(registry, faults);
  const { entries, versions, files } = found;
  context.print(`${entries} log entries, ${versions} versions, ${files} files: all as they were written`);
  if (found.head !== null) context.print(`head ${found.head}`);
  return { registry, ...found };
}

function headSeen(registry: string, head: string): boolean {
  const { faults } = verifyRegistry(registry);
  if (faults.length > 0) return true;
  return Registry.open(registry).entries.some(({ hash }) => hash === head);
}
