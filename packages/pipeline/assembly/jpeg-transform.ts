// Part of jpeg-decode.ts: the accurate integer inverse transform of libjpeg (jidctint), eight bytes a row into a plane.
import { BLOCK } from './jpeg-layout';
import { transpose } from './jpeg-transpose';

/** libjpeg's range limit: ten bits are kept of a sample, which is then clamped around 128. */
// @ts-ignore: decorator
@inline
function limit(value: i32): i32 {
  return max(-128, min(127, (value << 22) >> 22)) + 128;
}

/** A block that has nothing but `dc`. */
export function fillBlock(dc: i32, to: usize, stride: i32): void {
  const row = <u64>limit((dc * 4 + 16) >> 5) * 0x0101010101010101;
  for (let y = 0; y < 8; y++, to += stride) store<u64>(to, row);
}

export function inverseTransform(to: usize, stride: i32): void {
  pass(BLOCK, 11);
  pass(BLOCK + 16, 11);
  transpose(BLOCK);
  pass(BLOCK, 18);
  pass(BLOCK + 16, 18);
  storeRows(to, stride);
}

// @ts-ignore: decorator
@inline
function times(value: v128, factor: i32): v128 {
  return i32x4.mul(value, i32x4.splat(factor));
}

/**
 * Four one-dimensional transforms side by side, eight coefficients 32 bytes apart (Loeffler, Ligtenberg and Moschytz 1989 with
 * 13-bit constants); results lose `bits` bits.
 */
function pass(at: usize, bits: i32): void {
  const c2 = v128.load(at, 64);
  const c6 = v128.load(at, 192);
  const z = times(i32x4.add(c2, c6), 4433);
  const e2 = i32x4.sub(z, times(c6, 15137));
  const e3 = i32x4.add(z, times(c2, 6270));
  const c0 = v128.load(at);
  const c4 = v128.load(at, 128);
  const round = i32x4.splat(1 << (bits - 1));
  const e0 = i32x4.add(i32x4.shl(i32x4.add(c0, c4), 13), round);
  const e1 = i32x4.add(i32x4.shl(i32x4.sub(c0, c4), 13), round);
  combine(at, bits, i32x4.add(e0, e3), i32x4.add(e1, e2), i32x4.sub(e1, e2), i32x4.sub(e0, e3));
}

/** The odd half, and its sums with the even one. */
// @ts-ignore: decorator
@inline
function combine(at: usize, bits: i32, e0: v128, e1: v128, e2: v128, e3: v128): void {
  const c1 = v128.load(at, 32);
  const c3 = v128.load(at, 96);
  const c5 = v128.load(at, 160);
  const c7 = v128.load(at, 224);
  const low = i32x4.add(c7, c3);
  const high = i32x4.add(c5, c1);
  const both = times(i32x4.add(low, high), 9633);
  const z1 = times(i32x4.add(c7, c1), -7373);
  const z2 = times(i32x4.add(c5, c3), -20995);
  const z3 = i32x4.add(times(low, -16069), both);
  const z4 = i32x4.add(times(high, -3196), both);
  const o0 = i32x4.add(times(c7, 2446), i32x4.add(z1, z3));
  const o1 = i32x4.add(times(c5, 16819), i32x4.add(z2, z4));
  const o2 = i32x4.add(times(c3, 25172), i32x4.add(z2, z3));
  const o3 = i32x4.add(times(c1, 12299), i32x4.add(z1, z4));
  v128.store(at, i32x4.shr_s(i32x4.add(e0, o3), bits));
  v128.store(at, i32x4.shr_s(i32x4.sub(e0, o3), bits), 224);
  v128.store(at, i32x4.shr_s(i32x4.add(e1, o2), bits), 32);
  v128.store(at, i32x4.shr_s(i32x4.sub(e1, o2), bits), 192);
  v128.store(at, i32x4.shr_s(i32x4.add(e2, o1), bits), 64);
  v128.store(at, i32x4.shr_s(i32x4.sub(e2, o1), bits), 160);
  v128.store(at, i32x4.shr_s(i32x4.add(e3, o0), bits), 96);
  v128.store(at, i32x4.shr_s(i32x4.sub(e3, o0), bits), 128);
}

/** Column `x` of the samples, limited; it stands as a row in BLOCK after the second pass. */
// @ts-ignore: decorator
@inline
function column(x: usize): v128 {
  const low = i32x4.shr_s(i32x4.shl(v128.load(BLOCK + x * 32), 22), 22);
  const high = i32x4.shr_s(i32x4.shl(v128.load(BLOCK + x * 32, 16), 22), 22);
  return i16x8.narrow_i32x4_s(low, high);
}

// @ts-ignore: decorator
@inline
function columns(x: usize): v128 {
  return v128.xor(i8x16.narrow_i16x8_s(column(x), column(x + 1)), i8x16.splat(-128));
}

/** Turns the columns into rows of eight bytes. */
function storeRows(to: usize, stride: i32): void {
  const c01 = columns(0);
  const c23 = columns(2);
  const c45 = columns(4);
  const c67 = columns(6);
  // Bytes (row y, columns 0 1 2 3) and (4 5 6 7), rows 0 … 3 and 4 … 7.
  const a = pairs(c01);
  const b = pairs(c23);
  const c = pairs(c45);
  const d = pairs(c67);
  const left0 = v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  const left4 = v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
  const right0 = v128.shuffle<i16>(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  const right4 = v128.shuffle<i16>(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  storePair(to, stride, v128.shuffle<i32>(left0, right0, 0, 4, 1, 5));
  storePair(to + 2 * stride, stride, v128.shuffle<i32>(left0, right0, 2, 6, 3, 7));
  storePair(to + 4 * stride, stride, v128.shuffle<i32>(left4, right4, 0, 4, 1, 5));
  storePair(to + 6 * stride, stride, v128.shuffle<i32>(left4, right4, 2, 6, 3, 7));
}

/** Two columns of eight bytes, one behind the other, to pairs of bytes row by row. */
// @ts-ignore: decorator
@inline
function pairs(both: v128): v128 {
  return v128.shuffle<u8>(both, both, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

// @ts-ignore: decorator
@inline
function storePair(to: usize, stride: i32, rows: v128): void {
  store<u64>(to, i64x2.extract_lane(rows, 0));
  store<u64>(to + stride, i64x2.extract_lane(rows, 1));
}
