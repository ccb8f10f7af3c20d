// The command line: builds the program from the catalogue, and turns every failure into one line and an exit code.
import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.ts';
import { describe } from './describe.ts';
import { resultOf, withGlobalOptions, type Result } from './context.ts';

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

/** What shells report for a program that SIGPIPE ended, as it ends other tools whose reader has gone (`spatter … | head`). */
const READER_GONE = 128 + 13;

/** Ends this process quietly once nobody reads its output; Node ignores SIGPIPE and would end in a stack trace. */
export function endWithReader(): void {
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(READER_GONE);
  });
  // Without a reader of its messages a command still does its work.
  process.stderr.on('error', () => undefined);
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2;
}

/** Help and version are thrown too, after they were printed. */
function isHelp(error: unknown): boolean {
  return error instanceof CommanderError && (error.exitCode === 0 || error.code === 'commander.help');
}
