// A multirun: the command lines that its sweeps stand for, in the order of Hydra's own sweeper.
import { GrammarError, parseOverride } from './grammar.ts';
import { refuseLine } from './compose.ts';
import type { ConfigSources } from './sources.ts';
import { sweepValues } from './sweep-values.ts';

/**
 * The jobs of a multirun: each combination of the values of all sweeps, the last override's changing fastest. Overrides
 * without a sweep are in every job as they were typed.
 * @throws {SpatterError} CONFIG_OVERRIDE for what the grammar does not know.
 */
export function expandSweeps(lines: readonly string[], sources: ConfigSources): string[][] {
  // As in Hydra a key that is given again takes its earlier place with its later values.
  const byKey = new Map(lines.map((line) => [line.split('=', 1)[0]!, alternatives(line, sources)]));
  return [...byKey.values()].reduce<string[][]>(
    (jobs, each) => jobs.flatMap((job) => each.map((line) => [...job, line])),
    [[]],
  );
}

/** The line once for each value that it runs through. */
function alternatives(line: string, sources: ConfigSources): string[] {
  const equal = line.indexOf('=');
  if (equal === -1) return [line];
  const head = line.slice(0, equal + 1);
  try {
    const { key } = parseOverride(head);
    const values = sweepValues(line.slice(equal + 1), () => sources.options(key));
    const found = values === null ? [line] : values.map((value) => `${head}${value}`);
    for (const each of found) parseOverride(each);
    return found;
  } catch (error) {
    if (error instanceof GrammarError) throw refuseLine(line, error);
    throw error;
  }
}
