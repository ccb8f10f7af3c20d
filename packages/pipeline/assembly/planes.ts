// Where two decoded 4:2:0 frames may differ visibly, from their planes alone: decides which parts of a video need colour.

/** Columns handled at once; ranges are multiples of it. */
const BLOCK: i32 = 16;
/** Bytes of one range: two u16, from and to. */
const RANGE: usize = 4;

/** The bound's factors (src/video/moving.ts) in 1/96, rounded up: sums stay below 65 536. */
const LUMA: i16 = 112;
const FIRST_CHROMA: i16 = 45;
const SECOND_CHROMA: i16 = 92;

/**
 * For each band of `bandRows` rows, the columns [from, to) that hold every pixel whose bound exceeds `limit`; 0, 0 for none.
 * @param first, second  a frame's luma plane; the chroma planes lie `firstChroma` and `secondChroma` bytes behind it
 * @param stride         of luma rows; chroma rows are `chromaStride` apart
 * @param width, height  of the luma plane, even
 * @param left, right    columns looked at
 * @param bandRows       even
 * @param limit          96 times the largest bound that counts as still, 0…65 535
 * @param out            room for one range per band
 * @returns the number of bands that hold a range
 */
export function movingColumns(
  first: usize,
  second: usize,
  firstChroma: usize,
  secondChroma: usize,
  stride: i32,
  chromaStride: i32,
  width: i32,
  height: i32,
  left: i32,
  right: i32,
  bandRows: i32,
  limit: i32,
  out: usize,
): i32 {
  const most = i16x8.splat(<i16>limit);
  const start = left & ~(BLOCK - 1);
  let bands = 0;
  for (let y = 0; y < height; y += bandRows, out += RANGE) {
    const rows = min(bandRows, height - y);
    let from = 0;
    let to = 0;
    for (let x = start; x < right; x += BLOCK) {
      const luma = <usize>(y * stride + x);
      const chroma = <usize>((y >> 1) * chromaStride + (x >> 1));
      const dy = largest16(first + luma, second + luma, stride, rows);
      const du = largest8(first + firstChroma + chroma, second + firstChroma + chroma, chromaStride, rows >> 1);
      const dv = largest8(first + secondChroma + chroma, second + secondChroma + chroma, chromaStride, rows >> 1);
      if (!exceeds(dy, du, dv, within(width - x), most)) continue;
      if (to == 0) from = x;
      to = x + BLOCK;
    }
    store<u16>(out, <u16>from);
    store<u16>(out, <u16>to, 2);
    bands += i32(to != 0);
  }
  return bands;
}

/** Largest differences in each of 16 columns. */
// @ts-ignore: decorator
@inline
function largest16(a: usize, b: usize, stride: i32, rows: i32): v128 {
  let most = i8x16.splat(0);
  for (let y = 0; y < rows; y++) {
    most = i8x16.max_u(most, apart(v128.load(a), v128.load(b)));
    a += <usize>stride;
    b += <usize>stride;
  }
  return most;
}

/** Largest differences in each of 8 columns, the lower lanes. */
// @ts-ignore: decorator
@inline
function largest8(a: usize, b: usize, stride: i32, rows: i32): v128 {
  let most = i8x16.splat(0);
  for (let y = 0; y < rows; y++) {
    most = i8x16.max_u(most, apart(v128.load64_zero(a), v128.load64_zero(b)));
    a += <usize>stride;
    b += <usize>stride;
  }
  return most;
}

// @ts-ignore: decorator
@inline
function apart(a: v128, b: v128): v128 {
  return v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
}

/** All bits in the first `columns` lanes: what lies beyond the picture is not of it. */
// @ts-ignore: decorator
@inline
function within(columns: i32): v128 {
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i8x16.lt_s(lanes, i8x16.splat(<i8>min(columns, BLOCK)));
}

/** Whether the bound exceeds the limit in any column of `mask`; each chroma lane belongs to two of luma. */
// @ts-ignore: decorator
@inline
function exceeds(dy: v128, du: v128, dv: v128, mask: v128, most: v128): bool {
  const y = v128.and(dy, mask);
  const u = v128.and(v128.shuffle<u8>(du, du, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7), mask);
  const v = v128.and(v128.shuffle<u8>(dv, dv, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7), mask);
  const low = bound(i16x8.extend_low_i8x16_u(y), i16x8.extend_low_i8x16_u(u), i16x8.extend_low_i8x16_u(v));
  const high = bound(i16x8.extend_high_i8x16_u(y), i16x8.extend_high_i8x16_u(u), i16x8.extend_high_i8x16_u(v));
  return v128.any_true(v128.or(i16x8.gt_u(low, most), i16x8.gt_u(high, most)));
}

// @ts-ignore: decorator
@inline
function bound(y: v128, u: v128, v: v128): v128 {
  const luma = i16x8.mul(y, i16x8.splat(LUMA));
  const first = i16x8.mul(u, i16x8.splat(FIRST_CHROMA));
  return i16x8.add(i16x8.add(luma, first), i16x8.mul(v, i16x8.splat(SECOND_CHROMA)));
}
