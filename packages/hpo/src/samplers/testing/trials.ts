// Trials for tests, made from what a test wants to say about them.
import type { Distribution, ParamValue } from '../../distributions.ts';
import { newTrial } from '../../storages/apply.ts';
import type { FrozenTrial, TrialTemplate } from '../../trial-record.ts';

/** Trials with the given fields, numbered from 0. Trials with values are COMPLETE unless they say otherwise. */
export function trialsOf(...templates: readonly TrialTemplate[]): FrozenTrial[] {
  return templates.map((template, number) => {
    const state = template.values === undefined ? 'RUNNING' : 'COMPLETE';
    return newTrial(number + 1, number, { state, ...template }, new Date(0));
  });
}

/** The fields of a trial that searched some parameters. */
export function searched(
  entries: Readonly<Record<string, readonly [Distribution, ParamValue]>>,
): TrialTemplate {
  const pairs = Object.entries(entries);
  return {
    distributions: Object.fromEntries(pairs.map(([name, [distribution]]) => [name, distribution])),
    params: Object.fromEntries(pairs.map(([name, [, value]]) => [name, value])),
  };
}
