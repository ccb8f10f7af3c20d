// Difference mask of two BGR frames: absolute difference, gray, 5×5 blur, threshold, 7×7 dilation, in whole numbers exactly as OpenCV 4 computes them.

/** Bytes before the first pixel of a scratch row, so that loads to the left of it stay inside the row. */
const PAD: i32 = 16;

/** A range of columns, [from, to) in two u16; both multiples of BLOCK, and 0, 0 when empty. */
const RANGE: i32 = 4;
/** Columns handled at once. */
const BLOCK: i32 = 16;

/**
 * Only columns near a bright pixel are worked on. This loses nothing, because a blurred value never exceeds the brightest
 * gray within 2 pixels: where no such gray exceeds the threshold, the mask is empty.
 * @param first, second  first pixel of each frame's region; rows are `frameStride` bytes apart
 * @param threshold      mask = blurred difference > threshold, 0…255
 * @param scratch        `height·rowStride` bytes of gray, as many of dilated rows, `4·rowStride` of work rows, `8·height + 4` of ranges
 * @param rowStride      a multiple of 16, at least width + 48
 * @param labels         (height + 2) rows of `labelStride` bytes; row 0, the last row and column 0 are border and stay 0
 * @param occupied       for each row of `labels` the columns [from, to) that hold all its pixels; those of the call before come in
 * @param bands          for each band of `bandRows` rows the columns [from, to) outside of which no gray exceeds the threshold
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
  bands: usize,
  bandRows: i32,
): i32 {
  const gray = scratch + PAD;
  const spread = gray + <usize>(rowStride * height);
  const columnSums = spread + <usize>(rowStride * height);
  const mask = columnSums + <usize>(rowStride * 2);
  // Ranges of bright pixels; once a row is blurred, the range of its dilated mask.
  const bright = scratch + <usize>(rowStride * (2 * height + 4));
  const blurred = bright + <usize>(RANGE * height);
  const end = (width + BLOCK - 1) & ~(BLOCK - 1);
  for (let y = 0; y < height; y++) {
    const offset = <usize>(y * frameStride);
    const band = bands + <usize>(RANGE * (y / bandRows));
    const from = rangeFrom(band) & ~(BLOCK - 1);
    const to = min(end, (rangeTo(band) + BLOCK - 1) & ~(BLOCK - 1));
    findBright(first + offset, second + offset, from, to, threshold, bright + <usize>(RANGE * y));
  }
  for (let y = 0; y < height; y++) widen(bright, y, height, end, blurred + <usize>(RANGE * y));
  for (let y = 0; y < height; y++) {
    const offset = <usize>(y * frameStride);
    grayDifference(first + offset, second + offset, blurred, y, height, end, gray + <usize>(y * rowStride));
  }
  // blur > threshold ⇔ (sum + 128) >> 8 > threshold
  const limit = (threshold + 1) * 256 - 128;
  for (let y = 0; y < height; y++) {
    const range = blurred + <usize>(RANGE * y);
    const from = rangeFrom(range);
    const to = rangeTo(range);
    if (to == 0) continue;
    blurColumns(gray, rowStride, y, from, to, width, height, columnSums);
    if (blurRowAndCompare(columnSums, from, to, width, limit, mask)) {
      const start = max(0, from - BLOCK);
      const stop = min(end, to + BLOCK);
      spreadRow(mask, start, stop, spread + <usize>(y * rowStride));
      setRange(bright + <usize>(RANGE * y), start, stop);
    } else setRange(bright + <usize>(RANGE * y), 0, 0);
  }
  for (let y = 0; y < height; y++) {
    if (rangeTo(blurred + <usize>(RANGE * y)) == 0) setRange(bright + <usize>(RANGE * y), 0, 0);
  }
  let rows = 0;
  for (let y = 0; y < height; y++) {
    const row = labels + <usize>((y + 1) * labelStride + 1);
    const range = occupied + <usize>(RANGE * y);
    if (rangeTo(range) != 0) memory.fill(row + <usize>rangeFrom(range), 0, <usize>(rangeTo(range) - rangeFrom(range)));
    uniteRanges(bright, y, 3, height, range);
    if (rangeTo(range) == 0) continue;
    gatherRows(spread, rowStride, bright, y, width, height, row);
    rows++;
  }
  return rows;
}

// @ts-ignore: decorator
@inline
function rangeFrom(range: usize): i32 {
  return <i32>load<u16>(range);
}

// @ts-ignore: decorator
@inline
function rangeTo(range: usize): i32 {
  return <i32>load<u16>(range, 2);
}

// @ts-ignore: decorator
@inline
function setRange(range: usize, from: i32, to: i32): void {
  store<u16>(range, <u16>from);
  store<u16>(range, <u16>to, 2);
}

/** The union of the ranges within `radius` rows of `y`. */
function uniteRanges(ranges: usize, y: i32, radius: i32, height: i32, out: usize): void {
  let from = 0xffff;
  let to = 0;
  for (let i = max(0, y - radius), last = min(height - 1, y + radius); i <= last; i++) {
    const range = ranges + <usize>(RANGE * i);
    if (rangeTo(range) == 0) continue;
    from = min(from, rangeFrom(range));
    to = max(to, rangeTo(range));
  }
  setRange(out, to == 0 ? 0 : from, to);
}

