// The page of `spatter compare`: what each network reaches, and what it costs.
import { compareChart } from './charts.ts';
import type { ComparedFigures } from './compare-figures.ts';
import { count, decimal, percent, percentRange } from './numbers.ts';
import { renderPage, type Cell, type Statement, type Tile } from './page.ts';

export interface CompareReport {
  /** The most accurate first. */
  readonly rows: readonly ComparedFigures[];
  readonly measured: readonly Statement[];
}

/** Columns of the table, for the page and for the terminal. */
export const COMPARE_COLUMNS = [
  'model',
  'accuracy',
  '95 % interval',
  'leak',
  'epochs',
  'weights',
  'MACs',
  'p50 ms',
  'p99 ms',
  'KiB',
  'train images/s',
] as const;

/** A row of the table. */
export function compareCells(row: ComparedFigures): string[] {
  const { test_accuracy_low: low, test_accuracy_high: high } = row;
  return [
    row.model,
    percent(row.test_accuracy, 2),
    percentRange({ low, high }),
    row.leak_share === null ? 'unknown' : percent(row.leak_share),
    row.epochs < row.of_epochs ? `${row.epochs} of ${row.of_epochs}` : String(row.epochs),
    count(row.params),
    count(row.macs),
    decimal(row.latency_ms),
    decimal(row.latency_p99_ms),
    count(row.model_bytes / 1024),
    count(row.train_images_per_second),
  ];
}

/** The page as HTML text. */
export function comparePage({ rows, measured }: CompareReport): string {
  const table = rows.map((row): Cell[] => compareCells(row));
  return renderPage({
    title: 'Networks compared',
    subtitle: `${rows.length} networks of the catalogue under one budget`,
    tiles: tiles(rows),
    measured: { title: 'How this was measured', statements: measured },
    sections: [
      {
        title: 'Accuracy against time',
        blocks: [{ kind: 'figures', figures: [{ svg: compareChart(rows), wide: true }] }],
      },
      { title: 'Figures', blocks: [{ kind: 'table', columns: COMPARE_COLUMNS, rows: table }] },
    ],
    footer:
      'Made by spatter compare. The same figures are in compare.json; every network has its own run directory.',
  });
}

function tiles(rows: readonly ComparedFigures[]): Tile[] {
  const [best] = rows;
  const fastest = rows.reduce<ComparedFigures | undefined>(
    (a, b) => (a && a.latency_ms <= b.latency_ms ? a : b),
    undefined,
  );
  if (best === undefined || fastest === undefined) return [];
  const { test_accuracy_low: low, test_accuracy_high: high } = best;
  return [
    {
      label: 'Most accurate',
      value: best.model,
      note: `${percent(best.test_accuracy, 2)}, ${percentRange({ low, high })}`,
      tone: 'high',
    },
    { label: 'Fastest', value: fastest.model, note: `${decimal(fastest.latency_ms)} ms a crop` },
  ];
}
