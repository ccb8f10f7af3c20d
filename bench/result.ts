// The one line that every bench ends with, and the figure that stands for many.

/** What a bench reports. `ratio` > 1 means we are better; `ours` and `peer` are in `unit`. */
export interface BenchResult {
  readonly ratio: number;
  readonly ours: number;
  readonly peer: number;
  readonly unit: string;
  readonly peer_version: string;
  readonly [detail: string]: unknown;
}

/** The middle value. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;
