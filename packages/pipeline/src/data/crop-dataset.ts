// A data set of crops in HDF5 files: index, split, leak, packed cache, and a loader for each part.
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { cropClasses } from './crop-classes.ts';
import { requireKnownLabels, requireTwoClasses, validateIndex } from './crop-index-check.ts';
import { readIndex, type CropIndex } from './crop-index.ts';
import { DATASETS, selectRatio } from './dataset.ts';
import { datasetVersion, digestsOf, rowOrder } from './dataset-version.ts';
import { OTHER_SPLITS, indexOrder, orderWords, type IndexOrder } from './index-order.ts';
import { cacheNotices, openCache } from './open-cache.ts';
import type { PackedCache } from './packed-cache.ts';
import { placeCrops } from './packed-cache-plan.ts';
import { partLoader, type BaseDataset } from './part-loader.ts';
import { cropTimes, type CropTimes } from './sidecar.ts';
import { SPLITS } from './splits/catalogue.ts';
import { leakWords, measureLeak, type Leak } from './splits/leak.ts';
import type { Split } from './splits/split.ts';

export interface CropDataset extends BaseDataset {
  readonly kind: 'crops';
  readonly index: CropIndex;
  readonly times: CropTimes;
  /** Null where the frames of the crops are not known. */
  readonly leak: Leak | null;
  /** How the rows of the index are ordered; null for a split that does not go by it. */
  readonly order: IndexOrder | null;
  readonly cache: PackedCache;
  /** Names of the classes, by label. */
  readonly classes: readonly string[];
}

/** Opens the data set of `config`, building its packed cache when needed. */
export async function openCropDataset(config: Config, progress: ProgressFactory): Promise<CropDataset> {
  const { data } = config;
  const path = join(data.root, data.csv_filename);
  const index = readIndex(path);
  await validateIndex(index);
  requireTwoClasses(index.label);
  requireKnownLabels(index.label, config.model.architecture.num_classes ?? 1);
  const times = cropTimes(index);
  const split = chooseSplit(config, index, times);
  const leakOf = (test: Uint32Array) =>
    measureLeak({ train: split.train, test }, times, data.split.gap_frames);
  const leaks = { val: leakOf(split.val), test: leakOf(split.test) };
  const order = data.split.kind === 'random' ? indexOrder(index) : null;
  const folder = data.cache_dir === null ? {} : { folder: data.cache_dir };
  const channels = DATASETS[data.kind].channels;
  const size = { resize: data.resize, resizeFactor: data.transforms.resize_factor, channels };
  const cache = await openCache(index, { ...size, ...folder }, progress);
  const description = describe(index, cache);
  const labels = index.label;
  return {
    kind: 'crops',
    index,
    labels,
    times,
    split,
    basis: {
      split: split.contract.kind,
      val_leak_share: leaks.val?.near_share ?? null,
      leak_share: leaks.test?.near_share ?? null,
    },
    leak: leaks.test,
    order,
    cache,
    classes: cropClasses(Math.max(2, config.model.architecture.num_classes ?? 1), times.recordings),
    notices: [splitNotice(split, leaks), ...orderNotice(index, order), ...cacheNotices(cache)],
    description,
    loader: (part) => partLoader(config, { cache, labels, split }, part),
  };
}

/** Printed before the first epoch, so that no score of the training stands without it. */
function splitNotice(
  { contract: { kind, rows } }: Split,
  leaks: Record<'val' | 'test', Leak | null>,
): string {
  const { train, val, test, dropped } = rows;
  return `split ${kind}: train ${train}, val ${val}, test ${test}, dropped ${dropped}; ${leakWords(leaks)}`;
}

const orderNotice = ({ name }: CropIndex, order: IndexOrder | null): string[] =>
  order === null ? [] : [`${name}: ${orderWords(order)}. ${OTHER_SPLITS}`];

/** What a run pins: the version of the data set, and the order of its rows, on which splits by position depend. */
function describe(index: CropIndex, { facts }: PackedCache) {
  const places = placeCrops(index);
  const hash = datasetVersion(index, places, digestsOf(facts));
  return { hash, order: rowOrder(places), crops: index.length, files: index.files };
}

function chooseSplit({ data }: Config, index: CropIndex, times: CropTimes): Split {
  const { kind, train, val, test, seed, blocks, gap_frames: gapFrames, group } = data.split;
  const input = { ...times, label: index.label };
  const split = SPLITS[kind](input, { fractions: [train, val, test], seed, blocks, gapFrames, group });
  if (!DATASETS[data.kind].ratio || data.class1_ratio === null) return split;
  return { ...split, train: selectRatio(split.train, index.label, data.class1_ratio) };
}
