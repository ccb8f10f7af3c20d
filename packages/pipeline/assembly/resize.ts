// The two passes of a bilinear resize with antialias in AssemblyScript with SIMD, to the bytes of Pillow's fixed-point sums.
// Compiled by `npm run build:kernel` into src/data/transforms/resize.generated.ts; tables come from src/data/transforms/resize.ts.
//
// The caller places everything. Rows are written in order, up to 15 bytes beyond their end; up to 16 bytes beyond the end of an
// area may be read.

const BITS: i32 = 22;
const HALF: i32 = 1 << 21;
/** Weights of 22 bits are multiplied as two numbers of at most 12 bits. */
const LOW_BITS: i32 = 11;

/** Makes the memory at least so large. */
export function reserve(bytes: usize): void {
  const pages = <i32>((bytes + 0xffff) >> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}

/**
 * `rows` rows of `width` bytes to `outputs` samples each, a multiple of 4, `outputs` bytes apart. `table` holds i32[outputs], where
 * each sample's taps begin, then for each sample `chunks` times the upper and the lower parts of eight weights, i16.
 */
export function horizontal(
  from: usize,
  width: i32,
  rows: i32,
  table: usize,
  outputs: i32,
  chunks: i32,
  to: usize,
): void {
  const weights = table + 4 * outputs;
  const size = 32 * chunks;
  for (let x = 0; x < outputs; x += 4) {
    const at = weights + x * size;
    const firsts = table + 4 * x;
    for (let y = 0; y < rows; y++) {
      const row = from + y * width;
      const a = tapSum(row + load<i32>(firsts), at, chunks);
      const b = tapSum(row + load<i32>(firsts, 4), at + size, chunks);
      const c = tapSum(row + load<i32>(firsts, 8), at + 2 * size, chunks);
      const d = tapSum(row + load<i32>(firsts, 12), at + 3 * size, chunks);
      store<u32>(to + y * outputs + x, rounded(sumsOf(a, b, c, d)));
    }
  }
}

/** Products of one sample's taps, added up in four lanes. */
// @ts-ignore: decorator
@inline
function tapSum(from: usize, weights: usize, chunks: i32): v128 {
  const bytes = v128.load_ext<u8>(from);
  let sum = products(bytes, weights);
  for (let i = 1; i < chunks; i++) {
    sum = i32x4.add(sum, products(v128.load_ext<u8>(from + 8 * i), weights + 32 * i));
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function products(bytes: v128, weights: usize): v128 {
  const upper = i32x4.dot_i16x8_s(bytes, v128.load(weights));
  const lower = i32x4.dot_i16x8_s(bytes, v128.load(weights, 16));
  return i32x4.add(i32x4.shl(upper, LOW_BITS), lower);
}

/** The sum of the lanes of each of four vectors. */
// @ts-ignore: decorator
@inline
function sumsOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 2, 4, 6), v128.shuffle<i32>(c, d, 1, 3, 5, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 2, 4, 6), v128.shuffle<i32>(ab, cd, 1, 3, 5, 7));
}

/** Four bytes. */
// @ts-ignore: decorator
@inline
function rounded(sums: v128): u32 {
  const samples = i32x4.shr_s(i32x4.add(sums, i32x4.splat(HALF)), BITS);
  const words = i16x8.narrow_i32x4_s(samples, samples);
  return i32x4.extract_lane(i8x16.narrow_i16x8_u(words, words), 0);
}

/**
 * Rows of `width` bytes, `stride` apart, to `outputs` rows without gaps. `table` holds i32[outputs], the first row of each, i32[outputs],
 * how many, then `taps` weights for each, i32.
 */
export function vertical(
  from: usize,
  stride: i32,
  width: i32,
  table: usize,
  outputs: i32,
  taps: i32,
  to: usize,
): void {
  const weights = table + 8 * outputs;
  for (let y = 0; y < outputs; y++) {
    const row = from + load<i32>(table + 4 * y) * stride;
    const count = load<i32>(table + 4 * (outputs + y));
    const at = weights + 4 * y * taps;
    for (let x = 0; x < width; x += 16) column(row + x, stride, count, at, to + y * width + x);
  }
}

/** 16 samples next to each other. */
// @ts-ignore: decorator
@inline
function column(from: usize, stride: i32, count: i32, weights: usize, to: usize): void {
  let a = i32x4.splat(HALF);
  let b = a;
  let c = a;
  let d = a;
  for (let j = 0; j < count; j++, from += stride) {
    const weight = v128.load_splat<i32>(weights + 4 * j);
    const bytes = v128.load(from);
    const low = i16x8.extend_low_i8x16_u(bytes);
    const high = i16x8.extend_high_i8x16_u(bytes);
    a = i32x4.add(a, i32x4.mul(i32x4.extend_low_i16x8_u(low), weight));
    b = i32x4.add(b, i32x4.mul(i32x4.extend_high_i16x8_u(low), weight));
    c = i32x4.add(c, i32x4.mul(i32x4.extend_low_i16x8_u(high), weight));
    d = i32x4.add(d, i32x4.mul(i32x4.extend_high_i16x8_u(high), weight));
  }
  const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, BITS), i32x4.shr_s(b, BITS));
  const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, BITS), i32x4.shr_s(d, BITS));
  v128.store(to, i8x16.narrow_i16x8_u(low, high));
}

/** Moves rows of `stride` bytes together to rows of `width`. */
export function compact(from: usize, stride: i32, width: i32, rows: i32): void {
  for (let y = 1; y < rows; y++) memory.copy(from + y * width, from + y * stride, width);
}
