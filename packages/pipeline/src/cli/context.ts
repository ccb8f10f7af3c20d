// What every command gets besides its arguments, and the wrapper that turns a function into a command's action.
import type { Command } from 'commander';
import { progressFor, type ProgressFactory } from '../util/progress.ts';

export interface Context {
  /** Opens a progress bar; silent without a terminal, with --quiet and with --json. */
  readonly progress: ProgressFactory;
  /** Prints one line for people. Silent with --json. */
  readonly print: (line: string) => void;
}

/** What a command returns; printed as the last line of standard output with --json. */
export type Result = Record<string, unknown>;

interface GlobalOptions {
  json?: boolean;
  quiet?: boolean;
}

/** Adds the options all commands share; a command's own option of the same name stays. */
export function withGlobalOptions(command: Command): Command {
  const shared: [string, string][] = [
    ['--json', 'print the results as one JSON line, the last of standard output'],
    ['--quiet', 'no progress bars'],
    ['--debug', 'show a stack trace when something fails'],
  ];
  for (const [flag, description] of shared) {
    if (!command.options.some((option) => option.long === flag)) command.option(flag, description);
  }
  return command;
}

/**
 * Makes a commander action of `run(context, options, ...positional arguments)`; what it returns is printed with --json.
 * Errors travel to `main`, which prints one line.
 */
export function action<O extends object>(
  run: (context: Context, options: O, ...args: never[]) => Promise<Result> | Result,
): (...raw: unknown[]) => Promise<void> {
  return async (...raw) => {
    const options = (raw.at(-1) as Command).optsWithGlobals<GlobalOptions & O>();
    const json = options.json === true;
    const context: Context = {
      progress: progressFor(json || options.quiet === true),
      print: (line) => {
        if (!json) process.stdout.write(`${line}\n`);
      },
    };
    const result = await run(context, options, ...(raw.slice(0, -2) as never[]));
    RESULTS.set(rootOf(raw.at(-1) as Command), result);
    if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  };
}

/** What the last action under each root command returned. */
const RESULTS = new WeakMap<Command, Result>();

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** The result of the command that `root` ran. */
export function resultOf(root: Command): Result {
  return RESULTS.get(root) ?? {};
}
