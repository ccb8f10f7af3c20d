// A failure as the one line that is printed for it.
import { CommanderError } from 'commander';
import { fromSystemError, SpatterError } from '../util/errors.ts';

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
