// `spatter train`: composes the config, trains (or continues) a run, and evaluates its best checkpoint.
import { Command } from 'commander';
import { composeConfig } from '../../config/index.ts';
import type { EpochMetrics } from '../../train/policies/policy.ts';
import { createRunDirectory, openRunDirectory, type RunDirectory } from '../../train/run-directory.ts';
import type { Tracking } from '../../train/tracked-run.ts';
import { isFinished, trainRun } from '../../train/train-run.ts';
import { SpatterError } from '../../util/errors.ts';
import { action, type Context, type Result } from '../context.ts';
import { INTERRUPTED, interruptFlag } from '../interrupt.ts';
import { withTracking } from '../tracking.ts';

interface Options {
  readonly configDir: string[];
  readonly resume?: string;
  readonly evaluate: boolean;
}

const EXAMPLES = `
Examples:
  spatter train paths.data_root=data training.epochs=5 device=cpu
  spatter train data.split.kind=recording          whole recordings held out
  spatter train +experiment=baseline               the published set-up (its split leaks; for comparison)
  spatter train --resume runs/default_20261123_101500`;

export function trainCommand(): Command {
  return new Command('train')
    .summary('train a network on an indexed data set')
    .description(
      'Trains a network on an indexed data set and evaluates its best checkpoint on the test split.',
    )
    .argument(
      '[overrides...]',
      'config overrides, such as training.epochs=5 model=lenet5 +experiment=baseline',
    )
    .option('--config-dir <dir...>', 'folders with config groups of your own', [])
    .option('--resume <run>', 'continue the run in this directory from where it was last saved')
    .option('--no-evaluate', 'leave out the evaluation on the test split')
    .addHelpText('after', EXAMPLES)
    .action(action<Options>((context, options, overrides: string[]) => run(context, options, overrides)));
}

async function run(context: Context, options: Options, overrides: readonly string[]): Promise<Result> {
  const directory = chooseRun(options, overrides);
  context.print(`run ${directory.path}`);
  return withTracking(directory, 'spatter train', (tracking) =>
    trainOne(context, options, directory, tracking),
  );
}

async function trainOne(
  context: Context,
  options: Options,
  directory: RunDirectory,
  tracking: Tracking,
): Promise<Result> {
  const progress = await trainRun(directory, {
    progress: context.progress,
    onEpoch: (metrics) => context.print(epochLine(metrics, directory.config.training.epochs)),
    onNotice: (line) => context.print(line),
    interrupted: interruptFlag(),
    tracking,
  });
  const finished = isFinished(directory.config, progress);
  const trained = {
    run_dir: directory.path,
    finished,
    stopped: progress.stopped,
    ...progress.history.at(-1),
    best_val_accuracy: bestAccuracy(progress.history),
  };
  if (!finished) {
    context.print(`interrupted; continue with: spatter train --resume ${directory.path}`);
    process.exitCode = INTERRUPTED;
  }
  if (progress.stopped !== null) context.print(`stopped early: ${progress.stopped}`);
  if (!finished || !options.evaluate) return trained;
  const { evaluateRun } = await import('../../infer/evaluate-run.ts');
  const evaluation = await evaluateRun(directory, { progress: context.progress });
  for (const line of evaluation.headline) context.print(line);
  const { logEvaluation } = await import('../../infer/log-evaluation.ts');
  await logEvaluation(tracking, directory, evaluation.summary);
  return { ...trained, ...evaluation.summary };
}

function chooseRun({ resume, configDir }: Options, overrides: readonly string[]): RunDirectory {
  if (resume === undefined)
    return createRunDirectory(
      composeConfig({ overrides, configDirs: configDir, env: process.env }),
      new Date(),
    );
  if (overrides.length === 0) return openRunDirectory(resume);
  const message = `--resume continues a run as it was configured, but ${overrides.join(' ')} would change it`;
  throw new SpatterError('USAGE', message, 'leave the overrides out, or start a new run');
}

const bestAccuracy = (history: readonly EpochMetrics[]) =>
  Math.max(...history.map((epoch) => epoch.val_accuracy));

function epochLine(metrics: EpochMetrics, epochs: number): string {
  const figures = [
    `train loss ${metrics.train_loss.toFixed(4)} accuracy ${metrics.train_accuracy.toFixed(4)}`,
    `val loss ${metrics.val_loss.toFixed(4)} accuracy ${metrics.val_accuracy.toFixed(4)}`,
  ];
  return `epoch ${metrics.epoch}/${epochs}  ${figures.join('  ')}  lr ${metrics.lr}`;
}
