// Bilinear resize with antialias, byte for byte Pillow's `Image.resize(…, BILINEAR)` on 8-bit planes.
import { instantiateWasm } from '../../util/wasm.ts';
import type { Plane } from './plane.ts';
import { RESIZE_BASE64 } from './resize.generated.ts';

const PRECISION_BITS = 22;

/** assembly/resize.ts; addresses are the caller's. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): void;
  horizontal(
    from: number,
    width: number,
    rows: number,
    table: number,
    outputs: number,
    chunks: number,
    to: number,
  ): void;
  vertical(
    from: number,
    stride: number,
    width: number,
    table: number,
    outputs: number,
    taps: number,
    to: number,
  ): void;
  compact(from: number, stride: number, width: number, rows: number): void;
}

/** Fixed-point weights of one pass, output i = Σ_j weights[i][j] · input[first[i] + j], as the kernel reads them. */
interface Pass {
  readonly horizontal: Uint8Array;
  /** Groups of eight weights of a sample. */
  readonly chunks: number;
  readonly vertical: Uint8Array;
  readonly taps: number;
}

const passes = new Map<number, Pass>();
/** Bound of `passes`: images of any size may come over a network. */
const MOST_PASSES = 1024;

/** Weights for `from` → `to` samples, kept per pair, the oldest let go first; crops come in a few hundred sizes. */
function passFor(from: number, to: number): Pass {
  const key = from * 65536 + to;
  let pass = passes.get(key);
  if (pass !== undefined) return pass;
  if (passes.size >= MOST_PASSES) passes.delete(passes.keys().next().value!);
  passes.set(key, (pass = computePass(from, to)));
  return pass;
}

/** What one output sample is made of: weights of neighbouring input samples from `first` on. */
interface Tap {
  readonly first: number;
  readonly weights: Int32Array;
}

function computePass(from: number, to: number): Pass {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const taps = Array.from({ length: to }, (_, i): Tap => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(from, Math.trunc(centre + support + 0.5)) - first;
    return { first, weights: triangle(first - centre + 0.5, count, 1 / support) };
  });
  const most = Math.max(...taps.map(({ weights }) => weights.length));
  const chunks = Math.ceil(most / CHUNK);
  return {
    horizontal: horizontalTable(taps, chunks),
    chunks,
    vertical: verticalTable(taps, most),
    taps: most,
  };
}

/** Weights of a sample that the horizontal pass takes at a time, and samples that it makes at a time. */
const CHUNK = 8;
const GROUP = 4;
const LOW_BITS = 11;

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/** First inputs, i32, then for each sample and chunk the upper and the lower parts of eight weights, i16. */
function horizontalTable(taps: readonly Tap[], chunks: number): Uint8Array {
  const outputs = roundUp(taps.length, GROUP);
  const table = new Uint8Array(outputs * (4 + 4 * CHUNK * chunks));
  const parts = new Int16Array(table.buffer, 4 * outputs);
  new Int32Array(table.buffer, 0, outputs).set(taps.map(({ first }) => first));
  taps.forEach(({ weights }, i) => {
    weights.forEach((weight, j) => {
      const at = 2 * CHUNK * (i * chunks + Math.floor(j / CHUNK)) + (j % CHUNK);
      parts[at] = weight >> LOW_BITS;
      parts[at + CHUNK] = weight & ((1 << LOW_BITS) - 1);
    });
  });
  return table;
}

/** First inputs, counts, and `most` weights for each sample, all i32. */
function verticalTable(taps: readonly Tap[], most: number): Uint8Array {
  const table = new Int32Array(taps.length * (2 + most));
  taps.forEach(({ first, weights }, i) => {
    table[i] = first;
    table[taps.length + i] = weights.length;
    table.set(weights, 2 * taps.length + i * most);
  });
  return new Uint8Array(table.buffer);
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
  const { width, height } = from;
  const source = from.data.subarray(from.offset, from.offset + width * height);
  const memory = prepareMemory(source, from, to);
  const begin: Stage = { at: 0, width, height, stride: width };
  const end = verticalFirst(from, to, order)
    ? resizeAcross(resizeDown(begin, to.height), to.width)
    : resizeDown(resizeAcross(begin, to.width), to.height);
  if (end.stride > end.width) loaded!.compact(end.at, end.stride, end.width, end.height);
  to.data.set(new Uint8Array(memory, end.at, to.width * to.height), to.offset);
}

/** Bytes that the kernel may touch beyond the end of an area, and a little more. */
const SLACK = 64;

let loaded: Kernel | undefined;
/** Where the next table or plane goes in the kernel's memory. */
let free = 0;

/** A plane in the kernel's memory. */
interface Stage {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

/** Puts the source to 0 and makes room for what comes of it. */
function prepareMemory(source: Uint8Array, from: Plane, to: Plane): ArrayBuffer {
  loaded ??= instantiateWasm<Kernel>(RESIZE_BASE64);
  const passes = [passFor(from.width, to.width), passFor(from.height, to.height)] as const;
  const tables = passes[0].horizontal.length + passes[1].vertical.length;
  const width = Math.max(from.width, to.width + GROUP);
  const planes = width * Math.max(from.height, to.height) + width * to.height;
  loaded.reserve(source.length + tables + planes + 6 * SLACK);
  new Uint8Array(loaded.memory.buffer).set(source);
  free = roundUp(source.length + SLACK, 16);
  return loaded.memory.buffer;
}

function takeArea(bytes: number): number {
  const at = free;
  free = roundUp(free + bytes + SLACK, 16);
  return at;
}

function takeTable(table: Uint8Array): number {
  const at = takeArea(table.length);
  new Uint8Array(loaded!.memory.buffer).set(table, at);
  return at;
}

function resizeAcross(plane: Stage, width: number): Stage {
  if (plane.width === width) return plane;
  const { horizontal, chunks } = passFor(plane.width, width);
  const stride = roundUp(width, GROUP);
  const table = takeTable(horizontal);
  const at = takeArea(stride * plane.height);
  loaded!.horizontal(plane.at, plane.stride, plane.height, table, stride, chunks, at);
  return { at, width, height: plane.height, stride };
}

function resizeDown(plane: Stage, height: number): Stage {
  if (plane.height === height) return plane;
  const { vertical, taps } = passFor(plane.height, height);
  const table = takeTable(vertical);
  const at = takeArea(plane.width * height);
  loaded!.vertical(plane.at, plane.stride, plane.width, table, height, taps, at);
  return { at, width: plane.width, height, stride: plane.width };
}
