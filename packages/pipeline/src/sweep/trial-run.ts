// One trial: parameters from the sampler, a training run in a folder of its own, the values of the objectives.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TrialPruned, type Params, type Study, type Trial } from '@spatter/hpo';
import { composeConfig } from '../config/index.ts';
import { modelCost, type ModelCost } from '../export/model-cost.ts';
import { chooseCheckpoint } from '../infer/choose-checkpoint.ts';
import { buildModel, inputShape } from '../train/build.ts';
import type { EpochMetrics } from '../train/policies/policy.ts';
import type { Tracking } from '../train/tracked-run.ts';
import { createRunDirectory, openRunDirectory, type RunDirectory } from '../train/run-directory.ts';
import { isFinished, trainRun } from '../train/train-run.ts';
import { SpatterError } from '../util/errors.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { RUN, SPLIT, VAL_LEAK, textAttr } from './trial-attributes.ts';
import { OBJECTIVES, readObjectives, reportedValue } from './objectives.ts';
import type { SweepPlan } from './plan.ts';
import { applies, overrideLine } from './search-space.ts';
import { giveBack } from './study.ts';
import { identityAttr, WORKER, type WorkerIdentity } from './worker-identity.ts';

/** What running trials takes, besides the study. */
export interface TrialSetting {
  readonly plan: SweepPlan;
  /** The sweep's folder; trials lie in it. */
  readonly folder: string;
  readonly worker: WorkerIdentity;
  /** CPU threads of a trial where the config leaves them open; null: all. */
  readonly threads: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly progress: ProgressFactory;
  readonly onNotice: (line: string) => void;
  readonly interrupted: () => boolean;
  /** Folder of the user's caches, so that what one trial timed serves the others; null: none. */
  readonly cacheFolder: string | null;
  /** Where trials are logged, as parts of the sweep's own run. */
  readonly tracking: Tracking;
}

/** Runs `trial` to its values. @throws {TrialPruned} when the pruner stops it. */
export async function runTrial(
  study: Study,
  trial: Trial,
  setting: TrialSetting,
): Promise<readonly number[]> {
  const chosen = suggest(trial, setting.plan);
  trial.setUserAttr(WORKER, identityAttr(setting.worker, trial.number));
  const name = textAttr(trial, RUN) ?? runName(trial.number);
  trial.setUserAttr(RUN, name);
  await trial.flush();
  try {
    return await trained(study, trial, setting, openRun(join(setting.folder, name), chosen, setting));
  } catch (error) {
    if (!(error instanceof SpatterError)) throw error;
    trial.setUserAttr('error', `${error.message} [${error.code}]`);
    // A diverged trial says as much as a pruned one: that these parameters are bad.
    if (error.code === 'LOSS_NOT_FINITE' && study.directions.length === 1)
      throw new TrialPruned(error.message);
    throw error;
  }
}

const runName = (number: number): string => `trial_${String(number).padStart(4, '0')}`;

function suggest(trial: Trial, { searched }: SweepPlan): Params {
  for (const each of searched) if (applies(each, trial.params)) trial.suggest(each.key, each.distribution);
  return trial.params;
}

async function trained(
  study: Study,
  trial: Trial,
  setting: TrialSetting,
  run: RunDirectory,
): Promise<readonly number[]> {
  const decision = { pruned: false };
  const report = reporter(setting.plan, trial);
  const progress = await trainRun(run, {
    progress: setting.progress,
    cacheFolder: setting.cacheFolder,
    onData: ({ split, val_leak_share }) => {
      trial.setUserAttr(SPLIT, split);
      trial.setUserAttr(VAL_LEAK, val_leak_share);
    },
    onNotice: setting.onNotice,
    onEpoch: async (_, { history }) => {
      decision.pruned ||= await report(history);
    },
    interrupted: () => decision.pruned || setting.interrupted(),
    tracking: setting.tracking,
  });
  describe(trial, progress.history);
  if (decision.pruned) throw new TrialPruned();
  if (isFinished(run.config, progress)) return values(setting.plan, run, progress.history);
  await giveBack(study, trial.id);
  return [];
}

/** The run of a trial: continued where a worker before has begun it. */
function openRun(path: string, chosen: Params, { plan, threads, env, now }: TrialSetting): RunDirectory {
  if (existsSync(join(path, 'config.yaml'))) return openRunDirectory(path);
  const overrides = [
    ...plan.overrides,
    ...Object.entries(chosen).map(([key, value]) => overrideLine(key, value)),
    overrideLine('paths.run_dir', path),
  ];
  const compose = (more: readonly string[]) =>
    composeConfig({ overrides: [...overrides, ...more], configDirs: plan.config_dirs, env });
  const composed = compose([]);
  const limited = threads !== null && composed.config.threads === null;
  return createRunDirectory(limited ? compose([`threads=${threads}`]) : composed, now());
}

/** Reports epochs and asks the pruner; gives whether to stop. */
function reporter(plan: SweepPlan, trial: Trial): (history: readonly EpochMetrics[]) => Promise<boolean> {
  const value = reportedValue(readObjectives(plan.settings.objectives));
  return async (history) => {
    if (value === undefined) return false;
    for (const metrics of history) trial.report(value(metrics), metrics.epoch - 1);
    return trial.shouldPrune();
  };
}

/** Figures that a trial's row shows whatever is searched for. */
function describe(trial: Trial, history: readonly EpochMetrics[]): void {
  if (history.length === 0) return;
  const best = history.reduce((a, b) => (b.val_accuracy > a.val_accuracy ? b : a));
  trial.setUserAttr('epochs', history.length);
  trial.setUserAttr('val_accuracy', best.val_accuracy);
  trial.setUserAttr('val_loss', best.val_loss);
}

async function values(
  plan: SweepPlan,
  run: RunDirectory,
  history: readonly EpochMetrics[],
): Promise<readonly number[]> {
  let measured: Promise<ModelCost> | undefined;
  const cost = () =>
    (measured ??= modelCost(
      buildModel(run.config),
      chooseCheckpoint(run).checkpoint.state,
      inputShape(run.config),
    ));
  const result: number[] = [];
  for (const { name } of readObjectives(plan.settings.objectives))
    result.push(await OBJECTIVES[name].measure({ history, cost }));
  return result;
}
