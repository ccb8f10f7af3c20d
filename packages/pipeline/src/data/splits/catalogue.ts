// The catalogue of splits: one file each, one line here.
import { randomSplit } from './random.ts';
import { recordingSplit } from './recording.ts';
import type { Splitter } from './split.ts';
import { timeBlockSplit } from './time-block.ts';

export const SPLITS = {
  random: randomSplit,
  'time-block': timeBlockSplit,
  recording: recordingSplit,
} as const satisfies Record<string, Splitter>;

export type SplitKind = keyof typeof SPLITS;
