// Whether the files of an earlier run are those that this one would write, and if not, what differs.
import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { RecordingFacts } from '../store/recording-facts.ts';
import { SpatterError } from '../util/errors.ts';
import { libraryVersions } from '../util/library-versions.ts';
import { readText } from '../util/read-file.ts';
import { changedFiles } from './commit.ts';
import { isAsWritten, requireRecord, type ExtractionParameters, type ExtractionRecord } from './record.ts';

/** Everything besides the version that decides what an extraction writes. */
export interface Request {
  readonly facts: RecordingFacts;
  /** Of the video. */
  readonly sha256: string;
  readonly parameters: ExtractionParameters;
}

/**
 * The record at `path` of a whole earlier run that would give the same bytes, or null where there is none.
 * @throws {SpatterError} OUTPUT_EXISTS, with the first thing that differs, for that of another run and for files that were changed.
 */
export function earlierRun(path: string, request: Request): ExtractionRecord | null {
  if (!existsSync(path)) return null;
  const text = readText(path);
  const record = requireRecord(text, path);
  const difference = differenceTo(record, request);
  if (difference !== undefined) {
    throw new SpatterError(
      'OUTPUT_EXISTS',
      `${path} already exists, of an extraction with another ${difference}`,
      'choose another output or add --overwrite',
    );
  }
  const changed = isAsWritten(text) ? changedFiles(dirname(path), record)[0] : basename(path);
  if (changed === undefined) return record;
  throw new SpatterError(
    'OUTPUT_EXISTS',
    `${path} already exists, of an extraction whose ${changed} is missing or was changed since`,
    'choose another output, or add --overwrite to extract again',
  );
}

/** What of the request an earlier run was not asked for, such as `min_area (2000, now 60)`. */
function differenceTo(record: ExtractionRecord, { parameters, facts, sha256 }: Request): string | undefined {
  const then = { 'spatter version': record.spatter, ...record.parameters, ...record.facts };
  const now = { 'spatter version': spatterVersion(), ...parameters, ...facts };
  if (record.input.sha256 !== sha256)
    return `video of that name (SHA-256 ${record.input.sha256.slice(0, 12)}…, now ${sha256.slice(0, 12)}…)`;
  const values = (key: string) => [then, now].map((each) => (each as Record<string, unknown>)[key] ?? 'none');
  const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const key = keys.find((each) => values(each)[0] !== values(each)[1]);
  return key === undefined ? undefined : `${key} (${values(key).map(String).join(', now ')})`;
}

/** This version, as records name it. */
export function spatterVersion(): string {
  return libraryVersions()['spatter'] ?? 'unknown';
}
