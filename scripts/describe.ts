// `npm run describe`: writes DOCUMENTATION_INDEX.md and AGENT_CONTEXT.json from the code and the pages, so that neither can go stale.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { format, resolveConfig } from 'prettier';
import { program } from '../packages/pipeline/src/cli/main.ts';
import { ERRORS } from '../packages/pipeline/src/util/errors.ts';
import { TENSOR_ERRORS } from '../packages/tensor/src/error.ts';

const root = join(import.meta.dirname, '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');
const json = (path: string): Record<string, unknown> => JSON.parse(text(path)) as Record<string, unknown>;
const list = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);

/** The two files, by their path from the root, as they must be. */
export async function describeProject(): Promise<Record<string, string>> {
  const options = { ...(await resolveConfig(join(root, 'package.json'))) };
  const context = JSON.stringify(agentContext());
  return {
    'AGENT_CONTEXT.json': await format(context, { ...options, parser: 'json' }),
    'DOCUMENTATION_INDEX.md': await format(documentationIndex(), { ...options, parser: 'markdown' }),
  };
}

const SECTIONS: readonly (readonly [title: string, pages: readonly string[]])[] = [
  ['Start here', ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']],
  ['Guides', list('docs/guides', '.md')],
  ['Reference', list('docs/reference', '.md')],
  ['Decisions', list('docs/adr', '.md')],
  ['Measured', list('bench', '.md')],
];

/** Every page with its title and its first sentence. */
function documentationIndex(): string {
  const sections = SECTIONS.map(([title, pages]) => {
    const lines = pages.map((page) => `- [${titleOf(page)}](${page}): ${firstSentence(page)}`);
    return `## ${title}\n\n${lines.join('\n')}\n`;
  });
  return `# Documentation\n\nWritten by \`npm run describe\`.\n\n${sections.join('\n')}`;
}

const titleOf = (page: string): string => /^# (.+)$/m.exec(text(page))?.[1] ?? page;

/** Of the first paragraph that is neither heading, list, table, picture, code nor quote. */
function firstSentence(page: string): string {
  const paragraphs = text(page)
    .replace(/^```[^]*?^```/gm, '')
    .split(/\n{2,}/);
  const prose =
    paragraphs.find((each) => /^[\w`*[“]/.test(each) && !/^Date:/.test(each) && !each.startsWith('[!')) ?? '';
  const flat = prose
    .replaceAll('\n', ' ')
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/^Status:.*?\. /, '');
  return /^.*?[.:](?= |$)/.exec(flat)?.[0].replace(/:$/, '.') ?? flat;
}

/** What a program that works on this project needs to know before it reads any file. */
function agentContext(): object {
  const { scripts, engines } = json('package.json');
  return {
    note: 'Written by npm run describe; a test fails when it is stale.',
    engines,
    scripts,
    packages: Object.fromEntries(
      ['tensor', 'hpo', 'pipeline'].map((name) => [`packages/${name}`, packageFacts(name)]),
    ),
    layers: layers(),
    commands: commandFacts(program()).commands,
    config_groups: configGroups(),
    benches: list('bench', '.ts').map(purpose),
    interop: list('interop', '.ts').map(purpose),
    torture: list('torture', '.ts').map(purpose),
    examples: list('examples', '.ts').map(purpose),
    error_codes: { ...ERRORS, ...TENSOR_ERRORS },
    documentation: SECTIONS.flatMap(([, pages]) => pages),
  };
}

function packageFacts(name: string): object {
  const { name: npm, description, dependencies } = json(`packages/${name}/package.json`);
  const source = `packages/${name}/src`;
  const folders = readdirSync(join(root, source), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  return { npm, description, dependencies: Object.keys(dependencies as object), folders };
}

/** Top to bottom, from the rule that lint enforces. */
function layers(): string[][] {
  const rule = /const layers = (\[[^]*?\n\]);/.exec(text('.dependency-cruiser.cjs'))![1]!;
  const rows = [...rule.matchAll(/\[([^[\]]+)\]/g)];
  return rows.map(([, row]) => [...row!.matchAll(/'(\w+)'/g)].map(([, name]) => name!)).reverse();
}

interface CommandFacts {
  readonly description: string;
  readonly usage?: string;
  readonly options?: Record<string, string>;
  readonly commands?: Record<string, CommandFacts>;
}

function commandFacts(command: Command): CommandFacts {
  if (command.commands.length > 0) {
    const children = command.commands.map((child) => [child.name(), commandFacts(child)] as const);
    return { description: command.description(), commands: Object.fromEntries(children) };
  }
  const shared = ['--json', '--quiet', '--debug'];
  const own = command.options.filter(({ long }) => !shared.includes(long ?? ''));
  return {
    description: command.description(),
    usage: command.usage(),
    options: Object.fromEntries(own.map(({ flags, description }) => [flags, description])),
  };
}

function configGroups(): Record<string, string[]> {
  const folder = 'packages/pipeline/conf';
  const groups = readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  return Object.fromEntries(
    groups
      .map(({ name }) => name)
      .sort()
      .map((group) => [group, list(`${folder}/${group}`, '.yaml').map((path) => path.slice(folder.length + group.length + 2, -5))]), // prettier-ignore
  );
}

/** A file and the purpose that its first line states. */
function purpose(path: string): string {
  return `${path}: ${text(path)
    .split('\n', 1)[0]!
    .replace(/^\/\/ /, '')}`;
}

if (process.argv[1] === import.meta.filename) {
  for (const [path, content] of Object.entries(await describeProject()))
    writeFileSync(join(root, path), content);
}
