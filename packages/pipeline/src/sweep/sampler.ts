// Samplers and pruners by their names in the settings of a sweep.
import {
  gridSampler,
  hyperbandPruner,
  medianPruner,
  noPruner,
  nsga2Sampler,
  patientPruner,
  percentilePruner,
  quasiRandomSampler,
  randomSampler,
  successiveHalvingPruner,
  thresholdPruner,
  tpeSampler,
  type Distribution,
  type ParamValue,
  type Pruner,
  type Sampler,
} from '@spatter/hpo';
import { SpatterError } from '../util/errors.ts';
import type { Searched } from './search-space.ts';
import type { SweepSettings } from './settings.ts';

type SamplerSettings = SweepSettings['sampler'];
type PrunerSettings = SweepSettings['pruner'];

/** What a sampler is made from. */
export interface SamplerSource {
  readonly settings: SweepSettings;
  readonly searched: readonly Searched[];
  readonly objectives: number;
}

/** One line per sampler. */
const SAMPLERS: Record<SamplerSettings['name'], (source: SamplerSource) => Sampler> = {
  tpe: ({ settings: { sampler }, objectives }) =>
    tpeSampler({
      startupTrials: sampler.startup_trials,
      ...(sampler.multivariate === null ? {} : { multivariate: sampler.multivariate }),
      group: sampler.group && objectives === 1 && sampler.multivariate !== false,
    }),
  nsga2: ({ settings }) => nsga2Sampler({ populationSize: settings.sampler.population_size }),
  quasi_random: ({ settings }) => quasiRandomSampler({ seed: settings.seed }),
  random: () => randomSampler(),
  grid: ({ searched, settings }) => gridSampler(gridOf(searched), { seed: settings.seed }),
};

export const samplerOf = (source: SamplerSource): Sampler => SAMPLERS[source.settings.sampler.name](source);

function gridOf(searched: readonly Searched[]): Record<string, readonly ParamValue[]> {
  const conditional = searched.find(({ when }) => when !== null);
  if (conditional !== undefined) throw noGrid(conditional.key, 'it is searched only under a condition');
  return Object.fromEntries(searched.map(({ key, distribution }) => [key, valuesOf(key, distribution)]));
}

/** Every value of a distribution that has finitely many. */
function valuesOf(key: string, distribution: Distribution): readonly ParamValue[] {
  if (distribution.name === 'CategoricalDistribution') return distribution.choices;
  const { low, high, step, log } = distribution;
  if (step === null || log) throw noGrid(key, 'it has no steps');
  const count = Math.round((high - low) / step) + 1;
  return Array.from({ length: count }, (_, i) => Number((low + i * step).toPrecision(12)));
}

const noGrid = (key: string, why: string): SpatterError =>
  new SpatterError(
    'CONFIG_VALUE',
    `${key} cannot be searched by hpo.sampler.name=grid: ${why}`,
    'write choice(…) or range(…), or choose another sampler',
  );

const percentileOptions = ({ startup_trials, warmup_epochs }: PrunerSettings) => ({
  startupTrials: startup_trials,
  warmupSteps: warmup_epochs,
});

/** One line per pruner. */
const PRUNERS: Record<PrunerSettings['name'], (settings: PrunerSettings, epochs: number) => Pruner> = {
  none: () => noPruner(),
  median: (settings) => medianPruner(percentileOptions(settings)),
  percentile: (settings) => percentilePruner(settings.percentile, percentileOptions(settings)),
  successive_halving: ({ reduction_factor }) =>
    successiveHalvingPruner({ minResource: 1, reductionFactor: reduction_factor }),
  hyperband: ({ reduction_factor }, epochs) =>
    hyperbandPruner({ maxResource: epochs, reductionFactor: reduction_factor }),
  patient: (settings) =>
    patientPruner(medianPruner(percentileOptions(settings)), { patience: settings.patience }),
  threshold: ({ lower, upper, warmup_epochs }) =>
    thresholdPruner({
      ...(lower === null ? {} : { lower }),
      ...(upper === null ? {} : { upper }),
      warmupSteps: warmup_epochs,
    }),
};

/** @param epochs those of a whole trial. */
export const prunerOf = ({ pruner }: SweepSettings, epochs: number): Pruner =>
  PRUNERS[pruner.name](pruner, epochs);
