// Options on the command line that change nothing, because what they are about is switched off.
import type { Config } from '../config/index.ts';

/** Parts of `training` with a switch `enabled`. */
const SWITCHED = ['scheduler', 'grad_clip', 'ema', 'early_stopping'] as const;

/** A line for each of `overrides`, as they were typed, that is about a part of the training which is off. */
export function idleOptionNotices({ training }: Config, overrides: readonly string[]): string[] {
  return SWITCHED.filter((part) => !training[part].enabled).flatMap((part) => {
    const key = `training.${part}`;
    const about = overrides.filter((line) => {
      const typed = line.replace(/^[+~]+/, '');
      return typed.startsWith(`${key}.`) && !typed.startsWith(`${key}.enabled`);
    });
    return about.map((line) => `${key} is off, so ${line} changes nothing; add ${key}.enabled=true`);
  });
}
