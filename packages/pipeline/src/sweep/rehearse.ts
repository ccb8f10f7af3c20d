// Finds what would fail every trial before any starts.
import { firstValue, type Distribution, type ParamValue } from '@spatter/hpo';
import { composeConfig, settleComposed } from '../config/index.ts';
import { dataFacts, openDataset } from '../data/open-dataset.ts';
import type { DataBasis } from '../data/part-loader.ts';
import { SpatterError } from '../util/errors.ts';
import type { SweepPlan } from './plan.ts';
import { overrideLine, type Searched } from './search-space.ts';
import type { TrialSetting } from './trial-run.ts';

/**
 * Composes the config with every searched key at its ends, and opens the data, which packs them once for all workers.
 * Returns what scores on these data rest on.
 * @throws {SpatterError} what composing, or opening the data, throws. A value that only some combinations refuse passes.
 */
export async function rehearse(
  plan: SweepPlan,
  { env, progress }: Pick<TrialSetting, 'env' | 'progress'>,
): Promise<DataBasis> {
  const compose = (more: readonly string[]) =>
    composeConfig({ overrides: [...plan.overrides, ...more], configDirs: plan.config_dirs, env });
  const composed = compose([]);
  const { config } = settleComposed(composed, dataFacts(composed.config));
  for (const each of plan.searched) tryValues(each, compose);
  return (await openDataset(config, progress)).basis;
}

function tryValues(
  { key, distribution, when }: Searched,
  compose: (overrides: readonly string[]) => unknown,
): void {
  const condition = when === null ? [] : [overrideLine(when.key, when.value)];
  const refusals: SpatterError[] = [];
  const values = endsOf(distribution);
  for (const value of values) {
    try {
      compose([...condition, overrideLine(key, value)]);
    } catch (error) {
      if (!(error instanceof SpatterError)) throw error;
      if (error.code !== 'CONFIG_VALUE') throw error;
      refusals.push(error);
    }
  }
  if (refusals.length === values.length) throw refusals[0]!;
}

/** Every choice, or both ends of an interval. */
function endsOf(distribution: Distribution): readonly ParamValue[] {
  if (distribution.name === 'CategoricalDistribution') return distribution.choices;
  return [firstValue(distribution), distribution.high];
}
