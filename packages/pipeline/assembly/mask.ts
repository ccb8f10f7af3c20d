// Difference mask of two BGR frames: absolute difference, gray, 5×5 blur, threshold, 7×7 dilation, in whole numbers exactly as OpenCV 4 computes them.

/** Bytes before the first pixel of a scratch row, so that loads to the left of it stay inside the row. */
const PAD: i32 = 16;

/**
 * @param first, second  first pixel of each frame's region; rows are `frameStride` bytes apart
 * @param threshold      mask = blurred difference > threshold, 0…255
 * @param scratch        `height·rowStride` bytes of gray, as many of dilated rows, `4·rowStride` of work rows, `2·height` flags
 * @param rowStride      a multiple of 16, at least width + 48
 * @param labels         (height + 2) rows of `labelStride` bytes; row 0, the last row and column 0 are border and stay 0
 * @param occupied       `height` bytes: 1 where the row of `labels` holds any pixel
 * @returns the number of occupied rows
 */
export function differenceMask(
  first: usize,
  second: usize,
  frameStride: i32,
  width: i32,
  height: i32,
  threshold: i32,
  scratch: usize,
  rowStride: i32,
  labels: usize,
  labelStride: i32,
  occupied: usize,
): i32 {
  const gray = scratch + PAD;
  const spread = gray + <usize>(rowStride * height);
  const columnSums = spread + <usize>(rowStride * height);
  const mask = columnSums + <usize>(rowStride * 2);
  const bright = scratch + <usize>(rowStride * (2 * height + 4));
  const marked = bright + <usize>height;
  for (let y = 0; y < height; y++) {
    const offset = <usize>(y * frameStride);
    const brightest = grayDifference(first + offset, second + offset, width, gray + <usize>(y * rowStride));
    store<u8>(bright + <usize>y, u8(brightest > threshold));
  }
  // blur > threshold ⇔ (sum + 128) >> 8 > threshold
  const limit = (threshold + 1) * 256 - 128;
  for (let y = 0; y < height; y++) {
    const any = nearby(bright, y, 2, height);
    store<u8>(marked + <usize>y, u8(any));
    // A blurred value never exceeds its brightest source, so dark surroundings need no blur.
    if (!any) continue;
    blurColumns(gray, rowStride, y, width, height, columnSums);
    const set = blurRowAndCompare(columnSums, width, limit, mask);
    store<u8>(marked + <usize>y, u8(set));
    if (set) spreadRow(mask, width, spread + <usize>(y * rowStride));
  }
  let rows = 0;
  for (let y = 0; y < height; y++) {
    const row = labels + <usize>((y + 1) * labelStride + 1);
    const any = nearby(marked, y, 3, height);
    store<u8>(occupied + <usize>y, u8(any));
    if (any) {
      gatherRows(spread, rowStride, marked, y, width, height, row);
      rows++;
    } else memory.fill(row, 0, <usize>width);
  }
  return rows;
}

/** Whether any flag within `radius` rows of `y` is set; beyond the frame counts as not set (a mirrored row lies within). */
function nearby(flags: usize, y: i32, radius: i32, height: i32): bool {
  for (let i = max(0, y - radius), end = min(height - 1, y + radius); i <= end; i++) {
    if (load<u8>(flags + <usize>i) != 0) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function absoluteDifference(a: v128, b: v128): v128 {
  return v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a));
}

/** Gray of four pixels from their first 12 of 16 bytes: (3735 B + 19235 G + 9798 R + 16384) >> 15, OpenCV's BGR2GRAY. */
// @ts-ignore: decorator
@inline
function gray4(difference: v128): v128 {
  const zero = i32x4.splat(0);
  const blueGreen = v128.shuffle<u8>(difference, zero, 0, 16, 1, 16, 3, 16, 4, 16, 6, 16, 7, 16, 9, 16, 10, 16);
  const red = v128.shuffle<u8>(difference, zero, 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16);
  const redAndOne = v128.or(red, i32x4.splat(0x00010000));
  const sum = i32x4.add(
    i32x4.dot_i16x8_s(blueGreen, i16x8(3735, 19235, 3735, 19235, 3735, 19235, 3735, 19235)),
    i32x4.dot_i16x8_s(redAndOne, i16x8(9798, 16384, 9798, 16384, 9798, 16384, 9798, 16384)),
  );
  return i32x4.shr_u(sum, 15);
}

/** Gray differences of one row; returns the brightest, or more when pixels beyond the width are brighter (callers only skip by it). */
function grayDifference(first: usize, second: usize, width: i32, out: usize): i32 {
  let most = i8x16.splat(0);
  for (let x = 0; x < width; x += 16) {
    const a = first + <usize>(3 * x);
    const b = second + <usize>(3 * x);
    const d0 = absoluteDifference(v128.load(a), v128.load(b));
    const d1 = absoluteDifference(v128.load(a, 12), v128.load(b, 12));
    const d2 = absoluteDifference(v128.load(a, 24), v128.load(b, 24));
    const d3 = absoluteDifference(v128.load(a, 36), v128.load(b, 36));
    let gray = i32x4.splat(0);
    if (v128.any_true(v128.or(v128.or(d0, d1), v128.or(d2, d3)))) {
      const low = i16x8.narrow_i32x4_u(gray4(d0), gray4(d1));
      const high = i16x8.narrow_i32x4_u(gray4(d2), gray4(d3));
      gray = i8x16.narrow_i16x8_u(low, high);
      most = i8x16.max_u(most, gray);
    }
    v128.store(out + <usize>x, gray);
  }
  return largestByte(most);
}

