// What a split is: which index rows train, validate and test, and the contract that says how they were chosen.
import { SpatterError } from '../../util/errors.ts';

/** A recording (one video) as the sidecars know it; `position`, `session`, `build` and `machine` are null where nobody named them. */
export interface Recording {
  readonly name: string;
  readonly label: number;
  readonly position: string | null;
  readonly session: string | null;
  readonly build: string | null;
  readonly machine: string | null;
}

/** What the splits look at; arrays have one entry per index row. */
export interface SplitInput {
  readonly label: Uint8Array;
  /** Index into `recordings`. */
  readonly recording: Uint16Array;
  /** Video frame of the crop; meaningful only where `known`. */
  readonly frame: Int32Array;
  readonly recordings: readonly Recording[];
  /** False where crops lack a sidecar, so that their frames are not known. */
  readonly known: boolean;
}

/** What a split by recording can keep together. */
export const SPLIT_GROUPS = ['recording', 'position', 'session', 'build', 'machine'] as const;
export type SplitGroup = (typeof SPLIT_GROUPS)[number];

/** Shares of train, val and test; they sum to 1. */
export type Fractions = readonly [train: number, val: number, test: number];

export interface SplitOptions {
  /** Default 0.6, 0.2, 0.2. */
  readonly fractions?: Fractions;
  /** Default 0. */
  readonly seed?: number;
  /** `time-block`: blocks per recording, at least 3; default 5. */
  readonly blocks?: number;
  /** `time-block`: no two parts hold frames of one recording this close, frames; default 25 (a second at 25 fps). */
  readonly gapFrames?: number;
  /** `recording`: what is kept together; default `recording`. */
  readonly group?: SplitGroup;
}

export const PARTS = ['train', 'val', 'test'] as const;
export type Part = (typeof PARTS)[number];
export const REFERENCE_FRACTIONS: Fractions = [0.6, 0.2, 0.2];

/** How the split was made, ready for JSON; reports print it beside every accuracy. */
export interface SplitContract {
  readonly kind: string;
  /** Shares of the kept crops, as they came out. */
  readonly fractions: Readonly<Record<Part, number>>;
  readonly rows: Readonly<Record<Part | 'dropped', number>>;
  /** Guard gap in frames; 0 where the split keeps none. */
  readonly gap_frames: number;
  readonly [detail: string]: unknown;
}

/** Index rows of each part, ascending; `dropped` rows are in none. */
export interface Split {
  readonly train: Uint32Array;
  readonly val: Uint32Array;
  readonly test: Uint32Array;
  readonly dropped: number;
  readonly contract: SplitContract;
}

/** One algorithm. Pure: the same input and options give the same rows. */
export type Splitter = (input: SplitInput, options: SplitOptions) => Split;

/** Marks a row that no part gets. */
export const DROPPED = 3;

/**
 * Builds the split from `part`, which holds per row an index into {@link PARTS} or {@link DROPPED}.
 * @throws {SpatterError} SPLIT_IMPOSSIBLE when a part is empty.
 */
export function collect(part: Uint8Array, contract: Omit<SplitContract, 'fractions' | 'rows'>): Split {
  const rows = PARTS.map((_, p) => rowsOf(part, p));
  const empty = rows.findIndex((r) => r.length === 0);
  if (empty >= 0) {
    throw new SpatterError(
      'SPLIT_IMPOSSIBLE',
      `every part of a split needs crops, '${PARTS[empty]!}' of the '${String(contract['kind'])}' split got none of ${part.length}`,
      'use more data or another split',
    );
  }
  const [train, val, test] = rows as [Uint32Array, Uint32Array, Uint32Array];
  const kept = train.length + val.length + test.length;
  const dropped = part.length - kept;
  const fractions = { train: train.length / kept, val: val.length / kept, test: test.length / kept };
  const counts = { train: train.length, val: val.length, test: test.length, dropped };
  return { train, val, test, dropped, contract: { ...contract, fractions, rows: counts } as SplitContract };
}

function rowsOf(part: Uint8Array, wanted: number): Uint32Array {
  const rows = new Uint32Array(part.reduce((n, p) => n + Number(p === wanted), 0));
  for (let row = 0, n = 0; row < part.length; row++) if (part[row] === wanted) rows[n++] = row;
  return rows;
}

/** @throws {SpatterError} USAGE unless the fractions are positive and sum to 1. */
export function checkFractions(fractions: Fractions): Fractions {
  const sum = fractions[0] + fractions[1] + fractions[2];
  if (fractions.every((f) => f > 0) && Math.abs(sum - 1) < 1e-6) return fractions;
  throw new SpatterError(
    'USAGE',
    `the split's fractions must be positive and sum to 1, got ${fractions.join(', ')}`,
    'use for example 0.6, 0.2, 0.2',
  );
}

/** Index rows by recording: `order` holds the rows sorted by recording, then frame, then row. */
export function byRecordingAndFrame({
  recording,
  frame,
}: Pick<SplitInput, 'recording' | 'frame'>): Uint32Array {
  const order = Uint32Array.from(recording, (_, row) => row);
  return order.sort((a, b) => recording[a]! - recording[b]! || frame[a]! - frame[b]! || a - b);
}
