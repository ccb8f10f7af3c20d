// The command line: builds the program from the catalogue, and turns every failure into one line and an exit code.
import { Command, CommanderError } from 'commander';
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
  if (isExplained(error)) return `spatter: ${error.message}; ${error.hint} [${error.code}]`;
  const message = error instanceof Error ? error.message : String(error);
  return `spatter: unexpected failure: ${message.split('\n', 1)[0] ?? ''}; run again with --debug and report it [UNEXPECTED]`;
}

export function program(): Command {
  const root = new Command('spatter')
    .description('From melt-pool video to a verdict on the shielding gas.')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'spatter: ')) })
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
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.stderr.write(`${describe(error)}\n`);
    if (argv.includes('--debug') && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exitCode = 1;
  }
}
