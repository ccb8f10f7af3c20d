// Distributions as maps from the unit interval: equal lengths are equally likely.
import { firstValue, isSingle, toExternal } from '../distributions.ts';
import type { Distribution, NumericDistribution, ParamValue } from '../distributions.ts';

/** The interval a numeric distribution is searched on: half a step wider at both ends, and logarithmic if asked for. */
export function searchInterval(distribution: NumericDistribution): readonly [number, number] {
  const half = (distribution.step ?? 0) / 2;
  const [low, high] = [distribution.low - half, distribution.high + half];
  return distribution.log ? [Math.log(low), Math.log(high)] : [low, high];
}

/** The value at a position in [0, 1) of a distribution. Sources: Optuna's `_SearchSpaceTransform`. */
export function fromUnit(distribution: Distribution, position: number): ParamValue {
  if (isSingle(distribution)) return firstValue(distribution);
  if (distribution.name === 'CategoricalDistribution') {
    const { length } = distribution.choices;
    return toExternal(distribution, Math.min(length - 1, Math.floor(position * length)));
  }
  const [low, high] = searchInterval(distribution);
  return onGrid(distribution, low + (high - low) * position);
}

/** The value of a distribution nearest to a point of its search interval. */
export function onGrid(distribution: NumericDistribution, point: number): number {
  const value = distribution.log ? Math.exp(point) : point;
  if (distribution.step === null) {
    const below = distribution.log || value < distribution.high ? value : previousFloat(distribution.high);
    return clamp(
      below,
      distribution.low,
      distribution.log ? previousFloat(distribution.high) : distribution.high,
    );
  }
  const { low, high, step } = distribution;
  return clamp(roundHalfEven((value - low) / step) * step + low, low, high);
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Rounds halves to the even neighbour, as NumPy does. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The largest double below a finite number. */
function previousFloat(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n));
  return view.getFloat64(0);
}
