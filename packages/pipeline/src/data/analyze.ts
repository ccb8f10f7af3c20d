// The statistics of a data set: counts, balance, sizes, compression, frames and layers, splits, shortcuts, as one JSON document.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ShortcutSurvey } from '../metrics/measure-shortcuts.ts';
import { quantile } from '../metrics/values.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { FACT, FACTS, slotsIn } from './crop-facts.ts';
import type { CropIndex } from './crop-index.ts';
import { surveyCrops, type CropSurvey } from './crop-survey.ts';
import { datasetVersion, digestsOf } from './dataset-version.ts';
import { frameStatistics, type FrameStatistics } from './frame-statistics.ts';
import { indexOrder, type IndexOrder } from './index-order.ts';
import { copies } from './near-duplicates.ts';
import { surveyShortcuts } from './shortcut-survey.ts';
import { cropTimes, type CropTimes } from './sidecar.ts';
import { SPLITS, type SplitKind } from './splits/catalogue.ts';
import { surveySplits, type SplitSurvey } from './survey-splits.ts';

/** Of one quantity over crops. */
export interface Spread {
  readonly min: number;
  readonly p5: number;
  readonly median: number;
  readonly mean: number;
  readonly p95: number;
  readonly max: number;
}

/** Crops in a range of areas, width · height in square pixels; `to` null: no upper bound. */
export interface AreaBin {
  readonly from: number;
  readonly to: number | null;
  readonly crops: number;
  readonly share: number;
}

export interface FileCounts {
  readonly file: string;
  readonly label: number;
  readonly datasets: number;
  readonly crops: number;
  readonly share: number;
  readonly hdf5_bytes: number;
}

export interface Analysis {
  readonly dataset_version: string;
  readonly dataset_summary: {
    readonly total_images: number;
    readonly classes: readonly { readonly label: number; readonly crops: number; readonly share: number }[];
    /** Commonest over rarest class. */
    readonly class_balance_ratio: number;
    readonly files: readonly FileCounts[];
    readonly recordings: number;
    readonly damaged_crops: number;
    readonly black_crops: number;
    readonly copies: number;
  };
  readonly data_storage: {
    /** Pixels as B G R, the JPEGs, and the HDF5 files on disk. */
    readonly raw_bytes: number;
    readonly jpeg_bytes: number;
    readonly hdf5_bytes: number;
    /** Raw over JPEG bytes. */
    readonly jpeg_compression_ratio: number;
    readonly space_saved_by_jpeg: number;
    /** HDF5 over JPEG bytes. */
    readonly hdf5_overhead: number;
  };
  readonly image_characteristics: Record<
    'width' | 'height' | 'area' | 'jpeg_bytes' | 'brightness',
    Spread
  > & {
    readonly contour_area: Spread | null;
    readonly area_distribution: readonly AreaBin[];
  };
  /** The same for the crops of each class, by label. */
  readonly by_class: Readonly<Record<string, Record<'area' | 'jpeg_bytes' | 'brightness', Spread>>>;
  readonly index_order: IndexOrder;
  /** Null where frames are not known. */
  readonly frames: FrameStatistics | null;
  readonly splits: readonly SplitSurvey[];
  /** On the most honest split that the data allow; null for other than two classes. */
  readonly shortcuts: { readonly split: SplitKind; readonly survey: ShortcutSurvey } | null;
}

/** What the page draws besides. */
export interface AnalysedData {
  readonly analysis: Analysis;
  readonly index: CropIndex;
  readonly times: CropTimes;
  /** Values of all crops, in the order of the index. */
  readonly columns: Record<Column, Float64Array>;
}

export type Column = 'width' | 'height' | 'area' | 'jpeg_bytes' | 'brightness';
const AREA_EDGES = [0, 5_000, 10_000, 20_000] as const;

/**
 * @param seed of splits and resampling.
 * @param layerGap frames without spatter after which a new layer begins.
 * @throws {SpatterError} INDEX_INVALID, FILE_NOT_FOUND, IO, HDF5_DAMAGED, HDF5_LAYOUT.
 */
export async function analyzeDataset(
  index: CropIndex,
  { seed, layerGap, progress }: { seed: number; layerGap: number; progress: ProgressFactory },
): Promise<AnalysedData> {
  const survey = await surveyCrops(index, progress);
  const times = cropTimes(index);
  const columns = columnsOf(index, survey);
  const splits = surveySplits(index, times, seed);
  const analysis: Analysis = {
    dataset_version: datasetVersion(index, survey.places, digestsOf(survey.facts)),
    dataset_summary: summaryOf(index, times, survey),
    data_storage: storageOf(index, columns),
    image_characteristics: {
      ...spreads(columns, ['width', 'height', 'area', 'jpeg_bytes', 'brightness']),
      contour_area: times.area === null ? null : spread(Float64Array.from(times.area)),
      area_distribution: areaBins(columns.area),
    },
    by_class: byClass(index, columns),
    index_order: indexOrder(index),
    frames: times.known ? frameStatistics(times, layerGap) : null,
    splits,
    shortcuts: shortcutsOf(index, survey, times, splits, seed),
  };
  return { analysis, index, times, columns };
}

