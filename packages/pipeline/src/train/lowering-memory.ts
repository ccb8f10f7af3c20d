// What timing chose (`training.autotune`): kept in the run, so that it resumes to the same bytes, and in a cache for other runs.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TunerOptions } from '@spatter/tensor';
import { isMap, type Config, type Tree } from '../config/index.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { SpatterError, fromSystemError } from '../util/errors.ts';

/** In the run directory and in the cache folder: answers by question, by the place they hold for. */
const FILE = 'lowerings.json';
const FORMAT = 'spatter lowerings 1';

/** How the step of a run is tuned: not at all unless its config asks for it. */
export function tuningOf(
  { path, config }: { readonly path: string; readonly config: Config },
  rest: Omit<LoweringMemoryOptions, 'run'>,
): TunerOptions | undefined {
  return config.training.autotune ? { memory: loweringMemory({ run: path, ...rest }) } : undefined;
}

type Answers = Map<string, Map<string, string>>;

export interface LoweringMemoryOptions {
  readonly run: string;
  /** Folder of the user's caches; `null`: answers stay in the run. */
  readonly cacheFolder: string | null;
  readonly onNotice: (line: string) => void;
}

/**
 * Answers of the run come first, whatever place they hold for; then the cache's for this place. A cache that cannot be read
 * is ignored with a line, and written anew; one that cannot be written is said once.
 * @throws {SpatterError} CHECKPOINT_DAMAGED when the run's own file is none.
 */
export function loweringMemory({
  run,
  cacheFolder,
  onNotice,
}: LoweringMemoryOptions): TunerOptions['memory'] {
  const own = join(run, FILE);
  const recorded: Answers | undefined = existsSync(own) ? readAnswers(own) : new Map();
  if (recorded === undefined) {
    const message = `${own} must hold the lowerings that the run was begun with, but is damaged`;
    throw new SpatterError('CHECKPOINT_DAMAGED', message, 'restore it, or start a new run');
  }
  const cache = cacheFolder === null ? undefined : openCache(join(cacheFolder, 'spatter', FILE), onNotice);
  return {
    recall: (place, question) => anywhere(recorded, question) ?? cache?.recall(place, question),
    record: (place, question, answer, isNew) => {
      if (isNew) cache?.record(place, question, answer);
      if (anywhere(recorded, question) === answer) return;
      put(recorded, place, question, answer);
      writeAnswers(own, recorded);
    },
  };
}

function openCache(path: string, onNotice: LoweringMemoryOptions['onNotice']) {
  let isWritable = true;
  const read = (): Answers =>
    (existsSync(path) ? readAnswers(path) : undefined) ?? new Map<string, Map<string, string>>();
  if (existsSync(path) && readAnswers(path) === undefined)
    onNotice(`${path} is no list of lowerings that this version reads; it is ignored and written anew`);
  const known = read();
  return {
    recall: (place: string, question: string) => known.get(place)?.get(question),
    record: (place: string, question: string, answer: string): void => {
      put(known, place, question, answer);
      if (!isWritable) return;
      try {
        // What other runs wrote meanwhile stays.
        writeAnswers(path, put(read(), place, question, answer));
      } catch (error) {
        isWritable = false;
        onNotice(`lowerings are not kept for other runs: ${(error as Error).message}`);
      }
    },
  };
}

function put(answers: Answers, place: string, question: string, answer: string): Answers {
  return answers.set(place, (answers.get(place) ?? new Map<string, string>()).set(question, answer));
}

/** The answer for any place: the run was begun with it. */
function anywhere(answers: Answers, question: string): string | undefined {
  for (const of of answers.values()) if (of.has(question)) return of.get(question);
  return undefined;
}

function writeAnswers(path: string, answers: Answers): void {
  const places = Object.fromEntries([...answers].map(([place, of]) => [place, Object.fromEntries(of)]));
  writeFileAtomic(path, `${JSON.stringify({ format: FORMAT, places }, null, 2)}\n`);
}

/** `undefined` when the file holds something else. */
function readAnswers(path: string): Answers | undefined {
  const value = parsed(path);
  if (!isMap(value) || value['format'] !== FORMAT || !isMap(value['places'])) return undefined;
  const answers: Answers = new Map();
  for (const [place, of] of Object.entries(value['places'])) {
    if (!isMap(of)) return undefined;
    for (const [question, answer] of Object.entries(of)) {
      if (typeof answer !== 'string') return undefined;
      put(answers, place, question, answer);
    }
  }
  return answers;
}

function parsed(path: string): Tree | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Tree;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw fromSystemError(error, path);
  }
}
