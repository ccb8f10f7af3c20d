// Tables of predictions as CSV or JSON, a row per crop, frame or layer.
import { tellsGasFlow, type ModelCard } from '../export/exported-model.ts';
import { formatCsv } from '../util/csv.ts';
import type { PredictedCrop } from './predicted-crop.ts';

/** How tables are written. */
export const TABLE_FORMATS = ['csv', 'json'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export type Row = Readonly<Record<string, string | number | null>>;

/** A table in `format`: what is not known is empty in CSV and null in JSON. */
export function formatTable(format: TableFormat, columns: readonly string[], rows: readonly Row[]): string {
  if (format === 'json') return `[${rows.map((row) => `\n${JSON.stringify(row)}`).join(',')}\n]\n`;
  return formatCsv(
    columns,
    rows.map((row) => columns.map((column) => row[column] ?? '')),
  );
}

/** A crop as the table has it: of a model of the gas flow, or of one that tells `labels` apart. */
export function cropRow(
  crop: PredictedCrop,
  card: Pick<ModelCard, 'extraction' | 'labels' | 'threshold'>,
): Row {
  const { frame, layer, x, y, w, h, area, unlike, name } = crop;
  const said = tellsGasFlow(card) ? flowCells(crop, card.threshold) : classCells(crop, card.labels);
  const rounded = {
    brightness: round(crop.brightness),
    contrast: round(crop.contrast),
    sharpness: round(crop.sharpness),
  };
  return { frame, layer, x, y, w, h, area, ...said, ...rounded, unlike, name };
}

function flowCells({ probability, logit }: PredictedCrop, threshold: number): Row {
  return { probability, decision: probability === null ? null : Number(probability > threshold), logit };
}

/** The class that was decided, its probability, and that of every class. */
function classCells({ probability, classes, decided }: PredictedCrop, labels: readonly string[]): Row {
  const each = labels.map((name, k) => [`p_${name}`, classes?.[k] ?? null] as const);
  const decision = decided === undefined ? null : labels[decided]!;
  return { probability, decision, ...Object.fromEntries(each) };
}

/** Crops by their frame, in the order given. */
export function cropsByFrame(crops: readonly PredictedCrop[]): Map<number, PredictedCrop[]> {
  const frames = new Map<number, PredictedCrop[]>();
  for (const crop of crops) {
    const mine = frames.get(crop.frame);
    if (mine === undefined) frames.set(crop.frame, [crop]);
    else mine.push(crop);
  }
  return frames;
}

const round = (value: number | null) => (value === null ? null : Number(value.toPrecision(5)));
