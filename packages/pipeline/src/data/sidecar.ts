// When and where each crop was seen: joins the `<video>_crops.csv` of extraction to an index.
import { existsSync } from 'node:fs';
import { dirname, join, parse as parsePath } from 'node:path';
import { readCsv } from '../util/csv.ts';
import { invalid, type CropIndex } from './crop-index.ts';
import { recordingKey, recordingsOf, videoOfDataset, type Recording } from './recordings.ts';

/** Per index row; what is null is not known for at least one recording. */
export interface CropTimes {
  /** Index into `recordings`. */
  readonly recording: Uint16Array;
  readonly recordings: readonly Recording[];
  /** Video frame; where `known` is false, the crop's running number within its recording. */
  readonly frame: Int32Array;
  /** Sides of the crop's box, pixels. */
  readonly width: Uint16Array | null;
  readonly height: Uint16Array | null;
  /** Area of the contour, square pixels. */
  readonly area: Float32Array | null;
  /** True when every recording has a sidecar, so that `frame` is the video's. */
  readonly known: boolean;
}

/** What a sidecar says of the rows of one dataset. */
interface Seen {
  readonly frame: number[];
  readonly width: number[];
  readonly height: number[];
  readonly area: number[];
}

type Sidecar = ReadonlyMap<string, Seen>;

/** Name of the recording of an index row that no other recording has: two files may hold videos of one name. */
export function recordingLabel({ recording, recordings }: CropTimes, row: number): string {
  return `${recordings[recording[row]!]!.name}#${recording[row]!}`;
}

const FIRST_COLUMNS = ['dataset', 'ds_idx', 'frame', 'x', 'y', 'w', 'h', 'area'] as const;

/**
 * Joins the sidecars to `index`. A recording's sidecar is `<HDF5 file's name>_crops.csv` or `<video>_crops.csv` beside its file.
 * @throws {SpatterError} INDEX_INVALID when a sidecar lacks a crop of the index or has wrong columns.
 */
export function cropTimes(index: CropIndex): CropTimes {
  const recordings = recordingsOf(index);
  const recording = recordingOfRows(index, recordings);
  const sidecars = openSidecars(index.root, recordings);
  const known = sidecars.every((sidecar) => sidecar !== null);
  const shared = { recording, recordings, known };
  if (!known) return { ...shared, frame: runningNumbers(index), width: null, height: null, area: null };
  return { ...shared, ...joinRows(index, recording, sidecars) };
}

function recordingOfRows(index: CropIndex, recordings: readonly Recording[]): Uint16Array {
  const ids = new Map(recordings.map((each, i) => [recordingKey(each.file, each.video), i]));
  const videos = index.datasets.map(videoOfDataset);
  const memo = index.files.map((file) => videos.map((video) => ids.get(recordingKey(file, video)) ?? 0));
  return Uint16Array.from(index.file, (file, row) => memo[file]![index.dataset[row]!]!);
}

/** Each file is read once, also when it serves several recordings. */
function openSidecars(root: string, recordings: readonly Recording[]): (Sidecar | null)[] {
  const read = new Map<string, Sidecar>();
  return recordings.map((recording) => {
    const path = sidecarPath(root, recording);
    if (path === undefined) return null;
    const sidecar = read.get(path) ?? readSidecar(path);
    read.set(path, sidecar);
    return sidecar;
  });
}

function sidecarPath(root: string, { file, video }: Recording): string | undefined {
  const folder = dirname(join(root, file));
  const names = [parsePath(file).name, video].map((name) => join(folder, `${name}_crops.csv`));
  return names.find((path) => existsSync(path));
}

function readSidecar(path: string): Sidecar {
  const { columns, rows } = readCsv(path);
  if (!FIRST_COLUMNS.every((name, i) => columns[i] === name)) {
    throw invalid(`${path} must start with the columns ${FIRST_COLUMNS.join()}, it has ${columns.join()}`);
  }
  const datasets = new Map<string, Seen>();
  for (const [line, [dataset = '', ...values]] of rows.entries()) {
    const [at, frame, , , width, height, area] = values.slice(0, FIRST_COLUMNS.length - 1).map(Number);
    if (![at, frame, width, height, area].every(Number.isFinite)) {
      throw invalid(`${path} line ${line + 2} must hold numbers, it has ${values.join()}`);
    }
    const seen = datasets.get(dataset) ?? { frame: [], width: [], height: [], area: [] };
    datasets.set(dataset, seen);
    seen.frame[at!] = frame!;
    seen.width[at!] = width!;
    seen.height[at!] = height!;
    seen.area[at!] = area!;
  }
  return datasets;
}

function joinRows(index: CropIndex, recording: Uint16Array, sidecars: readonly (Sidecar | null)[]) {
  const n = index.length;
  const [frame, area] = [new Int32Array(n), new Float32Array(n)];
  const [width, height] = [new Uint16Array(n), new Uint16Array(n)];
  for (let row = 0; row < n; row++) {
    const dataset = index.datasets[index.dataset[row]!]!;
    const at = index.dsIdx[row]!;
    const seen = sidecars[recording[row]!]?.get(dataset);
    const where = seen?.frame[at];
    if (seen === undefined || where === undefined) throw lacks(index, row, dataset);
    frame[row] = where;
    width[row] = seen.width[at]!;
    height[row] = seen.height[at]!;
    area[row] = seen.area[at]!;
  }
  return { frame, area, width, height };
}

function lacks(index: CropIndex, row: number, dataset: string): Error {
  const file = index.files[index.file[row]!]!;
  return invalid(
    `the sidecar of ${file} lacks row ${index.dsIdx[row]!} of ${dataset}, which ${index.name} names`,
  );
}

/** Crops are stored in the order they were seen: 10 000 a dataset, datasets numbered. */
function runningNumbers(index: CropIndex): Int32Array {
  const numbers = index.datasets.map((name) => Number(/_(\d+)$/.exec(name)?.[1] ?? 0));
  return Int32Array.from(index.dsIdx, (dsIdx, row) => numbers[index.dataset[row]!]! * 10_000 + dsIdx);
}
