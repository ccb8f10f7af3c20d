// Bilinear resize with antialias, byte for byte Pillow's `Image.resize(…, BILINEAR)` on 8-bit planes.
import type { Plane } from './plane.ts';

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Fixed-point weights of one pass: output i = Σ_j weights[i·taps + j] · input[first[i] + j], j < count[i]. */
interface Pass {
  readonly taps: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
}

const passes = new Map<number, Pass>();
/** Bound of `passes`: images of any size may come over a network. */
const MOST_PASSES = 1024;
let scratch = new Uint8Array(1 << 14);

/** Weights for `from` → `to` samples, kept per pair, the oldest let go first; crops come in a few hundred sizes. */
function passFor(from: number, to: number): Pass {
  const key = from * 65536 + to;
  let pass = passes.get(key);
  if (pass !== undefined) return pass;
  if (passes.size >= MOST_PASSES) passes.delete(passes.keys().next().value!);
  passes.set(key, (pass = computePass(from, to)));
  return pass;
}

function computePass(from: number, to: number): Pass {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const taps = Math.ceil(support) * 2 + 1;
  const pass = {
    taps,
    first: new Int32Array(to),
    count: new Int32Array(to),
    weights: new Int32Array(to * taps),
  };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    pass.first[i] = first;
    pass.count[i] = count;
    pass.weights.set(triangle(first - centre + 0.5, count, 1 / support), i * taps);
  }
  return pass;
}

/** `count` triangle weights from `start` on, normalised in double precision, then rounded to fixed point. */
function triangle(start: number, count: number, inverseSupport: number): Int32Array {
  const weights = Float64Array.from({ length: count }, (_, j) =>
    Math.max(0, 1 - Math.abs((start + j) * inverseSupport)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return Int32Array.from(weights, (w) => Math.trunc((w / sum) * (1 << PRECISION_BITS) + 0.5));
}

/**
 * Which pass runs first; the other one sees rounded bytes, so the order shows in the last bit.
 * `pillow-12`: always the horizontal one (Pillow up to 12.3, the reference). `pillow-13`: the vertical one first where
 * the height shrinks by more than twice what the width does.
 */
export type PassOrder = 'pillow-12' | 'pillow-13';

function verticalFirst(from: Plane, to: Plane, order: PassOrder): boolean {
  const rows = from.height - to.height;
  return order === 'pillow-13' && rows > 0 && rows > 2 * (from.width - to.width);
}

/**
 * Resizes `from` to the size of `to`; they must not overlap. Bytes are rounded between the passes, and a pass whose
 * sizes agree is skipped, as in Pillow. No clamp is needed: bilinear weights are positive and sum to 1.
 */
export function resizeBilinear(from: Plane, to: Plane, order: PassOrder = 'pillow-12'): void {
  if (from.width === to.width && from.height === to.height) {
    to.data.set(from.data.subarray(from.offset, from.offset + from.width * from.height), to.offset);
  } else if (from.width === to.width) {
    vertical(from, to);
  } else if (from.height === to.height) {
    horizontal(from, to);
  } else if (verticalFirst(from, to, order)) {
    const between = scratchPlane(from.width, to.height);
    vertical(from, between);
    horizontal(between, to);
  } else {
    const between = scratchPlane(to.width, from.height);
    horizontal(from, between);
    vertical(between, to);
  }
}

function scratchPlane(width: number, height: number): Plane {
  if (scratch.length < width * height) scratch = new Uint8Array(width * height * 2);
  return { data: scratch, offset: 0, width, height };
}

function horizontal({ data: src, offset, width, height }: Plane, to: Plane): void {
  const { taps, first, count, weights } = passFor(width, to.width);
  const { data: out, width: stride } = to;
  for (let x = 0; x < stride; x++) {
    const weight = x * taps;
    const n = count[x]!;
    let at = offset + first[x]!;
    let put = to.offset + x;
    for (let y = 0; y < height; y++, at += width, put += stride) {
      let sum = HALF;
      for (let j = 0; j < n; j++) sum += src[at + j]! * weights[weight + j]!;
      out[put] = sum >> PRECISION_BITS;
    }
  }
}

function vertical({ data: src, offset, width, height }: Plane, to: Plane): void {
  const { taps, first, count, weights } = passFor(height, to.height);
  const out = to.data;
  let put = to.offset;
  for (let y = 0; y < to.height; y++) {
    const weight = y * taps;
    const n = count[y]!;
    const top = offset + first[y]! * width;
    for (let x = 0; x < width; x++) {
      let sum = HALF;
      for (let j = 0, at = top + x; j < n; j++, at += width) sum += src[at]! * weights[weight + j]!;
      out[put++] = sum >> PRECISION_BITS;
    }
  }
}
