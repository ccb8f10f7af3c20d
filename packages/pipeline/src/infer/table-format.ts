// Tables of predictions as CSV or JSON, a row per crop, frame or layer.
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

/** A crop as the table has it. */
export function cropRow(crop: PredictedCrop, threshold: number): Row {
  const { frame, layer, x, y, w, h, area, probability, logit, unlike, name } = crop;
  const decision = probability === null ? null : Number(probability > threshold);
  const rounded = {
    brightness: round(crop.brightness),
    contrast: round(crop.contrast),
    sharpness: round(crop.sharpness),
  };
  return { frame, layer, x, y, w, h, area, probability, decision, logit, ...rounded, unlike, name };
}

const round = (value: number | null) => (value === null ? null : Number(value.toPrecision(5)));
