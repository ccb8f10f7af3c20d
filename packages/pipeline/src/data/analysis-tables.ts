// An analysis as tables with a line of words each: what ANALYSIS.md and the page share.
import { count, decimal, percent } from '../report/numbers.ts';
import { SHORTCUT_COLUMNS, shortcutRows, shortcutSentences } from '../report/shortcut-words.ts';
import type { Analysis, Spread } from './analyze.ts';
import { splitName } from './survey-splits.ts';

export interface AnalysisTable {
  readonly title: string;
  /** Sentences above the table. */
  readonly text: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** In reading order; what the data do not tell is left out. */
export function analysisTables(analysis: Analysis): AnalysisTable[] {
  return [
    ...[filesTable(analysis), storageTable(analysis), spreadTable(analysis), areaTable(analysis)],
    ...[classTable(analysis), ...framesTable(analysis), splitsTable(analysis), ...shortcutsTable(analysis)],
  ];
}

const bytes = (n: number): string => (n < 1e6 ? `${(n / 1e3).toFixed(1)} kB` : `${(n / 1e6).toFixed(1)} MB`);

function filesTable({
  dataset_summary: { files, classes, class_balance_ratio: ratio },
}: Analysis): AnalysisTable {
  const shares = classes.map(
    ({ label, crops, share }) => `class ${label}: ${count(crops)} (${percent(share, 2)})`,
  );
  return {
    title: 'Files and classes',
    text: `${shares.join(', ')}; balance ${ratio.toFixed(3)} : 1.`,
    columns: ['File', 'Class', 'Crops', 'Share', 'Datasets', 'HDF5'],
    rows: files.map((file) => [file.file, String(file.label), count(file.crops), percent(file.share, 2), String(file.datasets), bytes(file.hdf5_bytes)]), // prettier-ignore
  };
}

function storageTable({ data_storage: storage }: Analysis): AnalysisTable {
  return {
    title: 'Storage and compression',
    text: `JPEG makes the pixels ${storage.jpeg_compression_ratio.toFixed(1)} times smaller and saves ${percent(storage.space_saved_by_jpeg)} of their space; the HDF5 files take ${storage.hdf5_overhead.toFixed(2)} times the bytes of the JPEGs.`,
    columns: ['', 'Size'],
    rows: [
      ['Pixels (B, G, R)', bytes(storage.raw_bytes)],
      ['JPEG', bytes(storage.jpeg_bytes)],
      ['HDF5 files', bytes(storage.hdf5_bytes)],
    ],
  };
}

const SPREAD_COLUMNS = ['Minimum', '5 %', 'Median', 'Mean', '95 %', 'Maximum'];
const spreadCells = ({ min, p5, median, mean, p95, max }: Spread): string[] =>
  [min, p5, median, mean, p95, max].map((value) =>
    Math.abs(value) < 1000 ? decimal(value, 1) : count(value),
  );

function spreadTable({ image_characteristics: image }: Analysis): AnalysisTable {
  const rows: [string, Spread | null][] = [
    ['Height, pixels', image.height],
    ['Width, pixels', image.width],
    ['Area (width × height), square pixels', image.area],
    ['Contour area, square pixels', image.contour_area],
    ['JPEG, bytes', image.jpeg_bytes],
    ['Mean gray level, 0 to 255', image.brightness],
  ];
  return {
    title: 'Crops',
    text: 'Of all crops of the index.',
    columns: ['', ...SPREAD_COLUMNS],
    rows: rows.flatMap(([name, spread]) => (spread === null ? [] : [[name, ...spreadCells(spread)]])),
  };
}

function areaTable({ image_characteristics: { area_distribution: bins } }: Analysis): AnalysisTable {
  const range = (from: number, to: number | null) =>
    to === null ? `${count(from)} and more` : `${count(from)} to below ${count(to)}`;
  return {
    title: 'Areas',
    text: 'Width × height in square pixels.',
    columns: ['Square pixels', 'Crops', 'Share'],
    rows: bins.map(({ from, to, crops, share }) => [range(from, to), count(crops), percent(share)]),
  };
}

function classTable({ by_class }: Analysis): AnalysisTable {
  const rows = Object.entries(by_class).flatMap(([label, { area, jpeg_bytes, brightness }]) => [
    [`Class ${label}: area`, ...spreadCells(area)],
    [`Class ${label}: JPEG bytes`, ...spreadCells(jpeg_bytes)],
    [`Class ${label}: mean gray level`, ...spreadCells(brightness)],
  ]);
  return {
    title: 'By class',
    text: 'Where these differ much between the classes, a network need not look at shapes.',
    columns: ['', ...SPREAD_COLUMNS],
    rows,
  };
}

function framesTable({ frames }: Analysis): AnalysisTable[] {
  if (frames === null) return [];
  const columns = ['Recording', 'Class', 'Crops', 'Frames', 'With spatter', 'Crops a frame', 'Most', 'Layers', 'Crops a layer']; // prettier-ignore
  const rows = frames.recordings.map((one) => [
    one.recording,
    String(one.label),
    count(one.crops),
    `${one.first_frame} … ${one.last_frame}`,
    count(one.frames_with_spatter),
    decimal(one.crops_per_frame, 2),
    String(one.most_crops_in_a_frame),
    count(one.layers),
    decimal(one.crops_per_layer, 1),
  ]);
  const text = `${count(frames.frames_with_spatter)} frames have spatter. A pause of more than ${frames.layer_gap} frames begins a layer: ${count(frames.layers)} layers.`;
  return [{ title: 'Frames and layers', text, columns, rows }];
}

function splitsTable({ splits, index_order: order }: Analysis): AnalysisTable {
  const rows = splits.map((split) => {
    const { contract, leak, obstacle } = split;
    if (contract === null) return [splitName(split), '–', '–', '–', '–', '–', obstacle ?? ''];
    const { train, val, test, dropped } = contract.rows;
    const share = leak === null ? 'unknown' : percent(leak.near_share);
    return [splitName(split), ...[train, val, test, dropped].map(count), share, ''];
  });
  const how = order.reference_shuffle ? ' as the published method shuffles them (pandas, seed 42)' : '';
  const sequence =
    order.kind === 'shuffled' ? `shuffled${how}: the legacy split random then leaks` : order.kind;
  return {
    title: 'Splits and their leak',
    text: `The rows of the index are ${sequence}. The leak is the share of test crops with a training crop of the same recording within 50 frames.`,
    columns: ['Split', 'Train', 'Validation', 'Test', 'Dropped', 'Leak', ''],
    rows,
  };
}

function shortcutsTable({ shortcuts }: Analysis): AnalysisTable[] {
  if (shortcuts === null) return [];
  const { split, survey } = shortcuts;
  const text = [`On the split ${split}.`, ...shortcutSentences(survey)].join(' ');
  return [{ title: 'Shortcuts', text, columns: SHORTCUT_COLUMNS, rows: shortcutRows(survey) }];
}
