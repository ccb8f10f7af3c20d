// Part of jpeg.ts: pixels to the planes of luma and chroma, and chroma to half its size.

export function roundUp(value: i32, step: i32): i32 {
  return ((value + step - 1) / step) * step;
}

/** BT.601 in 16-bit fixed point. Rows and columns beyond the crop repeat its last ones. */
export function toPlanes(pixels: usize, luma: usize, cb: usize, cr: usize, width: i32, height: i32): void {
  const stride = roundUp(width, 16);
  const rows = roundUp(height, 16);
  for (let y = 0; y < height; y++) {
    const row = y * stride;
    const from = pixels + y * width * 3;
    for (let x = 0; x < width; x += 16) toPlanes16(from + x * 3, luma + row + x, cb + row + x, cr + row + x);
    extendRow(luma + row, width, stride);
    extendRow(cb + row, width, stride);
    extendRow(cr + row, width, stride);
  }
  extendDown(luma, stride, height, rows);
  extendDown(cb, stride, height, (height + 1) & ~1);
  extendDown(cr, stride, height, (height + 1) & ~1);
}

/** 16 pixels to the three planes; what lies behind the row's end becomes nonsense, to be overwritten. */
function toPlanes16(from: usize, luma: usize, cb: usize, cr: usize): void {
  const p0 = v128.load(from);
  const p1 = v128.load(from, 12);
  const p2 = v128.load(from, 24);
  const p3 = v128.load(from, 36);
  v128.store(luma, narrow(luma4(p0), luma4(p1), luma4(p2), luma4(p3)));
  v128.store(cb, narrow(blue4(p0), blue4(p1), blue4(p2), blue4(p3)));
  v128.store(cr, narrow(red4(p0), red4(p1), red4(p2), red4(p3)));
}

// @ts-ignore: decorator
@inline
function narrow(a: v128, b: v128, c: v128, d: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

/** Blue and green of four pixels as 16-bit numbers. */
// @ts-ignore: decorator
@inline
function blueGreen(pixels: v128): v128 {
  return v128.swizzle(pixels, i8x16(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
}

// @ts-ignore: decorator
@inline
function redGreen(pixels: v128): v128 {
  return v128.swizzle(pixels, i8x16(2, -1, 1, -1, 5, -1, 4, -1, 8, -1, 7, -1, 11, -1, 10, -1));
}

// @ts-ignore: decorator
@inline
function scaled(sum: v128, rounding: i32): v128 {
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat(rounding)), 16);
}

/** 19595 R + 38470 G + 7471 B; the factor of green is split in two that fit 16 bits. */
// @ts-ignore: decorator
@inline
function luma4(pixels: v128): v128 {
  const red = i32x4.dot_i16x8_s(redGreen(pixels), i16x8(19595, 22086, 19595, 22086, 19595, 22086, 19595, 22086));
  const blue = i32x4.dot_i16x8_s(blueGreen(pixels), i16x8(7471, 16384, 7471, 16384, 7471, 16384, 7471, 16384));
  return scaled(i32x4.add(red, blue), 32768);
}

/** −11059 R − 21709 G + 32768 B. */
// @ts-ignore: decorator
@inline
function blue4(pixels: v128): v128 {
  const blue = v128.swizzle(pixels, i8x16(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1));
  const factors = i16x8(-11059, -21709, -11059, -21709, -11059, -21709, -11059, -21709);
  return scaled(i32x4.add(i32x4.dot_i16x8_s(redGreen(pixels), factors), i32x4.shl(blue, 15)), 8421375);
}

/** 32768 R − 27439 G − 5329 B. */
// @ts-ignore: decorator
@inline
function red4(pixels: v128): v128 {
  const red = v128.swizzle(pixels, i8x16(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
  const factors = i16x8(-5329, -27439, -5329, -27439, -5329, -27439, -5329, -27439);
  return scaled(i32x4.add(i32x4.dot_i16x8_s(blueGreen(pixels), factors), i32x4.shl(red, 15)), 8421375);
}

function extendRow(row: usize, width: i32, stride: i32): void {
  memory.fill(row + width, load<u8>(row + width - 1), stride - width);
}

function extendDown(plane: usize, stride: i32, height: i32, rows: i32): void {
  const last = plane + (height - 1) * stride;
  for (let y = height; y < rows; y++) memory.copy(plane + y * stride, last, stride);
}

/** Means of 2×2 samples, rounded down and up in turn along a row, as libjpeg does. */
export function halve(full: usize, half: usize, width: i32, height: i32): void {
  const stride = roundUp(width, 16);
  const columns = stride >> 1;
  const rows = (height + 1) >> 1;
  const rounding = i16x8(1, 2, 1, 2, 1, 2, 1, 2);
  for (let y = 0; y < rows; y++) {
    const a = full + 2 * y * stride;
    const b = a + stride;
    for (let x = 0; x < columns; x += 8) {
      const above = i16x8.extadd_pairwise_i8x16_u(v128.load(a + 2 * x));
      const below = i16x8.extadd_pairwise_i8x16_u(v128.load(b + 2 * x));
      const mean = i16x8.shr_u(i16x8.add(i16x8.add(above, below), rounding), 2);
      v128.store64_lane(half + y * columns + x, i8x16.narrow_i16x8_u(mean, mean), 0);
    }
  }
  extendDown(half, columns, rows, roundUp(height, 16) >> 1);
}
