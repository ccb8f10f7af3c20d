// Copies a part of a B G R frame and sums up its brightness on the way.

/** Bytes handled at once: 16 pixels. */
const BLOCK: usize = 48;
/** Bytes whose sum fits in 32 bits. */
const PIECE: usize = BLOCK << 16;

/**
 * @param first     first pixel of the part; rows are `stride` bytes apart
 * @param rowBytes  of the part, 3 bytes a pixel
 * @param out       room for `rowBytes · height` bytes and a block more
 * @param sums      room for 32 bytes; three f64 are written: the sum of all bytes, that of blue, the largest byte
 */
export function cutCrop(first: usize, stride: usize, rowBytes: usize, height: i32, out: usize, sums: usize): void {
  let end = out;
  for (let y = 0; y < height; y++, first += stride, end += rowBytes) memory.copy(end, first, rowBytes);
  memory.fill(end, 0, BLOCK);
  let total: u64 = 0;
  let totalOfBlue: u64 = 0;
  let largest = i8x16.splat(0);
  for (let at = out; at < end; ) {
    const stop = min(end, at + PIECE);
    let all = i32x4.splat(0);
    let blue = i32x4.splat(0);
    for (; at < stop; at += BLOCK) {
      const a = v128.load(at);
      const b = v128.load(at, 16);
      const c = v128.load(at, 32);
      largest = i8x16.max_u(i8x16.max_u(largest, a), i8x16.max_u(b, c));
      all = i32x4.add(all, sumOf(a, b, c));
      blue = i32x4.add(blue, sumOf(blueOfFirst(a), blueOfSecond(b), blueOfThird(c)));
    }
    total += lanes(all);
    totalOfBlue += lanes(blue);
  }
  store<f64>(sums, <f64>total);
  store<f64>(sums, <f64>totalOfBlue, 8);
  v128.store(sums, largest, 16);
  let most: u8 = 0;
  for (let i: usize = 0; i < 16; i++) most = max(most, load<u8>(sums + i, 16));
  store<f64>(sums, <f64>most, 16);
}

/** Every third byte of a block is blue, from the first on. */
// @ts-ignore: decorator
@inline
function blueOfFirst(a: v128): v128 {
  return v128.and(a, i8x16(-1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1));
}

// @ts-ignore: decorator
@inline
function blueOfSecond(b: v128): v128 {
  return v128.and(b, i8x16(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0));
}

// @ts-ignore: decorator
@inline
function blueOfThird(c: v128): v128 {
  return v128.and(c, i8x16(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0));
}

/** The sum of the bytes of three vectors, spread over four lanes. */
// @ts-ignore: decorator
@inline
function sumOf(a: v128, b: v128, c: v128): v128 {
  const two = i16x8.add(i16x8.extadd_pairwise_i8x16_u(a), i16x8.extadd_pairwise_i8x16_u(b));
  return i32x4.extadd_pairwise_i16x8_u(i16x8.add(two, i16x8.extadd_pairwise_i8x16_u(c)));
}

// @ts-ignore: decorator
@inline
function lanes(a: v128): u64 {
  const first = <u64>(<u32>i32x4.extract_lane(a, 0)) + <u64>(<u32>i32x4.extract_lane(a, 1));
  return first + <u64>(<u32>i32x4.extract_lane(a, 2)) + <u64>(<u32>i32x4.extract_lane(a, 3));
}
