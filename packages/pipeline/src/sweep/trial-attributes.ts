// What a trial of a sweep keeps with itself.
import type { FrozenTrial } from '@spatter/hpo';
import { basisWords } from '../report/score-basis.ts';

/** The attribute of a trial that names its folder inside the sweep's. A retried trial keeps that of the first try. */
export const RUN = 'run_dir';

/** Attributes of a trial that say what its validation scores rest on. */
export const SPLIT = 'split';
export const VAL_LEAK = 'val_leak_share';

/** What the values of a trial rest on, in words; all are measured on the validation part. */
export const trialBasis = ({
  split,
  val_leak_share,
}: {
  readonly split: string | null;
  readonly val_leak_share: number | null;
}): string => basisWords({ split, leak: val_leak_share });

/** An attribute that is text, or null. */
export function textAttr({ userAttrs }: Pick<FrozenTrial, 'userAttrs'>, name: string): string | null {
  const value = userAttrs[name];
  return typeof value === 'string' ? value : null;
}
