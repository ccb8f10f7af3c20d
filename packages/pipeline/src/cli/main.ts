// The command line: builds the program from the catalogue, and turns every failure into one line and an exit code.
import { Command, CommanderError } from 'commander';
import { fromSystemError, SpatterError } from '../util/errors.ts';
import { COMMANDS } from './commands.ts';
import { resultOf, withGlobalOptions, type Result } from './context.ts';

/** What `main` needs of an error to print it: both packages' error classes have these. */
interface Explained {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

function isExplained(error: unknown): error is Explained {
  return error instanceof Error && 'hint' in error && 'code' in error;
}

/** The line printed for `error`: what, where, what to do. */
export function describe(error: unknown): string {
  const known = error instanceof CommanderError ? wrongUsage(error) : fromSystemError(error, pathOf(error));
  if (isExplained(known)) return `spatter: ${oneLine(known.message)}; ${known.hint} [${known.code}]`;
  const message = error instanceof Error ? error.message : String(error);
  return `spatter: unexpected failure: ${message.split('\n', 1)[0] ?? ''}; run again with --debug and report it [UNEXPECTED]`;
}

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, ' ');

/** The path that a failure of the system is about, as Node notes it. */
function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error ? String(error.path) : 'a file';
}

/** Commander puts its suggestion on a second line, in brackets. */
function wrongUsage({ message }: CommanderError): SpatterError {
  const [what = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const hint = suggestion?.replace(/^\(Did you mean (.*)\?\)$/, 'did you mean $1?') ?? 'see --help';
  return new SpatterError('USAGE', what.replace(/\.$/, ''), hint);
}

export function program(): Command {
  const root = new Command('spatter')
    .description('From melt-pool video to a verdict on the shielding gas.')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError();
  for (const create of COMMANDS) root.addCommand(inherit(create(runCommand), root));
  return root;
}

/** Gives a command and its sub-commands the shared options and the root's error handling. */
function inherit(command: Command, root: Command): Command {
  command.copyInheritedSettings(root);
  if (command.commands.length === 0) withGlobalOptions(command);
  for (const child of command.commands) inherit(child, root);
  return command;
}

/** Runs one command line in this process; failures are thrown. */
async function runCommand(args: readonly string[]): Promise<Result> {
  const root = program();
  await root.parseAsync([...args], { from: 'user' });
  return resultOf(root);
}

/** Runs one command line (`argv` as `process.argv`); sets `process.exitCode`: 0 fine, 1 failed, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    if (isHelp(error)) return;
    process.stderr.write(`${describe(error)}\n`);
    if (argv.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  }
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2;
}

/** Help and version are thrown too, after they were printed. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help');
}