/** The union of the ranges within 2 rows of `y`, one block wider at both sides. */
function widen(ranges: usize, y: i32, height: i32, end: i32, out: usize): void {
  uniteRanges(ranges, y, 2, height, out);
  if (rangeTo(out) != 0) setRange(out, max(0, rangeFrom(out) - BLOCK), min(end, rangeTo(out) + BLOCK));
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
  const blueGreen = v128.swizzle(difference, i8x16(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
  const red = v128.swizzle(difference, i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
  const redAndOne = v128.or(red, i32x4.splat(0x00010000));
  const sum = i32x4.add(
    i32x4.dot_i16x8_s(blueGreen, i16x8(3735, 19235, 3735, 19235, 3735, 19235, 3735, 19235)),
    i32x4.dot_i16x8_s(redAndOne, i16x8(9798, 16384, 9798, 16384, 9798, 16384, 9798, 16384)),
  );
  return i32x4.shr_u(sum, 15);
}

/**
 * The range within [start, stop) of one row that holds every gray difference above `threshold`. A gray is a weighted mean of its
 * three bytes (the weights add up to 32768), so it cannot exceed the largest of them: no gray is needed yet.
 */
function findBright(first: usize, second: usize, start: i32, stop: i32, threshold: i32, out: usize): void {
  const most = i8x16.splat(<i8>threshold);
  let from = start;
  while (from < stop && !isBright(first + <usize>(3 * from), second + <usize>(3 * from), most)) from += BLOCK;
  if (from >= stop) return setRange(out, 0, 0);
  let to = stop - BLOCK;
  while (to > from && !isBright(first + <usize>(3 * to), second + <usize>(3 * to), most)) to -= BLOCK;
  setRange(out, from, to + BLOCK);
}

/** Whether any byte of 16 pixels differs by more than `most`. */
// @ts-ignore: decorator
@inline
function isBright(a: usize, b: usize, most: v128): bool {
  const d0 = absoluteDifference(v128.load(a), v128.load(b));
  const d1 = absoluteDifference(v128.load(a, 16), v128.load(b, 16));
  const d2 = absoluteDifference(v128.load(a, 32), v128.load(b, 32));
  const largest = i8x16.max_u(i8x16.max_u(d0, d1), d2);
  return v128.any_true(i8x16.sub_sat_u(largest, most));
}

/** Gray differences of 16 pixels. */
// @ts-ignore: decorator
@inline
function gray16(a: usize, b: usize): v128 {
  const d0 = absoluteDifference(v128.load(a), v128.load(b));
  const d1 = absoluteDifference(v128.load(a, 12), v128.load(b, 12));
  const d2 = absoluteDifference(v128.load(a, 24), v128.load(b, 24));
  const d3 = absoluteDifference(v128.load(a, 36), v128.load(b, 36));
  const low = i16x8.narrow_i32x4_u(gray4(d0), gray4(d1));
  const high = i16x8.narrow_i32x4_u(gray4(d2), gray4(d3));
  return i8x16.narrow_i16x8_u(low, high);
}

/** Gray differences of row `y`, as far as the blur of the rows around it looks: 2 rows and, by whole blocks, 2 columns. */
function grayDifference(first: usize, second: usize, blurred: usize, y: i32, height: i32, end: i32, out: usize): void {
  const range = blurred + <usize>(RANGE * height);
  widen(blurred, y, height, end, range);
  const to = rangeTo(range);
  for (let x = rangeFrom(range); x < to; x += BLOCK) {
    v128.store(out + <usize>x, gray16(first + <usize>(3 * x), second + <usize>(3 * x)));
  }
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

/** 1 4 6 4 1 down the columns around row `y`, one block beyond [from, to): sums up to 4080, as 16-bit numbers. */
function blurColumns(gray: usize, rowStride: i32, y: i32, from: i32, to: i32, width: i32, height: i32, sums: usize): void {
  const r0 = gray + <usize>(mirrored(y - 2, height) * rowStride);
  const r1 = gray + <usize>(mirrored(y - 1, height) * rowStride);
  const r2 = gray + <usize>(y * rowStride);
  const r3 = gray + <usize>(mirrored(y + 1, height) * rowStride);
  const r4 = gray + <usize>(mirrored(y + 2, height) * rowStride);
  const start = <usize>max(0, from - 8);
  const stop = <usize>min(width, to + 8);
  for (let x = start; x < stop; x += 8) {
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
    if (from == 0) store<u16>(sums - <usize>(2 * i), load<u16>(sums + <usize>(2 * mirrored(-i, width))));
    if (to < width) continue;
    const beyond = width - 1 + i;
    store<u16>(sums + <usize>(2 * beyond), load<u16>(sums + <usize>(2 * mirrored(beyond, width))));
  }
}

// @ts-ignore: decorator
@inline
function rowSums(at: usize): v128 {
  return weighted5(v128.load(at - 4), v128.load(at - 2), v128.load(at), v128.load(at + 2), v128.load(at + 4));
}

/** 1 4 6 4 1 along the row, then 0xFF where the sum (up to 65 280) reaches `limit`, and zeros around; returns whether any does. */
function blurRowAndCompare(sums: usize, from: i32, to: i32, width: i32, limit: i32, mask: usize): bool {
  const least = i16x8.splat(<i16>limit);
  const zero = i8x16.splat(0);
  let any = zero;
  for (let x = from; x < to; x += BLOCK) {
    const at = sums + <usize>(2 * x);
    const low = i16x8.ge_u(rowSums(at), least);
    const high = i16x8.ge_u(rowSums(at + 16), least);
    const set = i8x16.narrow_i16x8_s(low, high);
    v128.store(mask + <usize>x, set);
    any = v128.or(any, set);
  }
  v128.store(mask + <usize>from - 32, zero);
  v128.store(mask + <usize>from - 16, zero);
  v128.store(mask + <usize>to, zero);
  v128.store(mask + <usize>to, zero, 16);
  if (to > width) v128.store(mask + <usize>width, zero);
  return v128.any_true(any);
}

/** 7 wide dilation of a part of one mask row, as 0 and 1; beyond the row counts as not set. */
function spreadRow(mask: usize, from: i32, to: i32, out: usize): void {
  const one = i8x16.splat(1);
  for (let x = <usize>from; x < <usize>to; x += BLOCK) {
    const at = mask + x;
    const left = v128.or(v128.or(v128.load(at - 3), v128.load(at - 2)), v128.load(at - 1));
    const right = v128.or(v128.or(v128.load(at + 1), v128.load(at + 2)), v128.load(at + 3));
    v128.store(out + x, v128.and(v128.or(v128.or(left, right), v128.load(at)), one));
  }
}

/** 7 high dilation: the union of the rows within 3 of `y`, added to zeros. */
function gatherRows(spread: usize, rowStride: i32, ranges: usize, y: i32, width: i32, height: i32, out: usize): void {
  for (let i = max(0, y - 3), last = min(height - 1, y + 3); i <= last; i++) {
    const range = ranges + <usize>(RANGE * i);
    const row = spread + <usize>(i * rowStride);
    const to = <usize>rangeTo(range);
    for (let x = <usize>rangeFrom(range); x < to; x += BLOCK) {
      v128.store(out + x, v128.or(v128.load(out + x), v128.load(row + x)));
    }
  }
  v128.store(out + <usize>width, i8x16.splat(0));
}
