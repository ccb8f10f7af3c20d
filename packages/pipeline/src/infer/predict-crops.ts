// Judges crops that were cut already: the rows of an HDF5 file, or image files that each hold one crop.
import { existsSync } from 'node:fs';
import { dirname, join, parse as parsePath } from 'node:path';
import type { ModelCard } from '../export/exported-model.ts';
import { CropFileReader } from '../store/crop-file.ts';
import { readCsv } from '../util/csv.ts';
import { SpatterError } from '../util/errors.ts';
import type { Progress } from '../util/progress.ts';
import type { Classifier } from './classifier.ts';
import { CropJudge, type SeenCrop } from './crop-judge.ts';
import { decodeInput } from './decode-input.ts';
import type { PredictOptions, Prediction } from './predict-video.ts';
import { readBytes } from '../util/read-file.ts';

/** Rows of HDF5 read at a time. */
const ROWS = 256;
/** Crops in a chunk, at least; it ends with a frame. Batches end with it, as in a video. */
const CHUNK_CROPS = 256;
const NONE = { small: 0, large: 0, empty: 0, edge: 0, blue: 0 };

type Place = Pick<SeenCrop, 'x' | 'y' | 'w' | 'h' | 'area'> & { readonly frame: number };

interface StoredCrop {
  readonly bytes: Uint8Array;
  readonly name: string;
  /** Null where nothing is known: crops then count as seen one frame after the other. */
  readonly place: Place | null;
}

/**
 * Judges every row of the HDF5 file at `path`, in the order of their frames where a sidecar beside it tells them.
 * @throws {SpatterError} as the reader of crop files; INDEX_INVALID for a sidecar without a row.
 */
export async function predictCropFile(
  path: string,
  classifier: Classifier,
  options: PredictOptions,
): Promise<Prediction> {
  const file = await CropFileReader.open(path);
  const bar = options.progress('predicting', rowsOf(file), 'crops');
  try {
    return await judgeStored(
      path,
      'HDF5 crops',
      rows(file, restoredCrops(options)),
      classifier,
      options,
      bar,
    );
  } finally {
    bar.stop();
    file.close();
  }
}

/** Judges image files, each one crop, in the order given. @throws {SpatterError} JPEG_DAMAGED or IMAGE_DAMAGED. */
export async function predictImages(
  name: string,
  paths: readonly string[],
  classifier: Classifier,
  options: PredictOptions,
): Promise<Prediction> {
  const bar = options.progress('predicting', paths.length, 'images');
  try {
    const left = images(paths.slice(restoredCrops(options)));
    return await judgeStored(name, 'images', left, classifier, options, bar);
  } finally {
    bar.stop();
  }
}

/** Crops that an interrupted prediction had judged. */
function restoredCrops({ restored = [] }: PredictOptions): number {
  return restored.flatMap(({ frames }) => frames).reduce((sum, { crops }) => sum + crops, 0);
}

/** Judges `crops`, which follow those that `options` restores. */
async function judgeStored(
  path: string,
  codec: string,
  crops: Iterable<StoredCrop>,
  classifier: Classifier,
  options: PredictOptions,
  bar: Progress,
): Promise<Prediction> {
  const judge = new CropJudge(classifier, { ...options, startFrame: 0 });
  for (const chunk of options.restored ?? []) judge.restore(chunk);
  let read = restoredCrops(options);
  let [frame, chunkEnd] = [-1, read + CHUNK_CROPS];
  let group: SeenCrop[] = [];
  const close = () => judge.add({ frame, contours: group.length, rejected: NONE, crops: group });
  for (const stored of crops) {
    const at = stored.place?.frame ?? read;
    if (at !== frame && frame >= 0) await close();
    if (at !== frame && read >= chunkEnd) {
      await judge.flush();
      options.onChunk?.(judge.takeChunk());
      chunkEnd = read + CHUNK_CROPS;
    }
    if (at !== frame) [frame, group] = [at, []];
    group.push(await seenCrop(stored, classifier.model.card, options.rules.threshold));
    bar.update(++read);
  }
  if (frame >= 0) await close();
  await judge.flush();
  const info = { path, width: 0, height: 0, fps: 0, frameCount: read, codec };
  const facts = { info, framesRead: read, damage: null, startFrame: 0, darkView: null };
  return { ...facts, ...judge.result(), counts: [] };
}

async function seenCrop(
  { bytes, name, place }: StoredCrop,
  card: ModelCard,
  threshold: number,
): Promise<SeenCrop> {
  const decoded = await decodeInput(bytes, card, name);
  const { width, height, bgr } = decoded;
  const { x, y, w, h, area } = place ?? { x: 0, y: 0, w: width, h: height, area: width * height };
  const isDark = bgr.every((value) => value <= threshold);
  return { x, y, w, h, area, name, image: isDark ? null : { jpeg: bytes, decoded } };
}

function rowsOf(file: CropFileReader): number {
  return file.datasets().reduce((sum, { length }) => sum + length, 0);
}

/** Rows of every dataset, but for the first `skip`. */
function* rows(file: CropFileReader, skip: number): Generator<StoredCrop> {
  const places = placesBeside(file.path);
  const numeric = new Intl.Collator('en', { numeric: true });
  const datasets = file.datasets().toSorted((a, b) => numeric.compare(a.name, b.name));
  let before = 0;
  for (const { name, length } of datasets) {
    const first = Math.min(length, Math.max(0, skip - before));
    before += length;
    for (let start = first; start < length; start += ROWS) {
      const block = file.read(name, start, Math.min(ROWS, length - start));
      for (const [i, bytes] of block.entries()) {
        const row = `${name}/${start + i}`;
        const place = places === null ? null : places.get(row);
        if (place === undefined) throw lacks(file.path, row);
        yield { bytes, name: row, place };
      }
    }
  }
}

/** The table that `spatter extract` writes beside an HDF5 file. */
export function sidecarOf(path: string): string {
  return join(dirname(path), `${parsePath(path).name}_crops.csv`);
}

/** Where each `dataset/row` was seen; null without a sidecar. */
function placesBeside(path: string): Map<string, Place> | null {
  const sidecar = sidecarOf(path);
  if (!existsSync(sidecar)) return null;
  const { columns, rows: lines } = readCsv(sidecar);
  const column = (line: readonly string[], name: string) => line[columns.indexOf(name)] ?? '';
  return new Map(
    lines.map((line) => {
      const number = (name: string) => Number(column(line, name));
      const place = {
        frame: number('frame'),
        x: number('x'),
        y: number('y'),
        w: number('w'),
        h: number('h'),
      };
      return [`${column(line, 'dataset')}/${column(line, 'ds_idx')}`, { ...place, area: number('area') }];
    }),
  );
}

function lacks(path: string, row: string): SpatterError {
  const message = `the sidecar of ${path} must name every crop, but lacks ${row}`;
  return new SpatterError('INDEX_INVALID', message, 'extract the video again, or move the sidecar away');
}

function* images(paths: readonly string[]): Generator<StoredCrop> {
  for (const path of paths) yield { bytes: readBytes(path), name: path, place: null };
}