function columnsOf(
  { length }: CropIndex,
  { facts, places, channels, size }: CropSurvey,
): Record<Column, Float64Array> {
  const column = (of: (at: number) => number) =>
    Float64Array.from({ length }, (_, row) => of(places.slots[row]! * FACTS));
  return {
    width: column((at) => facts[at + FACT.width]!),
    height: column((at) => facts[at + FACT.height]!),
    area: column((at) => facts[at + FACT.width]! * facts[at + FACT.height]!),
    jpeg_bytes: column((at) => facts[at + FACT.bytes]!),
    brightness: column((at) => facts[at + FACT.sum]! / (channels * size * size)),
  };
}

function spread(values: Float64Array): Spread {
  const sorted = values.slice().sort();
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const at = (q: number) => quantile(sorted, q);
  return { min: at(0), p5: at(0.05), median: at(0.5), mean, p95: at(0.95), max: at(1) };
}

function spreads<C extends Column>(
  columns: Record<Column, Float64Array>,
  names: readonly C[],
): Record<C, Spread> {
  return Object.fromEntries(names.map((name) => [name, spread(columns[name])])) as Record<C, Spread>;
}

function byClass(index: CropIndex, columns: Record<Column, Float64Array>): Analysis['by_class'] {
  const labels = [...new Set(index.label)].sort((a, b) => a - b);
  return Object.fromEntries(
    labels.map((label) => {
      const mine = (name: Column) => columns[name].filter((_, row) => index.label[row] === label);
      return [String(label), { area: spread(mine('area')), jpeg_bytes: spread(mine('jpeg_bytes')), brightness: spread(mine('brightness')) }]; // prettier-ignore
    }),
  );
}

function areaBins(area: Float64Array): AreaBin[] {
  return AREA_EDGES.map((from, i) => {
    const to = AREA_EDGES[i + 1] ?? null;
    const crops = area.reduce((n, value) => n + Number(value >= from && (to === null || value < to)), 0);
    return { from, to, crops, share: crops / area.length };
  });
}

function summaryOf(index: CropIndex, times: CropTimes, { facts }: CropSurvey): Analysis['dataset_summary'] {
  const counts = new Map<number, number>();
  for (const label of index.label) counts.set(label, (counts.get(label) ?? 0) + 1);
  const classes = [...counts].sort(([a], [b]) => a - b);
  const sizes = classes.map(([, crops]) => crops);
  return {
    total_images: index.length,
    classes: classes.map(([label, crops]) => ({ label, crops, share: crops / index.length })),
    class_balance_ratio: Math.max(...sizes) / Math.min(...sizes),
    files: filesOf(index),
    recordings: times.recordings.length,
    damaged_crops: slotsIn(facts, 'damaged').length,
    black_crops: slotsIn(facts, 'black').length,
    copies: copies(facts).reduce((sum, group) => sum + group.length - 1, 0),
  };
}

/** One line for each file and class; a file mostly has one. */
function filesOf(index: CropIndex): FileCounts[] {
  const lines = new Map<number, { crops: number; datasets: Set<number> }>();
  for (let row = 0; row < index.length; row++) {
    const key = index.file[row]! * 256 + index.label[row]!;
    const line = lines.get(key) ?? { crops: 0, datasets: new Set() };
    lines.set(key, line);
    line.crops++;
    line.datasets.add(index.dataset[row]!);
  }
  return [...lines]
    .map(([key, { crops, datasets }]): FileCounts => {
      const file = index.files[Math.floor(key / 256)]!;
      const hdf5_bytes = statSync(join(index.root, file)).size;
      return {
        file,
        label: key % 256,
        datasets: datasets.size,
        crops,
        share: crops / index.length,
        hdf5_bytes,
      };
    })
    .sort((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)) || a.label - b.label);
}

function storageOf(
  index: CropIndex,
  { area, jpeg_bytes }: Record<Column, Float64Array>,
): Analysis['data_storage'] {
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const [raw, jpeg] = [3 * total(area), total(jpeg_bytes)];
  const hdf5 = index.files.reduce((sum, file) => sum + statSync(join(index.root, file)).size, 0);
  return {
    ...{ raw_bytes: raw, jpeg_bytes: jpeg, hdf5_bytes: hdf5 },
    jpeg_compression_ratio: raw / jpeg,
    space_saved_by_jpeg: 1 - jpeg / raw,
    hdf5_overhead: hdf5 / jpeg,
  };
}

function shortcutsOf(
  index: CropIndex,
  survey: CropSurvey,
  times: CropTimes,
  splits: readonly SplitSurvey[],
  seed: number,
): Analysis['shortcuts'] {
  const kind = (['recording', 'time-block', 'random'] as const).find((wanted) =>
    splits.some((one) => one.kind === wanted && one.contract !== null),
  );
  if (kind === undefined) return null;
  const split = SPLITS[kind]({ ...times, label: index.label }, { seed, gapFrames: 50 });
  return { split: kind, survey: surveyShortcuts(index, survey, times, split, seed) };
}
