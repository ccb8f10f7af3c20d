// Opens what a config's `data` section describes: index, split, leak, packed cache, and a loader for each part.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { fromSystemError } from '../util/errors.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { requireTwoClasses, validateIndex } from './crop-index-check.ts';
import { readIndex, type CropIndex } from './crop-index.ts';
import { DATASETS, selectRatio } from './dataset.ts';
import { createLoader, type Loader } from './loader.ts';
import { cacheNotices, openCache } from './open-cache.ts';
import type { PackedCache } from './packed-cache.ts';
import { cropTimes, type CropTimes } from './sidecar.ts';
import { SPLITS } from './splits/catalogue.ts';
import { measureLeak, type Leak } from './splits/leak.ts';
import type { Part, Split } from './splits/split.ts';
import type { TransformKind } from './transforms/sample.ts';

export interface Dataset {
  readonly index: CropIndex;
  readonly times: CropTimes;
  readonly split: Split;
  /** Null where the frames of the crops are not known. */
  readonly leak: Leak | null;
  readonly cache: PackedCache;
  /** Lines for people about what is odd in the data. */
  readonly notices: readonly string[];
  /** What a run pins: a hash over the index and the HDF5 files, and counts. JSON-able. */
  readonly description: { hash: string } & Record<string, unknown>;
  /** Batches of one part: augmented and shuffled for `train`, in order and as `data.evaluation` says otherwise. */
  readonly loader: (part: Part) => Loader;
}

/** Opens the data set of `config`, building its packed cache when needed. */
export async function openDataset(config: Config, progress: ProgressFactory): Promise<Dataset> {
  const { data, paths } = config;
  const path = join(paths.data_root, data.csv_filename);
  const index = readIndex(path);
  await validateIndex(index);
  requireTwoClasses(index.label);
  const times = cropTimes(index);
  const split = chooseSplit(config, index, times);
  const leak = measureLeak(split, times, data.split.gap_frames);
  const folder = data.cache_dir === null ? {} : { folder: data.cache_dir };
  const channels = DATASETS[data.kind].channels;
  const size = { resize: data.resize, resizeFactor: data.transforms.resize_factor, channels };
  const cache = await openCache(index, { ...size, ...folder }, progress);
  const description = { hash: datasetHash(index), crops: index.length, files: index.files };
  return {
    index,
    times,
    split,
    leak,
    cache,
    notices: cacheNotices(cache),
    description,
    loader: (part) => loaderOf(config, index, cache, split, part),
  };
}

function chooseSplit({ data }: Config, index: CropIndex, times: CropTimes): Split {
  const { kind, train, val, test, seed, blocks, gap_frames: gapFrames, group } = data.split;
  const input = { ...times, label: index.label };
  const split = SPLITS[kind](input, { fractions: [train, val, test], seed, blocks, gapFrames, group });
  if (!DATASETS[data.kind].ratio || data.class1_ratio === null) return split;
  return { ...split, train: selectRatio(split.train, index.label, data.class1_ratio) };
}

function loaderOf(config: Config, index: CropIndex, cache: PackedCache, split: Split, part: Part): Loader {
  const { data, training, seed } = config;
  const evaluation = `eval-${data.evaluation}` as const;
  const kind: TransformKind = part === 'train' ? 'train' : evaluation;
  return createLoader({
    cache,
    rows: split[part],
    labels: index.label,
    batchSize: training.batch_size,
    shuffle: part === 'train',
    seed,
    transform: { kind, resize: data.resize, rotationDegrees: data.transforms.rotation_degrees },
    prefetch: Math.max(1, data.prefetch),
  });
}

/** SHA-256 over the rows of the index and the bytes of the HDF5 files they point into. */
function datasetHash(index: CropIndex): string {
  const hash = createHash('sha256').update(JSON.stringify([index.files, index.datasets]));
  for (const column of [index.file, index.dataset, index.dsIdx, index.label]) hash.update(column);
  for (const file of index.files) hash.update(fileHash(join(index.root, file)));
  return hash.digest('hex');
}

function fileHash(path: string): Buffer {
  try {
    return createHash('sha256').update(readFileSync(path)).digest();
  } catch (error) {
    throw fromSystemError(error, path);
  }
}