function largestByte(bytes: v128): i32 {
  let m = i8x16.max_u(bytes, v128.shuffle<u8>(bytes, bytes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  m = i8x16.max_u(m, v128.shuffle<u8>(m, m, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3));
  m = i8x16.max_u(m, v128.shuffle<u8>(m, m, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1));
  return max(<i32>i8x16.extract_lane_u(m, 0), <i32>i8x16.extract_lane_u(m, 1));
}

/** OpenCV's BORDER_REFLECT_101: the edge itself is not repeated (…2 1 | 0 1 2…). */
function mirrored(index: i32, length: i32): i32 {
  if (length == 1) return 0;
  let i = index;
  while (i < 0 || i >= length) i = i < 0 ? -i : 2 * length - 2 - i;
  return i;
}

// @ts-ignore: decorator
@inline
function weighted5(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  const outer = i16x8.add(a, e);
  const inner = i16x8.shl(i16x8.add(i16x8.add(b, d), c), 2);
  return i16x8.add(i16x8.add(outer, inner), i16x8.shl(c, 1));
}

/** 1 4 6 4 1 down the columns around row `y`: sums up to 4080, as 16-bit numbers. */
function blurColumns(gray: usize, rowStride: i32, y: i32, width: i32, height: i32, sums: usize): void {
  const r0 = gray + <usize>(mirrored(y - 2, height) * rowStride);
  const r1 = gray + <usize>(mirrored(y - 1, height) * rowStride);
  const r2 = gray + <usize>(y * rowStride);
  const r3 = gray + <usize>(mirrored(y + 1, height) * rowStride);
  const r4 = gray + <usize>(mirrored(y + 2, height) * rowStride);
  for (let x: usize = 0; x < <usize>width; x += 8) {
    const sum = weighted5(
      v128.load_ext<u8>(r0 + x),
      v128.load_ext<u8>(r1 + x),
      v128.load_ext<u8>(r2 + x),
      v128.load_ext<u8>(r3 + x),
      v128.load_ext<u8>(r4 + x),
    );
    v128.store(sums + 2 * x, sum);
  }
  for (let i = 1; i <= 2; i++) {
    store<u16>(sums - <usize>(2 * i), load<u16>(sums + <usize>(2 * mirrored(-i, width))));
    const beyond = width - 1 + i;
    store<u16>(sums + <usize>(2 * beyond), load<u16>(sums + <usize>(2 * mirrored(beyond, width))));
  }
}

// @ts-ignore: decorator
@inline
function rowSums(at: usize): v128 {
  return weighted5(v128.load(at - 4), v128.load(at - 2), v128.load(at), v128.load(at + 2), v128.load(at + 4));
}

/** 1 4 6 4 1 along the row, then 0xFF where the sum (up to 65 280) reaches `limit`; returns whether any does. */
function blurRowAndCompare(sums: usize, width: i32, limit: i32, mask: usize): bool {
  const least = i16x8.splat(<i16>limit);
  for (let x = 0; x < width; x += 16) {
    const at = sums + <usize>(2 * x);
    const low = i16x8.ge_u(rowSums(at), least);
    const high = i16x8.ge_u(rowSums(at + 16), least);
    v128.store(mask + <usize>x, i8x16.narrow_i16x8_s(low, high));
  }
  const zero = i8x16.splat(0);
  v128.store(mask - <usize>PAD, zero);
  v128.store(mask + <usize>width, zero);
  let any = zero;
  for (let x = 0; x < width; x += 16) any = v128.or(any, v128.load(mask + <usize>x));
  return v128.any_true(any);
}

/** 7 wide dilation of one mask row; beyond the row counts as not set. */
function spreadRow(mask: usize, width: i32, out: usize): void {
  for (let x: usize = 0; x < <usize>width; x += 16) {
    const at = mask + x;
    const left = v128.or(v128.or(v128.load(at - 3), v128.load(at - 2)), v128.load(at - 1));
    const right = v128.or(v128.or(v128.load(at + 1), v128.load(at + 2)), v128.load(at + 3));
    v128.store(out + x, v128.or(v128.or(left, right), v128.load(at)));
  }
}

/** 7 high dilation: the union of the marked rows within 3 of `y`, as 0 and 1. */
function gatherRows(
  spread: usize,
  rowStride: i32,
  marked: usize,
  y: i32,
  width: i32,
  height: i32,
  out: usize,
): void {
  const from = max(0, y - 3);
  const to = min(height - 1, y + 3);
  const one = i8x16.splat(1);
  for (let x = 0; x < width; x += 16) {
    let any = i8x16.splat(0);
    for (let i = from; i <= to; i++) {
      if (load<u8>(marked + <usize>i) != 0) any = v128.or(any, v128.load(spread + <usize>(i * rowStride + x)));
    }
    v128.store(out + <usize>x, v128.and(any, one));
  }
  v128.store(out + <usize>width, i8x16.splat(0));
}
