// One training run from config to checkpoints on disk: opens the data, compiles the step, runs the loop, writes history.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { resolveDevice, type Forward, type State } from '@spatter/tensor';
import type { Config } from '../config/index.ts';
import { openDataset } from '../data/open-dataset.ts';
import type { DataBasis } from '../data/part-loader.ts';
import { writeCsv } from '../util/csv.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { buildForward, buildModel, buildStep, inputShape, unusedOptionNotices } from './build.ts';
import { classWeights } from './class-weights.ts';
import { loadCheckpoint, saveCheckpoint, type Checkpoint } from './checkpoint.ts';
import { idleOptionNotices } from './idle-options.ts';
import { LAST, train } from './loop.ts';
import { tuningOf } from './lowering-memory.ts';
import { policiesOf } from './policies/catalogue.ts';
import type { EpochMetrics } from './policies/policy.ts';
import { mixer } from './mix.ts';
import { judgedState, precisionNotices, skippedBatches, stepPlan, stepsPerRun } from './step-plan.ts';
import { withPretrained } from './pretrained.ts';
import { startProgress, type Progress } from './progress.ts';
import {
  checkpointFolder,
  overridesOf,
  pinDataset,
  removeUnbegun,
  type RunDirectory,
} from './run-directory.ts';
import type { Tracking } from './tracked-run.ts';
import { TrainingLog } from './training-log.ts';
import { lossAndAccuracy, splitLogits } from './validate.ts';

const HISTORY = ['epoch', 'train_loss', 'train_accuracy', 'val_loss', 'val_accuracy', 'lr'] as const;

export interface TrainObserver {
  readonly progress: ProgressFactory;
  /** `progress` holds the epochs before too, also those of a run that is continued. */
  readonly onEpoch: (metrics: EpochMetrics, progress: Progress) => void | Promise<void>;
  /** Told before the first batch what the scores will rest on. */
  readonly onData?: (basis: DataBasis) => void;
  /** Gets lines about what is odd in the data. */
  readonly onNotice: (line: string) => void;
  /** True once the user asked to stop. */
  readonly interrupted: () => boolean;
  /** Folder of the user's caches; none when missing. */
  readonly cacheFolder?: string | null;
  /** Where the run is logged; nowhere when missing. */
  readonly tracking?: Tracking;
}

/** Trains `run` from its last checkpoint, or from the start when it has none. Returns where it ended. */
export async function trainRun(run: RunDirectory, observer: TrainObserver): Promise<Progress> {
  const { config } = run;
  const { dataset, step, forward, start } = await begin(run, observer);
  observer.onData?.(dataset.basis);
  const idle = [...unusedOptionNotices(config), ...idleOptionNotices(config, overridesOf(run.path))];
  [...idle, ...precisionNotices(config), ...dataset.notices].forEach(observer.onNotice);
  const loader = dataset.loader('train');
  const log = await TrainingLog.open(observer.tracking, run, dataset, loader.length);
  const validation = dataset.loader('val');
  const skipped = skippedBatches(observer.onNotice);
  const bar = observer.progress('training', config.training.epochs * loader.length, 'batches');
  try {
    const { progress } = await train(
      {
        ...files(run),
        epochs: config.training.epochs,
        step,
        loader,
        mix: mixer(config),
        hyper: stepPlan(config, loader.length),
        validate: async (state) =>
          lossAndAccuracy(await splitLogits(forward, judgedState(state, config), validation)),
        policies: policiesOf(config.training),
        stepsPerRun: stepsPerRun(config),
        saveEvery: config.training.checkpoint.every_n_batches ?? 0,
        onSkipped: skipped.add,
        onBatch: (at) => {
          bar.update((at.epoch - 1) * loader.length + at.batch, note(at));
          log.batch(at);
        },
        onEpoch: (metrics, at) => {
          writeHistory(run, at);
          log.epoch(metrics);
          skipped.tell(metrics.epoch);
          return observer.onEpoch(metrics, at);
        },
        interrupted: observer.interrupted,
      },
      start,
    );
    await log.end(isFinished(run.config, progress) ? 'FINISHED' : 'KILLED');
    return progress;
  } catch (error) {
    await log.end('FAILED');
    throw error;
  } finally {
    bar.stop();
    await Promise.all([step.dispose(), forward.dispose(), loader.close(), validation.close()]);
  }
}

/** True when the run needs no more training: its epochs are done, or a policy stopped it. */
export function isFinished({ training }: Config, { epoch, stopped }: Progress): boolean {
  return stopped !== null || epoch > training.epochs;
}

/** Everything that can fail before the first batch; a new run that fails here leaves nothing behind. */
async function begin(run: RunDirectory, { progress, onNotice, cacheFolder = null }: TrainObserver) {
  try {
    const dataset = await openDataset(run.config, progress);
    const weights = classWeights(run.config, dataset);
    if (run.config.training.class_weights === 'balanced')
      onNotice(`class weights ${weights!.map((weight) => weight.toPrecision(3)).join(', ')}`);
    const step = buildStep(run.config, weights, tuningOf(run, { cacheFolder, onNotice }));
    const forward = buildForward(run.config);
    const start = await startOf(run, step.initialState(run.config.seed), onNotice);
    await tryDevice(run.config, forward, start.state);
    pinDataset(run.path, dataset.description);
    return { dataset, step, forward, start };
  } catch (error) {
    removeUnbegun(run.path);
    throw error;
  }
}

/** Judges one black image, so that a GPU which cannot start is found out before the run counts as begun. */
async function tryDevice(config: Config, forward: Forward, state: State): Promise<void> {
  if (resolveDevice(config.device) === 'cpu') return;
  const pixels = inputShape(config).reduce((product, extent) => product * extent, 1);
  await forward.run(state, new Float32Array(pixels), 1);
}

const note = ({ sums }: Progress) =>
  sums.samples === 0 ? 'no loss yet' : `loss ${(sums.loss / sums.samples).toFixed(4)}`;

function files(run: RunDirectory) {
  const at = (name: string) => join(checkpointFolder(run.path), name);
  return {
    save: (name: string, checkpoint: Checkpoint) => saveCheckpoint(at(name), checkpoint),
    remove: (name: string) => rmSync(at(name), { force: true }),
  };
}

function writeHistory(run: RunDirectory, { history }: Progress): void {
  writeCsv(
    join(run.path, 'history.csv'),
    HISTORY,
    history.map((row) => HISTORY.map((key) => row[key])),
  );
}

/** The last checkpoint; for a new run the fresh state, with the weights that the config names in place of its own. */
async function startOf(
  { path, config }: RunDirectory,
  fresh: State,
  onNotice: TrainObserver['onNotice'],
): Promise<Checkpoint> {
  const last = join(checkpointFolder(path), LAST);
  if (existsSync(last)) return loadCheckpoint(last);
  const progress = startProgress(config.training.optimizer.lr);
  const { pretrained, pretrained_fit: fit } = config.model;
  if (pretrained === null) return { state: fresh, progress };
  const { state, notice } = await withPretrained(fresh, buildModel(config), {
    path: pretrained,
    fit,
    config,
  });
  onNotice(notice);
  return { state, progress };
}
