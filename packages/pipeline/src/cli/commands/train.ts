// `spatter train`: composes the config, trains (or continues) a run, and evaluates its best checkpoint.
import { Command } from 'commander';
import type { Job } from '../../config/index.ts';
import type { EpochMetrics } from '../../train/policies/policy.ts';
import { createRunDirectory, openRunDirectory, type RunDirectory } from '../../train/run-directory.ts';
import type { Tracking } from '../../train/tracked-run.ts';
import { isFinished, trainRun } from '../../train/train-run.ts';
import { SpatterError } from '../../util/errors.ts';
import { planOf, printedConfig, withConfigOptions, type ConfigOptions } from '../config-options.ts';
import { action, type Context, type Result } from '../context.ts';
import { runJobs } from '../multirun.ts';
import { cacheFolder } from '../cache-folder.ts';
import { INTERRUPTED, interruptFlag } from '../interrupt.ts';
import { withTracking } from '../tracking.ts';

interface Options extends ConfigOptions {
  readonly multirun?: boolean;
  readonly resume?: string;
  readonly evaluate: boolean;
}

const EXAMPLES = `
Examples:
  spatter train paths.data_root=data training.epochs=5 device=cpu
  spatter train data.split.kind=recording          whole recordings held out
  spatter train +experiment=baseline               the published set-up (its split leaks; for comparison)
  spatter train -m training.optimizer.lr=0.01,0.001 seed='range(3)'   six runs under multirun/
  spatter train --resume runs/default_20261123_101500`;

export function trainCommand(): Command {
  const command = new Command('train')
    .summary('train a network on an indexed data set')
    .description(
      'Trains a network on an indexed data set and evaluates its best checkpoint on the test split.',
    )
    .option('-m, --multirun', 'run every combination of sweeps such as training.optimizer.lr=0.1,0.01')
    .option('--resume <run>', 'continue the run in this directory from where it was last saved')
    .option('--no-evaluate', 'leave out the evaluation on the test split')
    .addHelpText('after', EXAMPLES);
  return withConfigOptions(command).action(
    action<Options>((context, options, overrides: string[]) => run(context, options, overrides)),
  );
}

async function run(context: Context, options: Options, overrides: readonly string[]): Promise<Result> {
  const printed = printedConfig(context, options, 'train', overrides);
  if (printed !== undefined) return printed;
  if (options.resume !== undefined)
    return runOne(context, options, resumed(options, options.resume, overrides));
  const now = new Date();
  const plan = planOf('train', options, overrides, options.multirun);
  if (plan.sweepDir !== null) {
    const { sweepDir, jobs } = plan;
    return runJobs({
      context,
      sweepDir,
      jobs,
      train: (job, tracking) => {
        const directory = createRunDirectory(job.composed, now, job);
        context.print(`run ${directory.path}`);
        return trainOne(context, options, directory, tracking);
      },
    });
  }
  const [job] = plan.jobs as [Job];
  return runOne(context, options, createRunDirectory(job.composed, now, job));
}

function runOne(context: Context, options: Options, directory: RunDirectory): Promise<Result> {
  context.print(`run ${directory.path}`);
  return withTracking(directory, 'spatter train', (tracking) =>
    trainOne(context, options, directory, tracking),
  );
}

function resumed({ multirun }: Options, run: string, overrides: readonly string[]): RunDirectory {
  if (overrides.length === 0 && multirun !== true) return openRunDirectory(run);
  const what = multirun === true ? '--multirun' : overrides.join(' ');
  const message = `--resume continues a run as it was configured, but ${what} would change it`;
  throw new SpatterError('USAGE', message, 'leave it out, or start a new run');
}

async function trainOne(
  context: Context,
  options: Options,
  directory: RunDirectory,
  tracking: Tracking,
): Promise<Result> {
  let basis = {};
  const progress = await trainRun(directory, {
    onData: (found) => (basis = found),
    progress: context.progress,
    cacheFolder: cacheFolder(),
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
    ...basis,
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

const bestAccuracy = (history: readonly EpochMetrics[]) =>
  Math.max(...history.map((epoch) => epoch.val_accuracy));

function epochLine(metrics: EpochMetrics, epochs: number): string {
  const figures = [
    `train loss ${metrics.train_loss.toFixed(4)} accuracy ${metrics.train_accuracy.toFixed(4)}`,
    `val loss ${metrics.val_loss.toFixed(4)} accuracy ${metrics.val_accuracy.toFixed(4)}`,
  ];
  return `epoch ${metrics.epoch}/${epochs}  ${figures.join('  ')}  lr ${metrics.lr}`;
}
