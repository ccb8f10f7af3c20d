// Every recording cut into blocks of time; parts get whole blocks, and a guard gap of frames between parts is dropped.
import { SpatterError } from '../../util/errors.ts';
import { permutation, randomStream } from '../../util/random.ts';
import {
  DROPPED,
  REFERENCE_FRACTIONS,
  byRecordingAndFrame,
  checkFractions,
  collect,
  type Fractions,
  type Splitter,
} from './split.ts';

const DEFAULT_BLOCKS = 5;
const DEFAULT_GAP = 25;

interface BlockOptions {
  readonly fractions: Fractions;
  readonly seed: number;
  readonly blocks: number;
  readonly gap: number;
}

/**
 * Blocks hold about equally many crops and are bounded by frames. Each recording gives every part at least one block;
 * which ones is drawn from the seed. Where neighbouring blocks belong to different parts, `gapFrames` frames around the
 * boundary are dropped, so frames of two parts are always more than `gapFrames` apart within a recording.
 * A recording too short for that trains as a whole and is named in `contract.undivided`.
 * @throws {SpatterError} SPLIT_NEEDS_TIMES without frame numbers; SPLIT_IMPOSSIBLE when no recording can be divided.
 */
export const timeBlockSplit: Splitter = (input, options) => {
  if (!input.known) {
    throw new SpatterError(
      'SPLIT_NEEDS_TIMES',
      "the split 'time-block' needs the frame of every crop, and some crops have no sidecar (<video>_crops.csv)",
      "extract the videos again, or use the split 'recording'",
    );
  }
  const settings = readOptions(options);
  const part = new Uint8Array(input.label.length).fill(DROPPED);
  const order = byRecordingAndFrame(input);
  const undivided: string[] = [];
  for (let start = 0, end = 0; start < order.length; start = end) {
    const recording = input.recording[order[start]!]!;
    while (end < order.length && input.recording[order[end]!] === recording) end++;
    const rows = order.subarray(start, end);
    if (!divide(rows, input.frame, recording, settings, part))
      undivided.push(input.recordings[recording]!.name);
  }
  const { seed, blocks, gap } = settings;
  return collect(part, { kind: 'time-block', gap_frames: gap, seed, blocks, undivided });
};

function readOptions(options: Parameters<Splitter>[1]): BlockOptions {
  const blocks = options.blocks ?? DEFAULT_BLOCKS;
  const gap = options.gapFrames ?? DEFAULT_GAP;
  if (!Number.isInteger(blocks) || blocks < 3 || !Number.isInteger(gap) || gap < 0) {
    throw new SpatterError(
      'USAGE',
      `the split 'time-block' needs 3 or more blocks and a gap of 0 or more frames, got ${blocks} and ${gap}`,
      'use for example 5 blocks and a gap of 25 frames',
    );
  }
  const fractions = checkFractions(options.fractions ?? REFERENCE_FRACTIONS);
  return { fractions, seed: options.seed ?? 0, blocks, gap };
}

/** Fills `part` for one recording's `rows` (by frame); false, and all to train, when a part would get nothing. */
function divide(
  rows: Uint32Array,
  frame: Int32Array,
  recording: number,
  { fractions, seed, blocks, gap }: BlockOptions,
  part: Uint8Array,
): boolean {
  const starts = blockStarts(rows, frame, blocks);
  const parts = blockParts(blocks, fractions, seed, recording);
  const seen = new Set<number>();
  for (let i = 0, block = 0; i < rows.length; i++) {
    const f = frame[rows[i]!]!;
    while (block + 1 < blocks && f >= starts[block + 1]!) block++;
    const guarded = inGap(f, block, starts, parts, gap);
    part[rows[i]!] = guarded ? DROPPED : parts[block]!;
    if (!guarded) seen.add(parts[block]!);
  }
  if (seen.size === 3) return true;
  for (const row of rows) part[row] = 0;
  return false;
}

/** First frame of each block: quantiles of the crops, so that busy and quiet stretches weigh alike. */
function blockStarts(rows: Uint32Array, frame: Int32Array, blocks: number): Int32Array {
  return Int32Array.from({ length: blocks }, (_, b) => frame[rows[Math.floor((b * rows.length) / blocks)]!]!);
}

/** Part of each block: shares by largest remainder, at least one each, in an order drawn for this recording. */
function blockParts(blocks: number, fractions: Fractions, seed: number, recording: number): Uint8Array {
  const counts = fractions.map((f) => Math.max(1, Math.floor(f * blocks + 1e-9)));
  const total = (): number => counts.reduce((a, b) => a + b, 0);
  const lack = (p: number): number => fractions[p]! * blocks - counts[p]!;
  const extreme = (sign: number, eligible: (p: number) => boolean): number =>
    [0, 1, 2].filter(eligible).reduce((a, b) => (sign * lack(b) > sign * lack(a) ? b : a));
  while (total() < blocks) counts[extreme(1, () => true)]!++;
  while (total() > blocks) counts[extreme(-1, (p) => counts[p]! > 1)]!--;
  const sorted = counts.flatMap((count, p) => Array<number>(count).fill(p));
  return Uint8Array.from(permutation(randomStream(seed, recording), blocks), (i) => sorted[i]!);
}

/** Whether frame `f` lies within the guard before or after a boundary where the part changes. */
function inGap(f: number, block: number, starts: Int32Array, parts: Uint8Array, gap: number): boolean {
  const before = Math.ceil(gap / 2);
  for (let b = block; b > 0 && f < starts[b]! + gap - before; b--) if (parts[b] !== parts[b - 1]) return true;
  for (let b = block + 1; b < parts.length && f >= starts[b]! - before; b++) {
    if (parts[b] !== parts[b - 1]) return true;
  }
  return false;
}
