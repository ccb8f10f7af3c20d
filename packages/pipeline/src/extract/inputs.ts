// What to extract: files, folders, patterns and manifests, as one list of videos with what is known of each.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import { asText, FACTS, factsIn, type RecordingFacts } from '../store/recording-facts.ts';
import { readCsv } from '../util/csv.ts';
import { SpatterError, fromSystemError } from '../util/errors.ts';

/** An input that names no video, and why. */
export interface FailedInput {
  readonly input: string;
  readonly error: SpatterError;
}

export interface InputVideo {
  readonly path: string;
  readonly facts: RecordingFacts;
}

/** File name extensions taken from folders. */
export const VIDEO_EXTENSIONS = [
  '.mp4',
  '.avi',
  '.mov',
  '.mkv',
  '.webm',
  '.m4v',
  '.mpg',
  '.mpeg',
  '.wmv',
  '.ts',
];
const MANIFEST_EXTENSIONS = ['.csv', '.yaml', '.yml'];

/**
 * The videos that `inputs` name: a file itself, a folder's videos (sub-folders too), the matches of a pattern with `*`, `?` and
 * `**`, the rows of a manifest. Folders and patterns give them by name. A folder or pattern without videos and a manifest that
 * makes no sense fail by themselves (FILE_NOT_FOUND, MANIFEST, INDEX_INVALID, IO).
 */
export function listVideos(inputs: readonly string[]): { videos: InputVideo[]; failed: FailedInput[] } {
  const failed: FailedInput[] = [];
  const videos = inputs.flatMap((input): InputVideo[] => {
    try {
      if (isManifest(input)) return readManifest(input);
      return pathsOf(input).map((path) => ({ path, facts: {} }));
    } catch (cause) {
      const error = fromSystemError(cause, input);
      if (!(error instanceof SpatterError)) throw error;
      failed.push({ input, error });
      return [];
    }
  });
  return { videos: withoutRepeats(videos), failed };
}

/** One video named twice counts once, with what is told of it anywhere. */
function withoutRepeats(videos: readonly InputVideo[]): InputVideo[] {
  const all = new Map<string, InputVideo>();
  for (const video of videos) {
    const key = resolve(video.path);
    const known = all.get(key);
    all.set(key, known === undefined ? video : { ...known, facts: { ...video.facts, ...known.facts } });
  }
  return [...all.values()];
}

function isManifest(input: string): boolean {
  return MANIFEST_EXTENSIONS.includes(extname(input).toLowerCase());
}

function pathsOf(input: string): string[] {
  if (existsSync(input)) {
    if (!statSync(input).isDirectory()) return [input];
    return some(walk(input).filter(isVideo), input, 'holds no video');
  }
  if (!/[*?]/.test(input)) return [input];
  const pattern = toPattern(input);
  return some(
    walk(rootOf(input)).filter((path) => pattern.test(portable(path)) && isVideo(path)),
    input,
    'matches no video',
  );
}

function some(paths: string[], input: string, what: string): string[] {
  if (paths.length > 0) return paths;
  const extensions = VIDEO_EXTENSIONS.map((each) => each.slice(1)).join(', ');
  throw new SpatterError('FILE_NOT_FOUND', `${input} ${what} (${extensions})`, 'check the path');
}

const isVideo = (path: string): boolean => VIDEO_EXTENSIONS.includes(extname(path).toLowerCase());
const portable = (path: string): string => path.split(sep).join('/');

/** The folder above the first wildcard. */
function rootOf(pattern: string): string {
  const fixed = portable(pattern).split('/');
  const at = fixed.findIndex((part) => /[*?]/.test(part));
  return at === 0 ? '.' : fixed.slice(0, at).join('/') || '/';
}

function toPattern(pattern: string): RegExp {
  const escaped = portable(pattern)
    .replace(/^\.\//, '')
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*\*\/?|\*|\?/g, (mark) => (mark === '*' ? '[^/]*' : mark === '?' ? '[^/]' : '(?:.*/)?'));
  return new RegExp(`^(?:\\./)?${escaped}$`);
}

/** All files below `folder`, by name; hidden ones are left out. */
function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '.' ? entry.name : join(folder, entry.name);
      return entry.isDirectory() ? walk(path) : [path];
    });
}

/**
 * Reads a manifest: a CSV with a header, or a YAML list of maps, of `video` (relative to the manifest) and any of {@link FACTS}.
 * @throws {SpatterError} MANIFEST, FILE_NOT_FOUND or IO.
 */
export function readManifest(path: string): InputVideo[] {
  const rows = path.toLowerCase().endsWith('.csv') ? csvRows(path) : yamlRows(path);
  if (rows.length === 0) throw wrong(`${path} must name at least one video`);
  const videos = rows.map((row, i) => toVideo(path, row, i + 1));
  const firstOf = (video: InputVideo) => videos.findIndex((each) => each.path === video.path);
  const twice = videos.findIndex((video, i) => firstOf(video) !== i);
  if (twice >= 0) {
    const video = videos[twice]!;
    throw wrong(`${path} names ${video.path} twice, in entries ${firstOf(video) + 1} and ${twice + 1}`);
  }
  return videos;
}

function csvRows(path: string): Record<string, unknown>[] {
  const { columns, rows } = readCsv(path);
  if (columns.length > 0 && !columns.includes('video')) {
    const found = columns.map((column) => `'${column}'`).join(', ');
    throw wrong(`${path} must have a column video, separated by commas from others; it has ${found}`);
  }
  return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? ''])));
}

function yamlRows(path: string): Record<string, unknown>[] {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if (!existsSync(path))
      throw new SpatterError('FILE_NOT_FOUND', `${path}: no such file`, 'check the path');
    throw wrong(`${path} is no YAML: ${(cause as Error).message.split('\n', 1)[0] ?? ''}`);
  }
  const list = Array.isArray(content) ? content : (content as { videos?: unknown } | null)?.videos;
  if (Array.isArray(list) && list.every((row) => typeof row === 'object' && row !== null)) {
    return list as Record<string, unknown>[];
  }
  throw wrong(`${path} must be a list of videos, or have one under the key videos`);
}

function toVideo(manifest: string, row: Readonly<Record<string, unknown>>, line: number): InputVideo {
  const video = asText(row['video']);
  if (video === '') throw wrong(`${manifest}, entry ${line}: the video is not named`);
  const unknown = Object.keys(row).find(
    (key) => key !== 'video' && !(FACTS as readonly string[]).includes(key),
  );
  if (unknown !== undefined) {
    throw wrong(`${manifest}, entry ${line}: ${unknown} is not one of video, ${FACTS.join(', ')}`);
  }
  const facts = factsIn(row);
  if (!/^\d*$/.test(facts.label ?? '') || Number(facts.label ?? 0) > 255) {
    throw wrong(
      `${manifest}, entry ${line}: label must be a whole number from 0 to 255, got ${facts.label!}`,
    );
  }
  return { path: resolve(dirname(manifest), video), facts };
}

function wrong(message: string): SpatterError {
  return new SpatterError('MANIFEST', message, 'correct the manifest: docs/guides/extract.md shows one');
}
