// The settings of a sweep: objectives, sampler, pruner and limits, composed from conf/hpo by Hydra's rules.
import { z } from 'zod';
import { choice, flag, integer, orNull, real, texts } from '../config/fields.ts';
import { compositionOf, type ComposeOptions } from '../config/index.ts';
import { composeTree } from '../config/compose.ts';
import { isMap } from '../config/tree.ts';
import { checkTree, schemaKeys } from '../config/validate.ts';
import { readSpace, type SearchSpace } from './search-space.ts';

const sampler = z.strictObject({
  name: choice(['tpe', 'nsga2', 'quasi_random', 'random', 'grid'], 'How parameters are chosen.'),
  startup_trials: integer(0, 'TPE: trials drawn at random before the first model.'),
  multivariate: orNull(flag('TPE: sample parameters together; null: for one objective only.')),
  group: flag('TPE, one objective: sample conditional parameters together with those of the same condition.'),
  population_size: integer(2, 'NSGA-II: trials per generation.'),
});

const pruner = z.strictObject({
  name: choice(
    ['none', 'median', 'percentile', 'successive_halving', 'hyperband', 'patient', 'threshold'],
    'Which trials are stopped early, by the monitored value of their epochs. Only with one objective, and one that training gives.',
  ),
  startup_trials: integer(0, 'Median, percentile, patient: trials that must have completed first.'),
  warmup_epochs: integer(0, 'Median, percentile, patient, threshold: epochs that every trial is given.'),
  percentile: real({ min: 0, max: 100 }, 'Percentile: the best share that goes on, in per cent.'),
  patience: integer(0, 'Patient: epochs without improvement before the median is asked.'),
  lower: orNull(real({}, 'Threshold: values below this stop a trial.')),
  upper: orNull(real({}, 'Threshold: values above this stop a trial.')),
  reduction_factor: integer(2, 'Successive halving, Hyperband: one in this many goes on.'),
});

/** Everything below `hpo` but the space, which has keys of its own. */
export const hpoSchema = z.strictObject({
  objectives: texts(
    'What is searched for: names, each with `:minimize` or `:maximize` where its own direction is not meant.',
  ),
  trials: integer(1, 'Trials of the whole study, whoever runs them.'),
  timeout: orNull(real({ above: 0 }, 'Seconds after which a worker begins no more trials.')),
  seed: integer(0, 'Seed of the search.', 2 ** 32 - 1),
  sampler,
  pruner,
});

export type SweepSettings = z.infer<typeof hpoSchema>;

/** Whether an override belongs to the sweep (`hpo=…`, `hpo.trials=…`, `hpo/space=…`) and not to the runs. */
export const isSweepOverride = (line: string): boolean => /^[+~]*hpo([.@/=]|$)/.test(line);

/**
 * Composes `conf/sweep.yaml` with the overrides that belong to it.
 * @throws {SpatterError} CONFIG_OVERRIDE, CONFIG_NOT_FOUND, CONFIG_FILE, CONFIG_UNKNOWN_KEY or CONFIG_VALUE.
 */
export function composeSettings(options: ComposeOptions): { settings: SweepSettings; space: SearchSpace } {
  const schema = z.strictObject({ hpo: hpoSchema });
  const { tree, origins } = composeTree({
    ...compositionOf('sweep', options),
    knownKeys: schemaKeys(schema),
  });
  const hpo = tree['hpo'];
  const { space = {}, ...rest } = isMap(hpo) ? hpo : {};
  const settings = checkTree(schema, { ...tree, hpo: rest }, origins).hpo;
  return { settings, space: readSpace(isMap(space) ? space : {}) };
}
