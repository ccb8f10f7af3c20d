// Plants a shape, a brightness or a filming day as the label of simulated recordings, trains on each, and checks what the shortcut meter says.
import { execFileSync } from 'node:child_process';
import { linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatCsv, readCsv } from '../packages/pipeline/src/util/csv.ts';
import type { Checks } from '../interop/checks.ts';

const cli = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');

/** Enough for the CNN to read the exposure better than any single shortcut does. */
const EPOCHS = 20;

/** A row of `labels.csv` of a simulated preset. */
type Row = Readonly<Record<string, string>>;

interface Planting {
  readonly name: string;
  readonly preset: string;
  readonly label: (row: Row) => boolean;
  /** Whether an honest meter lets the score pass. */
  readonly passes: boolean;
}

/** In `demo` the shape tells the gas flow at any exposure; in `brightness-shortcut` the flow is one and the exposure tells the label. */
const PLANTINGS: readonly Planting[] = [
  { name: 'shape, high flow is class 1', preset: 'demo', label: ({ label }) => label === '1', passes: true },
  { name: 'shape, low flow is class 1', preset: 'demo', label: ({ label }) => label === '0', passes: true },
  { name: 'filming day', preset: 'demo', label: ({ session }) => session === '2', passes: false },
  {
    ...{ name: 'brightness, dark is class 1', preset: 'brightness-shortcut', passes: false },
    label: ({ label }) => label === '1',
  },
  {
    ...{ name: 'brightness, bright is class 1', preset: 'brightness-shortcut', passes: false },
    label: ({ label }) => label === '0',
  },
];

/** @param count seeds, from 1 on. */
export function run(checks: Checks, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-shortcuts-'));
  const table: string[] = [];
  try {
    for (let seed = 1; seed <= count; seed++) {
      for (const preset of new Set(PLANTINGS.map((planting) => planting.preset))) {
        const source = join(folder, `${preset}-${seed}`);
        record(source, preset, seed);
        for (const planting of PLANTINGS.filter((each) => each.preset === preset))
          table.push(judge(checks, source, planting, seed));
        rmSync(source, { recursive: true });
      }
    }
    console.log(
      `| planted | seed | test accuracy | best shortcut | margin | verdict |\n${table.sort().join('\n')}`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  return Promise.resolve();
}

function spatter(...args: string[]): Record<string, unknown> {
  const stdout = execFileSync(process.execPath, [cli, ...args, '--quiet', '--json'], { encoding: 'utf8' });
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)) as Record<string, unknown>;
}

/** Recordings of a preset, extracted. */
function record(out: string, preset: string, seed: number): void {
  spatter('simulate', '--preset', preset, '--seed', String(seed), '--out', out);
  spatter('extract', join(out, '*.mp4'), '--out', join(out, 'crops'));
}

/** Labels the recordings, trains as the demo does, checks the verdict; a row of the table. */
function judge(checks: Checks, source: string, { name, label, passes }: Planting, seed: number): string {
  const data = mkdtempSync(join(source, 'data-'));
  const crops = join(source, 'crops');
  const names = readdirSync(crops).filter((each) => /\.h5$|_crops\.csv$/.test(each));
  for (const file of names) linkSync(join(crops, file), join(data, file));
  const files = names.filter((each) => each.endsWith('.h5')).map((each) => join(data, each));
  writeFileSync(join(data, 'labels.csv'), relabelled(join(source, 'labels.csv'), label));
  spatter('data', 'index', ...files, '--labels', join(data, 'labels.csv'), '--out', data);
  const keys = ['+experiment=demo', 'model=cnn', `training.epochs=${EPOCHS}`, `paths.data_root=${data}`, `paths.run_dir=${join(data, 'run')}`]; // prettier-ignore
  const found = spatter('train', ...keys, 'device=cpu', 'tracking.enabled=false');
  const { shortcut_verdict: verdict } = found;
  const figure = (key: string) => (100 * Number(found[key])).toFixed(1);
  const got = `accuracy ${figure('test_accuracy')} %, ${String(found['best_baseline'])} ${figure('best_baseline_accuracy')} %: ${String(verdict)}`;
  checks.check(`${name}, seed ${seed}: ${got}`, (verdict === 'beyond the shortcuts') === passes);
  const cells = [name, seed, `${figure('test_accuracy')} %`, `${String(found['best_baseline'])} ${figure('best_baseline_accuracy')} %`]; // prettier-ignore
  return `| ${[...cells, figure('margin'), verdict].join(' | ')} |`;
}

function relabelled(labels: string, label: Planting['label']): string {
  const { columns, rows } = readCsv(labels);
  const named = rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]!])));
  return formatCsv(
    columns,
    named.map((row) => columns.map((name) => (name === 'label' ? Number(label(row)) : row[name]!))),
  );
}
