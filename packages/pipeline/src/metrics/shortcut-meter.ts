// The shortcut meter: does a model know more than what brightness, size, JPEG bytes and the camera's fingerprint give away?
import type { BaselineName } from './baselines.ts';
import type { Difference, Interval } from './bootstrap.ts';

/** A model against one baseline. */
interface Compared<Name extends string> {
  readonly name: Name;
  readonly metrics: { readonly accuracy: number };
  /** Accuracy of the model over the baseline's. */
  readonly margin: Difference;
}

/**
 * A shortcut that alone gets this far on the model's way above the majority class explains its score: a network reads the
 * same light a little better than a regression does, and with many crops that little is significant too.
 */
const EXPLAINED = 0.9;

export interface ShortcutMeter<Name extends string = BaselineName> {
  /**
   * `beyond the shortcuts`: significantly better than every one, and explained by none; `may be the camera`: not so for at
   * least one; `cannot tell`: too few groups for a test, though the model is ahead of all.
   */
  readonly verdict: 'beyond the shortcuts' | 'may be the camera' | 'cannot tell';
  /** True unless the model is beyond the shortcuts. */
  readonly flagged: boolean;
  /** Baselines that the model is not significantly better than, or that explain its score, in the order of the catalogue. */
  readonly not_beaten: readonly Name[];
}

/**
 * To be better than all baselines the model must pass each single test: an intersection–union test, whose error stays at
 * the level of the single ones (Berger 1982), so nothing has to be corrected for their number.
 * @param balanced The model's balanced accuracy. Not above one part in `classes` it does no more than one class for all would,
 * which may still beat the majority class of training where test holds more of another: that then counts as not beaten.
 */
export function shortcutMeter<Name extends string>(
  baselines: readonly Compared<Name | 'majority'>[],
  balanced: Pick<Interval, 'low'>,
  classes = 2,
): ShortcutMeter<Name | 'majority'> {
  const floor = baselines.find(({ name }) => name === 'majority')?.metrics.accuracy ?? 0;
  const isOneClass = balanced.low !== null && balanced.low <= 1 / classes;
  const open = baselines.filter(
    (each) => !each.margin.better || explains(each, floor) || (isOneClass && each.name === 'majority'),
  );
  const not_beaten = open.map(({ name }) => name);
  if (open.length === 0) return { verdict: 'beyond the shortcuts', flagged: false, not_beaten };
  const untested = open.every(({ margin }) => margin.p === null && margin.estimate > 0);
  return { verdict: untested ? 'cannot tell' : 'may be the camera', flagged: true, not_beaten };
}

/** @param floor accuracy of the majority class. */
function explains({ name, metrics: { accuracy }, margin }: Compared<string>, floor: number): boolean {
  const way = accuracy + margin.estimate - floor;
  return name !== 'majority' && way > 0 && (accuracy - floor) / way > EXPLAINED;
}
