// A sweep from its plan to its summary: rehearses, works on the study alone or with further processes, writes the table.
import { join } from 'node:path';
import { writeFileAtomic } from '../util/atomic.ts';
import { isFinished, type FrozenTrial, type Study } from '@spatter/hpo';
import { openSweepStudy, readStudy } from './study.ts';
import { textAttr } from './trial-attributes.ts';
import { summarise, type SweepSummary } from './summary.ts';
import { trialsCsv } from './trials-csv.ts';
import { baseConfig } from './worker.ts';
import type { SweepPlan } from './plan.ts';
import { readObjectives } from './objectives.ts';

/** The study as it stands, also written as trials.csv into the folder. */
export async function writeSummary(plan: SweepPlan, folder: string, address: string): Promise<SweepSummary> {
  const study = await readStudy(address, plan.study);
  try {
    const summary = await summarise(study, plan);
    writeFileAtomic(join(folder, 'trials.csv'), trialsCsv(summary));
    return summary;
  } finally {
    await study.storage.close();
  }
}

/** Creates the study where it does not exist yet, so that workers which start together find it. */
export function prepareStudy(
  plan: SweepPlan,
  address: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Study> {
  return openSweepStudy(plan, address, baseConfig(plan, env).training.epochs);
}

/** Whether trials are left to run: waiting ones, or fewer than `limit`. */
export async function hasWork(plan: SweepPlan, address: string, limit: number): Promise<boolean> {
  const study = await readStudy(address, plan.study);
  try {
    const trials = await study.trials();
    const begun = trials.filter((trial) => trial.systemAttrs['retry_history'] === undefined).length;
    return begun < limit || trials.some((trial) => !isFinished(trial.state));
  } finally {
    await study.storage.close();
  }
}

/** One line about a trial that has ended. */
export function trialLine(trial: FrozenTrial, plan: SweepPlan): string {
  const names = readObjectives(plan.settings.objectives).map(({ name }) => name);
  const outcome =
    trial.state === 'FAIL'
      ? `failed: ${textAttr(trial, 'error') ?? 'no values'}`
      : names.map((name, i) => `${name} ${figure(trial.values?.[i])}`).join('  ');
  const chosen = Object.entries(trial.params).map(([key, value]) => `${shortKey(key)}=${short(value)}`);
  const state = trial.state === 'PRUNED' ? `pruned after ${trial.intermediateValues.size} epochs  ` : '';
  return `trial ${String(trial.number).padStart(3)}  ${state}${outcome}  ${chosen.join(' ')}`;
}

const figure = (value: number | undefined): string =>
  value === undefined ? '–' : String(Number(value.toPrecision(5)));

const short = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(3))) : String(value);

/** The last part of a key says enough. */
export const shortKey = (key: string): string => key.split('.').at(-1)!;
