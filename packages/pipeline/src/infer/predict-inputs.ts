// What `spatter predict` is given – files, folders, patterns – sorted into recordings to be judged.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, sep } from 'node:path';
import { SpatterError } from '../util/errors.ts';

/** One thing to judge: a video, an HDF5 file of crops, or images that belong together. */
export interface PredictInput {
  readonly kind: 'video' | 'crops' | 'images';
  /** For people; `-` stands for standard input. */
  readonly name: string;
  /** Stem of the names of its results. */
  readonly stem: string;
  readonly paths: readonly string[];
}

const KINDS: Readonly<Record<string, PredictInput['kind']>> = {
  ...{ '.h5': 'crops', '.hdf5': 'crops' },
  ...{ '.jpg': 'images', '.jpeg': 'images', '.png': 'images', '.webp': 'images' },
};
const VIDEOS = new Set(['.mp4', '.mkv', '.avi', '.mov', '.m4v', '.mpg', '.mpeg', '.ts', '.webm', '.wmv']);

const kindOf = (path: string): PredictInput['kind'] => KINDS[extname(path).toLowerCase()] ?? 'video';

/**
 * Recordings in the order given. A folder stands for its videos, its HDF5 files and its images; `*` and `?` for what they match. Images
 * of one folder are one recording.
 * @throws {SpatterError} FILE_NOT_FOUND where a folder or a pattern holds nothing, USAGE where two results would have one name.
 */
export function predictInputs(given: readonly string[]): PredictInput[] {
  const files = given.flatMap(expand);
  const folders = new Map<string, string[]>();
  const inputs: PredictInput[] = [];
  for (const path of files) {
    const kind = kindOf(path);
    const stem = path === '-' ? 'stdin' : basename(path, extname(path));
    if (kind !== 'images') inputs.push({ kind, name: path, stem, paths: [path] });
    else if (folders.has(dirname(path))) folders.get(dirname(path))!.push(path);
    else {
      const paths = [path];
      folders.set(dirname(path), paths);
      const folder = basename(dirname(path));
      inputs.push({ kind, name: dirname(path), stem: /^\.*$/.test(folder) ? 'images' : folder, paths });
    }
  }
  requireDistinct(inputs);
  return inputs;
}

function expand(given: string): string[] {
  if (given === '-') return [given];
  if (!existsSync(given) && /[*?]/.test(given)) return matching(given).flatMap(expand);
  if (!existsSync(given) || !statSync(given).isDirectory()) return [given];
  const known = (name: string) =>
    KINDS[extname(name).toLowerCase()] !== undefined || VIDEOS.has(extname(name).toLowerCase());
  const names = readdirSync(given).filter((name) => !name.startsWith('.') && known(name));
  if (names.length === 0) throw nothing(given, 'holds no video, HDF5 file or image');
  return names.sort().map((name) => join(given, name));
}

/** Paths that `pattern` matches, part by part; `*` and `?` do not match a leading dot. */
function matching(pattern: string): string[] {
  const parts = pattern.split(sep === '\\' ? /[\\/]/ : '/');
  let found = [parts[0] === '' ? '/' : '.'];
  for (const part of parts.filter((each) => each !== '')) {
    found = found.flatMap((folder) => childrenMatching(folder, part));
  }
  if (found.length === 0) throw nothing(pattern, 'matches nothing');
  return found;
}

function childrenMatching(folder: string, part: string): string[] {
  if (!/[*?]/.test(part)) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
  if (!statSync(folder).isDirectory()) return [];
  const escaped = part.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  const expression = new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  const names = readdirSync(folder).filter(
    (name) => expression.test(name) && (!name.startsWith('.') || part.startsWith('.')),
  );
  return names.sort().map((name) => join(folder, name));
}

function requireDistinct(inputs: readonly PredictInput[]): void {
  const seen = new Map<string, string>();
  for (const { stem, name } of inputs) {
    const other = seen.get(stem);
    if (other !== undefined) {
      const message = `the results of every input need names of their own, but ${other} and ${name} both give ${stem}_verdict.json`;
      throw new SpatterError('USAGE', message, 'judge them one by one, with another --out each');
    }
    seen.set(stem, name);
  }
}

const nothing = (given: string, what: string) =>
  new SpatterError('FILE_NOT_FOUND', `${given} ${what}`, 'check the path');
