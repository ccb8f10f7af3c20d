// `spatter compare`: the networks of the catalogue under one budget, as a table and a page.
import { join } from 'node:path';
import { Command } from 'commander';
import { composeConfig, type Config } from '../../config/index.ts';
import type { ComparedModel, CompareSetting, ModelName } from '../../sweep/compare-models.ts';
import { basisWords } from '../../report/score-basis.ts';
import { makeWritableFolder, writeFileAtomic } from '../../util/atomic.ts';
import { SpatterError } from '../../util/errors.ts';
import { action, type Context, type Result } from '../context.ts';
import { cacheFolder } from '../cache-folder.ts';
import { INTERRUPTED, interruptFlag } from '../interrupt.ts';
import { withTracking } from '../tracking.ts';

interface Options {
  readonly configDir: string[];
  readonly models?: string;
  readonly seconds?: string;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  $ spatter compare +experiment=demo paths.data_root=spatter-demo/data --models lenet5,cnn
  $ spatter compare paths.data_root=data training.epochs=10 --out runs/zoo
  $ spatter compare paths.data_root=data --seconds 120 --json

Each network is a run directory of its own in --out. Give the same command again to go on after an interruption:
what is done is not done again. Writes compare.json and report.html.`;

export function compareCommand(): Command {
  return new Command('compare')
    .summary('train and measure the networks of the catalogue under one budget')
    .description(
      'Trains each network under one budget, evaluates it on the test split, and measures size, speed and latency.',
    )
    .argument('[overrides...]', 'config overrides, such as training.epochs=5 paths.data_root=data')
    .option('--config-dir <dir...>', 'folders with config groups of your own', [])
    .option('--models <names>', 'only these, separated by commas (default: all)')
    .option('--seconds <n>', 'seconds of training per network, at most (default: until its epochs are done)')
    .option('-o, --out <dir>', 'folder of the comparison (default: compare in paths.run_root)')
    .addHelpText('after', EXAMPLES)
    .action(action<Options>((context, options, overrides: string[]) => compare(context, options, overrides)));
}

async function compare(context: Context, options: Options, overrides: readonly string[]): Promise<Result> {
  const { chooseModels } = await import('../../sweep/compare-models.ts');
  const names = chooseModels(options.models?.split(',').map((name) => name.trim()) ?? []);
  const { configDir: configDirs } = options;
  const { config } = composeConfig({ overrides, configDirs, env: process.env });
  const folder = options.out ?? join(config.paths.run_root, 'compare');
  makeWritableFolder(folder);
  const interrupted = interruptFlag();
  const rows = await withTracking({ path: folder, config }, 'spatter compare', async (tracking) => {
    const setting = {
      folder,
      overrides,
      configDirs,
      seconds: secondsOf(options),
      env: process.env,
      cacheFolder: cacheFolder(),
      tracking,
      interrupted,
    };
    return measureAll(context, names, { ...setting, now: () => new Date(), progress: context.progress });
  });
  if (interrupted()) {
    context.print('interrupted; give the same command again to go on');
    process.exitCode = INTERRUPTED;
  }
  return rows.length === 0
    ? { finished: false }
    : write(context, rows, { config, folder, seconds: secondsOf(options), finished: !interrupted() });
}

function secondsOf({ seconds }: Options): number | null {
  if (seconds === undefined) return null;
  if (Number(seconds) > 0) return Number(seconds);
  throw new SpatterError('USAGE', `--seconds must be above 0, got ${seconds}`, 'see --help');
}

async function measureAll(
  context: Context,
  names: readonly ModelName[],
  setting: CompareSetting,
): Promise<ComparedModel[]> {
  const { compareModel } = await import('../../sweep/compare-models.ts');
  const { compareCells } = await import('../../report/compare-page.ts');
  const rows: ComparedModel[] = [];
  for (const name of names) {
    if (setting.interrupted()) break;
    const row = await compareModel(name, setting);
    if (row === undefined) break;
    rows.push(row);
    context.print(`${rows.length}/${names.length}  ${compareCells(row).slice(0, 3).join('  ')}`);
  }
  return rows.sort((a, b) => b.test_accuracy - a.test_accuracy);
}

async function write(
  context: Context,
  rows: readonly ComparedModel[],
  {
    config,
    folder,
    seconds,
    finished,
  }: { config: Config; folder: string; seconds: number | null; finished: boolean },
): Promise<Result> {
  const { comparePage, COMPARE_COLUMNS, compareCells } = await import('../../report/compare-page.ts');
  const { compareStatements } = await import('../../sweep/compare-models.ts');
  const result = { compare_dir: folder, finished, models: rows };
  writeFileAtomic(join(folder, 'compare.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileAtomic(
    join(folder, 'report.html'),
    comparePage({ rows, measured: compareStatements(config, rows, seconds) }),
  );
  const cells = [[...COMPARE_COLUMNS], ...rows.map(compareCells)];
  const widths = COMPARE_COLUMNS.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  context.print('');
  for (const row of cells)
    context.print(
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    );
  const { leak_share: leak, best_baseline_accuracy: baseline } = rows[0]!;
  context.print(basisWords({ split: config.data.split.kind, leak, baseline }));
  context.print(`page: ${join(folder, 'report.html')}`);
  return result;
}
