// What each video's files are called: its file name, and the folders above it where two videos have one name.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve, sep } from 'node:path';
import { fileDigest } from './commit.ts';
import { parseRecord } from './record.ts';

/** A video's name in dataset and file names: its file name without the extension. */
export function videoName(path: string): string {
  return basename(path, extname(path));
}

/** `cam1`, `monday_cam1`, `week12_monday_cam1`…: the file's name below `folders` of its folders; at last its ending. */
function spelled(path: string, folders: number): string {
  const above = dirname(resolve(path)).split(sep).filter((part) => part !== ''); // prettier-ignore
  const ending = folders > above.length ? [extname(path).slice(1)] : [];
  const parts = folders === 0 ? [] : above.slice(-folders);
  return [...parts, videoName(path), ...ending].join('_').replaceAll(/[:\\/]/g, '');
}

/** Folders above a video by which an earlier name of its files is looked for. */
const FAR = 3;

/**
 * Names for the files of `paths`, in their order; no two are equal, upper and lower case aside. A name stays what it is: files
 * that an earlier run has written of the very same video keep theirs, also when more videos of that name have come since.
 * @param recordOf where the record of the files called `name` is
 */
export function outputNames(paths: readonly string[], recordOf: (name: string) => string): string[] {
  const plain = paths.map((path) => spelled(path, 0).toLowerCase());
  const often = new Map<string, number>();
  for (const name of plain) often.set(name, (often.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  const names = paths.map((path, i): string | undefined => {
    const clash = often.get(plain[i]!)! > 1;
    const earlier = candidates(path, FAR).find((name, folders) => {
      return (folders > 0 || clash) && wasWrittenOf(recordOf(name), path);
    });
    return claim(taken, earlier ?? (clash ? undefined : spelled(path, 0)));
  });
  return names.map((name, i) => name ?? firstFree(paths, i, names, taken));
}

const candidates = (path: string, most: number): string[] =>
  Array.from({ length: most + 1 }, (_, folders) => spelled(path, folders));

/** Takes `name` unless it is taken. */
function claim(taken: Set<string>, name: string | undefined): string | undefined {
  if (name === undefined || taken.has(name.toLowerCase())) return undefined;
  taken.add(name.toLowerCase());
  return name;
}

/** The shortest name that none of the videos that are still without one could have as well. */
function firstFree(
  paths: readonly string[],
  at: number,
  names: readonly (string | undefined)[],
  taken: Set<string>,
): string {
  const rivals = paths.filter((_, i) => i !== at && names[i] === undefined);
  const path = paths[at]!;
  const depth = resolve(path).split(sep).length;
  for (let folders = 1; folders <= depth; folders++) {
    const name = spelled(path, folders);
    const shared = rivals.some((rival) => spelled(rival, folders).toLowerCase() === name.toLowerCase());
    const mine = shared ? undefined : claim(taken, name);
    if (mine !== undefined) return mine;
  }
  // Folders whose own names hold a _ can spell the same: number them.
  for (let number = 2; ; number++) {
    const mine = claim(taken, `${spelled(path, depth)}_${number}`);
    if (mine !== undefined) return mine;
  }
}

/** Whether the record at `record` is of this very video. */
function wasWrittenOf(record: string, path: string): boolean {
  if (!existsSync(record) || !existsSync(path)) return false;
  const input = parseRecord(readFileSync(record, 'utf8'))?.input;
  if (input?.file !== basename(path) || input.bytes !== statSync(path).size) return false;
  return input.sha256 === fileDigest(path);
}
