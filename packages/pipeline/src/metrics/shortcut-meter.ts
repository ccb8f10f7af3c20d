// The shortcut meter: does a model know more than what brightness, size, JPEG bytes and the camera's fingerprint give away?
import type { BaselineName } from './baselines.ts';
import type { Difference } from './bootstrap.ts';

/** A model against one baseline. */
interface Compared {
  readonly name: BaselineName;
  readonly margin: Difference;
}

export interface ShortcutMeter {
  /**
   * `beyond the shortcuts`: significantly better than every one; `may be the camera`: not significantly better than at
   * least one; `cannot tell`: too few groups for a test, though the model is ahead of all.
   */
  readonly verdict: 'beyond the shortcuts' | 'may be the camera' | 'cannot tell';
  /** True unless the model is beyond the shortcuts. */
  readonly flagged: boolean;
  /** Baselines that the model is not significantly better than, in the order of the catalogue. */
  readonly not_beaten: readonly BaselineName[];
}

/**
 * To be better than all baselines the model must pass each single test: an intersection–union test, whose error stays at
 * the level of the single ones (Berger 1982), so nothing has to be corrected for their number.
 */
export function shortcutMeter(baselines: readonly Compared[]): ShortcutMeter {
  const open = baselines.filter(({ margin }) => !margin.better);
  const not_beaten = open.map(({ name }) => name);
  if (open.length === 0) return { verdict: 'beyond the shortcuts', flagged: false, not_beaten };
  const untested = open.every(({ margin }) => margin.p === null && margin.estimate > 0);
  return { verdict: untested ? 'cannot tell' : 'may be the camera', flagged: true, not_beaten };
}
