// The trials of a sweep as a table for spreadsheets: one row each, one column per parameter that any of them has.
import { formatCsv } from '../util/csv.ts';
import type { SweepSummary } from './summary.ts';

/** CSV text; what a trial lacks is empty. */
export function trialsCsv({ rows, objectives }: SweepSummary): string {
  const params = [...new Set(rows.flatMap((row) => Object.keys(row.params)))].sort();
  const names = objectives.map(({ name }) => name);
  const columns = [
    'number',
    'state',
    ...names,
    ...params,
    'split',
    'val_leak_share',
    'epochs',
    'seconds',
    'run_dir',
    'error',
  ];
  const body = rows.map((row) => [
    row.number,
    row.state,
    ...names.map((_, i) => row.values?.[i] ?? ''),
    ...params.map((name) => (name in row.params ? String(row.params[name]) : '')),
    row.split ?? '',
    row.val_leak_share ?? '',
    row.epochs ?? '',
    row.seconds ?? '',
    row.run_dir ?? '',
    row.error ?? '',
  ]);
  return formatCsv(columns, body);
}
