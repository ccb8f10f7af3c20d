// How a trial changes: pure functions that storages which keep trials in memory share.
import { toExternal } from '../distributions.ts';
import { isFinished } from '../trial-record.ts';
import type { FrozenTrial, TrialTemplate } from '../trial-record.ts';
import type { TrialUpdate } from './storage.ts';

/** A new trial from a template. Without one it runs from `now`. */
export function newTrial(
  id: number,
  number: number,
  template: TrialTemplate | undefined,
  now: Date,
): FrozenTrial {
  return {
    state: 'RUNNING',
    values: undefined,
    startedAt: template === undefined ? now : undefined,
    completedAt: undefined,
    params: {},
    distributions: {},
    userAttrs: {},
    systemAttrs: {},
    intermediateValues: new Map(),
    ...template,
    id,
    number,
  };
}

/** The trial after an update at `now`. */
export function withUpdate(trial: FrozenTrial, update: TrialUpdate, now: Date): FrozenTrial {
  const params = Object.entries(update.params ?? {});
  const ended = update.state !== undefined && isFinished(update.state);
  return {
    ...trial,
    params: {
      ...trial.params,
      ...Object.fromEntries(params.map(([k, p]) => [k, toExternal(p.distribution, p.internal)])),
    },
    distributions: {
      ...trial.distributions,
      ...Object.fromEntries(params.map(([k, p]) => [k, p.distribution])),
    },
    userAttrs: { ...trial.userAttrs, ...update.userAttrs },
    systemAttrs: { ...trial.systemAttrs, ...update.systemAttrs },
    intermediateValues:
      update.intermediateValues === undefined
        ? trial.intermediateValues
        : new Map([...trial.intermediateValues, ...update.intermediateValues]),
    state: update.state ?? trial.state,
    values: update.values ?? trial.values,
    completedAt: ended ? (update.completedAt ?? now) : trial.completedAt,
  };
}

/** A waiting trial that starts to run at `now`. */
export function withStart(trial: FrozenTrial, now: Date): FrozenTrial {
  return { ...trial, state: 'RUNNING', startedAt: now };
}
