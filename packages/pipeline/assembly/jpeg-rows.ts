// Part of jpeg-decode.ts: rows of samples to rows of pixels – chroma to full width, colour, gray.

/** Sums of a chroma row with its neighbour, one more at each end. */
const END: usize = 2;

/**
 * Doubles a row of `columns` chroma samples as libjpeg's "fancy" upsampling: near samples weigh 3, far ones 1. `other` is the next
 * nearest row where chroma has half the height too, 0 where it has all of it. `sums` holds i16[columns + 2] and slack.
 */
export function upsample(near: usize, other: usize, columns: i32, sums: usize, to: usize): void {
  const three = i16x8.splat(3);
  for (let x = 0; x < columns; x += 8) {
    const here = v128.load_ext<u8>(near + x);
    const sum = other == 0 ? here : i16x8.add(i16x8.mul(here, three), v128.load_ext<u8>(other + x));
    v128.store(sums + END + 2 * x, sum);
  }
  store<i16>(sums, load<i16>(sums + END));
  store<i16>(sums + END + 2 * columns, load<i16>(sums + 2 * columns));
  const shift = other == 0 ? 2 : 4;
  const before = i16x8.splat(other == 0 ? 1 : 8);
  const after = i16x8.splat(other == 0 ? 2 : 7);
  for (let x = 0; x < columns; x += 8) {
    const at = sums + 2 * x;
    const here = i16x8.mul(v128.load(at, END), three);
    const even = i16x8.shr_u(i16x8.add(i16x8.add(here, v128.load(at)), before), shift);
    const odd = i16x8.shr_u(i16x8.add(i16x8.add(here, v128.load(at, 2 * END)), after), shift);
    v128.store(to + 2 * x, v128.or(even, i16x8.shl(odd, 8)));
  }
}

/** 16 bits of a product sum, rounded: (low · factor + …) >> 16 over both halves. */
// @ts-ignore: decorator
@inline
function scaled(low: v128, high: v128, factors: v128): v128 {
  const half = i32x4.splat(32768);
  return i16x8.narrow_i32x4_s(
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(low, factors), half), 16),
    i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(high, factors), half), 16),
  );
}

// @ts-ignore: decorator
@inline
function factors(first: i32, second: i32): v128 {
  return i32x4.splat((first & 0xffff) | (second << 16));
}

// @ts-ignore: decorator
@inline
function lowPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function highPairs(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

// BT.601 in libjpeg's 16-bit fixed point. Factors beyond 15 bits are taken apart: 1.402 = 1 + 26345 / 2^16 and so on.

// @ts-ignore: decorator
@inline
function redOf(y: v128, cr: v128): v128 {
  const more = scaled(lowPairs(cr, cr), highPairs(cr, cr), factors(26345, 0));
  return i16x8.add(i16x8.add(y, cr), more);
}

// @ts-ignore: decorator
@inline
function greenOf(y: v128, cb: v128, cr: v128): v128 {
  const less = scaled(lowPairs(cb, cr), highPairs(cb, cr), factors(-22554, 18734));
  return i16x8.add(i16x8.sub(y, cr), less);
}

// @ts-ignore: decorator
@inline
function blueOf(y: v128, cb: v128): v128 {
  const less = scaled(lowPairs(cb, cb), highPairs(cb, cb), factors(-14942, 0));
  return i16x8.add(i16x8.add(y, i16x8.shl(cb, 1)), less);
}

/** `width` pixels of luma at `luma` and chroma of the same width, to blue, green, red, or to gray; may write 16 pixels too many. */
export function writeRow(luma: usize, cb: usize, cr: usize, to: usize, width: i32, gray: bool): void {
  const middle = i16x8.splat(128);
  for (let x = 0; x < width; x += 16) {
    const yLow = v128.load_ext<u8>(luma + x);
    const yHigh = v128.load_ext<u8>(luma + x + 8);
    const cbLow = i16x8.sub(v128.load_ext<u8>(cb + x), middle);
    const cbHigh = i16x8.sub(v128.load_ext<u8>(cb + x + 8), middle);
    const crLow = i16x8.sub(v128.load_ext<u8>(cr + x), middle);
    const crHigh = i16x8.sub(v128.load_ext<u8>(cr + x + 8), middle);
    const blue = i8x16.narrow_i16x8_u(blueOf(yLow, cbLow), blueOf(yHigh, cbHigh));
    const green = i8x16.narrow_i16x8_u(greenOf(yLow, cbLow, crLow), greenOf(yHigh, cbHigh, crHigh));
    const red = i8x16.narrow_i16x8_u(redOf(yLow, crLow), redOf(yHigh, crHigh));
    if (gray) v128.store(to + x, grayOf(blue, green, red));
    else storePixels(to + 3 * x, blue, green, red);
  }
}

/** A row of a gray image: three equal channels, or the gray that they give again. */
export function writeGrayRow(luma: usize, to: usize, width: i32, gray: bool): void {
  for (let x = 0; x < width; x += 16) {
    const samples = v128.load(luma + x);
    if (gray) v128.store(to + x, samples);
    else storePixels(to + 3 * x, samples, samples, samples);
  }
}

/** The gray of `grayFromBgr` in data/transforms/gray.ts: blue has the weight of red. */
// @ts-ignore: decorator
@inline
function grayOf(blue: v128, green: v128, red: v128): v128 {
  const low = grayHalf(i16x8.extend_low_i8x16_u(blue), i16x8.extend_low_i8x16_u(green), i16x8.extend_low_i8x16_u(red));
  const high = grayHalf(
    i16x8.extend_high_i8x16_u(blue),
    i16x8.extend_high_i8x16_u(green),
    i16x8.extend_high_i8x16_u(red),
  );
  return i8x16.narrow_i16x8_u(low, high);
}

// @ts-ignore: decorator
@inline
function grayHalf(blue: v128, green: v128, red: v128): v128 {
  const outer = factors(19595, 7471);
  const inner = factors(19235, 19235);
  const half = i32x4.splat(32768);
  const low = i32x4.add(
    i32x4.dot_i16x8_s(lowPairs(blue, red), outer),
    i32x4.dot_i16x8_s(lowPairs(green, green), inner),
  );
  const high = i32x4.add(
    i32x4.dot_i16x8_s(highPairs(blue, red), outer),
    i32x4.dot_i16x8_s(highPairs(green, green), inner),
  );
  return i16x8.narrow_i32x4_s(
    i32x4.shr_u(i32x4.add(low, half), 16),
    i32x4.shr_u(i32x4.add(high, half), 16),
  );
}

/** Interleaves 16 pixels. */
function storePixels(to: usize, blue: v128, green: v128, red: v128): void {
  const a = v128.shuffle<u8>(blue, green, 0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5);
  const b = v128.shuffle<u8>(blue, green, 21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26);
  const c = v128.shuffle<u8>(blue, green, 0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0);
  v128.store(to, v128.shuffle<u8>(a, red, 0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15));
  v128.store(to, v128.shuffle<u8>(b, red, 0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15), 16);
  v128.store(to, v128.shuffle<u8>(c, red, 26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31), 32);
}
