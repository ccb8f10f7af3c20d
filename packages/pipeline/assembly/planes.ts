// Where two decoded 4:2:0 frames may differ visibly, from their planes alone: decides which parts of a video need colour.

/** Columns of a block; ranges are multiples of it. */
const BLOCK: i32 = 16;
/** Columns handled at once: 16 samples of chroma. */
const STEP: i32 = 2 * BLOCK;
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
): void {
  const most = i16x8.splat(<i16>limit);
  // Where no sample differs by more, no bound exceeds the limit.
  const little = i8x16.splat(<i8>(limit / (LUMA + FIRST_CHROMA + SECOND_CHROMA)));
  const start = left & ~(BLOCK - 1);
  const stop = min(width, (right + BLOCK - 1) & ~(BLOCK - 1));
  const between = second - first;
  const planes = secondChroma - firstChroma;
  for (let y = 0; y < height; y += bandRows, out += RANGE) {
    const rows = min(bandRows, height - y);
    let from = 0;
    let to = 0;
    const luma = first + <usize>(y * stride + start);
    const chroma = first + firstChroma + <usize>((y >> 1) * chromaStride + (start >> 1));
    const still =
      isLittle(luma, between, stride, rows, stop - start, little) &&
      isLittle(chroma, between, chromaStride, rows >> 1, (stop - start) >> 1, little) &&
      isLittle(chroma + planes, between, chromaStride, rows >> 1, (stop - start) >> 1, little);
    for (let x = still ? stop : start; x < stop; x += STEP) {
      let dy0 = i8x16.splat(0);
      let dy1 = i8x16.splat(0);
      let at = first + <usize>(y * stride + x);
      for (let row = 0; row < rows; row++, at += <usize>stride) {
        dy0 = i8x16.max_u(dy0, apart(at, at + between));
        dy1 = i8x16.max_u(dy1, apart(at + BLOCK, at + between + BLOCK));
      }
      let du = i8x16.splat(0);
      let dv = i8x16.splat(0);
      at = first + firstChroma + <usize>((y >> 1) * chromaStride + (x >> 1));
      for (let row = 0; row < rows; row += 2, at += <usize>chromaStride) {
        du = i8x16.max_u(du, apart(at, at + between));
        dv = i8x16.max_u(dv, apart(at + planes, at + planes + between));
      }
      const all = i8x16.max_u(i8x16.max_u(dy0, dy1), i8x16.max_u(du, dv));
      if (!v128.any_true(i8x16.sub_sat_u(all, little))) continue;
      for (let half = 0; half < STEP; half += BLOCK) {
        const u = half == 0 ? twiceLow(du) : twiceHigh(du);
        const v = half == 0 ? twiceLow(dv) : twiceHigh(dv);
        if (!exceeds(half == 0 ? dy0 : dy1, u, v, within(stop - x - half), most)) continue;
        if (to == 0) from = x + half;
        to = x + half + BLOCK;
      }
    }
    store<u16>(out, <u16>from);
    store<u16>(out, <u16>to, 2);
  }
}

/** Whether no sample differs by more than `little`: row by row, as memory is read fastest. May look at up to 31 bytes behind a row. */
function isLittle(at: usize, between: usize, stride: i32, rows: i32, columns: i32, little: v128): bool {
  let most = i8x16.splat(0);
  for (let row = 0; row < rows; row++, at += <usize>stride) {
    for (let x: usize = 0; x < <usize>columns; x += 2 * <usize>BLOCK) {
      const one = apart(at + x, at + x + between);
      most = i8x16.max_u(most, i8x16.max_u(one, apart(at + x + <usize>BLOCK, at + x + <usize>BLOCK + between)));
    }
  }
  return !v128.any_true(i8x16.sub_sat_u(most, little));
}

/** Differences of the 16 bytes at two addresses. */
// @ts-ignore: decorator
@inline
function apart(a: usize, b: usize): v128 {
  const one = v128.load(a);
  const other = v128.load(b);
  return v128.or(i8x16.sub_sat_u(one, other), i8x16.sub_sat_u(other, one));
}

/** Each of the first eight bytes, and each of the last eight, twice: a sample of chroma belongs to two columns. */
// @ts-ignore: decorator
@inline
function twiceLow(a: v128): v128 {
  return v128.shuffle<u8>(a, a, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
}

// @ts-ignore: decorator
@inline
function twiceHigh(a: v128): v128 {
  return v128.shuffle<u8>(a, a, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 15, 15);
}

/** All bits in the first `columns` lanes: what lies behind them is not looked at. */
// @ts-ignore: decorator
@inline
function within(columns: i32): v128 {
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i8x16.lt_s(lanes, i8x16.splat(<i8>min(columns, BLOCK)));
}

/** Whether the bound exceeds the limit in any column of `mask`. */
// @ts-ignore: decorator
@inline
function exceeds(dy: v128, du: v128, dv: v128, mask: v128, most: v128): bool {
  const y = v128.and(dy, mask);
  const u = v128.and(du, mask);
  const v = v128.and(dv, mask);
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
