// The loop of one worker of a sweep: trials of its study until there are enough, time is up, or it is asked to stop.
import type { FrozenTrial } from '@spatter/hpo';
import { composeConfig } from '../config/index.ts';
import { SpatterError } from '../util/errors.ts';
import { failAbandoned, openSweepStudy } from './study.ts';
import { runTrial, type TrialSetting } from './trial-run.ts';
import type { SweepPlan } from './plan.ts';

export interface WorkerSetting extends TrialSetting {
  /** Address of the storage, password and all. */
  readonly storage: string;
  /** Trials of the whole study. */
  readonly trials: number;
  readonly timeoutSeconds: number | null;
  readonly onTrial: (trial: FrozenTrial) => void;
  /** Told of trials that dead workers left and that were queued again. */
  readonly onTakenOver: (numbers: readonly number[]) => void;
}

/** Failures of one trial's parameters; the search goes on. Anything else would fail every trial, and ends the worker. */
const OF_ONE_TRIAL: ReadonlySet<string> = new Set(['LOSS_NOT_FINITE', 'CONFIG_VALUE']);

class TrialFailure extends Error {
  override readonly name = 'TrialFailure';
}

/**
 * Works on the study of `setting.plan`.
 * @throws {SpatterError} what would fail every trial, such as data that are not there.
 */
export async function work(setting: WorkerSetting): Promise<void> {
  const study = await openSweepStudy(
    setting.plan,
    setting.storage,
    baseConfig(setting.plan, setting.env).training.epochs,
  );
  const ours = new Set<number>();
  const stop = new AbortController();
  const takeOver = async () => {
    const numbers = await failAbandoned(study, setting.worker, ours);
    if (numbers.length > 0) setting.onTakenOver(numbers);
  };
  try {
    await takeOver();
    await study.optimize(
      async (trial) => {
        ours.add(trial.number);
        try {
          return await runTrial(study, trial, setting);
        } catch (error) {
          const isOwn = error instanceof SpatterError && OF_ONE_TRIAL.has(error.code);
          throw isOwn ? new TrialFailure(error.message, { cause: error }) : error;
        } finally {
          if (setting.interrupted()) stop.abort();
        }
      },
      {
        studyTrials: setting.trials,
        ...(setting.timeoutSeconds === null ? {} : { timeoutSeconds: setting.timeoutSeconds }),
        signal: stop.signal,
        catch: [TrialFailure],
        callbacks: [(_, trial) => setting.onTrial(trial), takeOver],
      },
    );
  } finally {
    await study.storage.close();
  }
}

/** The config that trials start from, without what is searched. */
export const baseConfig = (plan: SweepPlan, env: TrialSetting['env']) =>
  composeConfig({ overrides: plan.overrides, configDirs: plan.config_dirs, env }).config;
