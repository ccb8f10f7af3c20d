// Uniform sampling, on a logarithmic scale where the distribution asks for it.
import { toExternal, type Distribution, type ParamValue } from '../distributions.ts';
import type { Random } from '../numeric/random.ts';
import { fromUnit } from './unit-interval.ts';
import type { Sampler } from './sampler.ts';

/** Each parameter on its own, uniformly (Optuna's `RandomSampler`, draw for draw). */
export function randomSampler(): Sampler {
  return { sampleOne: (context, _, distribution) => uniformValue(distribution, context.random) };
}

/** One uniform value of a distribution. A choice is the largest of one draw each, as Optuna's one-hot encoding does. */
export function uniformValue(distribution: Distribution, random: Random): ParamValue {
  if (distribution.name !== 'CategoricalDistribution') return fromUnit(distribution, random());
  let best = { draw: -1, index: 0 };
  for (let index = 0; index < distribution.choices.length; index++) {
    const draw = random();
    if (draw > best.draw) best = { draw, index };
  }
  return toExternal(distribution, best.index);
}
