// Crops that an index leaves out because nobody could train on them, with the reason: none is lost silently.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatCsv, readCsv } from '../util/csv.ts';
import type { CropIndex } from './crop-index.ts';

/** Name of the table in the folder of an index. */
export const QUARANTINE_CSV = 'quarantine.csv';
const COLUMNS = ['file', 'dataset', 'ds_idx', 'reason'] as const;

/** Where a crop lies, as in an index. */
export interface CropPlace {
  readonly file: string;
  readonly dataset: string;
  readonly dsIdx: number;
}

/** Where row `row` of `index` lies. */
export function placeOf(index: CropIndex, row: number): CropPlace {
  const file = index.files[index.file[row]!]!;
  return { file, dataset: index.datasets[index.dataset[row]!]!, dsIdx: index.dsIdx[row]! };
}

/** `left.h5 v_0 row 7`. */
export function placeName({ file, dataset, dsIdx }: CropPlace): string {
  return `${file} ${dataset} row ${dsIdx}`;
}

export function formatQuarantine(places: readonly CropPlace[], reason: string): string {
  return formatCsv(
    COLUMNS,
    places.map(({ file, dataset, dsIdx }) => [file, dataset, dsIdx, reason]),
  );
}

/** Names (see {@link placeName}) of the crops that the index in `folder` leaves out. */
export function readQuarantine(folder: string): Set<string> {
  const path = join(folder, QUARANTINE_CSV);
  if (!existsSync(path)) return new Set();
  const { rows } = readCsv(path);
  return new Set(
    rows.map(([file = '', dataset = '', dsIdx]) => placeName({ file, dataset, dsIdx: Number(dsIdx) })),
  );
}

/** `index` without the rows that `leave` names. */
export function withoutRows(index: CropIndex, leave: ReadonlySet<number>): CropIndex {
  if (leave.size === 0) return index;
  const kept = (_: number, row: number) => !leave.has(row);
  const [file, dataset] = [index.file.filter(kept), index.dataset.filter(kept)];
  const [dsIdx, label] = [index.dsIdx.filter(kept), index.label.filter(kept)];
  return { ...index, file, dataset, dsIdx, label, length: file.length };
}
