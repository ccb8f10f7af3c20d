// Baseline JPEG decoding in AssemblyScript with SIMD, to the very pixels of libjpeg-turbo's default path: the accurate integer
// transform ("islow"), triangle ("fancy") upsampling, 16-bit fixed-point colour.
// Compiled by `npm run build:jpeg` into src/store/jpeg-decode.generated.ts.
//
// Takes one interleaved scan of 8-bit samples, gray or Y Cb Cr with 4:4:4, 4:2:2 or 4:2:0, without restart markers. Whatever else
// or out of order it meets, it gives up with 0 and libjpeg-turbo decides; so it needs no error messages and knows no warnings.
//
// Memory: tables below INPUT, then the file, its entropy-coded bytes without stuffing, the planes, three rows, the pixels.
import { components, height, readHeader, scan, width } from './jpeg-header';
import { Component, INPUT, SLACK, component } from './jpeg-layout';
import { upsample, writeGrayRow, writeRow } from './jpeg-rows';
import { decodeUnit, scanEnded, startScan } from './jpeg-scan';

let end: usize = 0;
let data: usize = 0;
let sums: usize = 0;
let rowCb: usize = 0;
let rowCr: usize = 0;
let pixels: usize = 0;

/** Makes room for a file of `length` bytes; returns where to put it. */
export function reserve(length: i32): usize {
  grow(INPUT + length + SLACK);
  return INPUT;
}

export function imageWidth(): i32 {
  return width;
}

export function imageHeight(): i32 {
  return height;
}

/** Decodes the file at INPUT; returns where its pixels stand (blue, green, red, or one gray byte each), or 0. */
export function decode(length: i32, gray: bool): usize {
  end = INPUT + length;
  if (!readHeader(end)) return 0;
  place();
  if (!decodeScan()) return 0;
  for (let y = 0; y < height; y++) writePixels(y, pixels + y * width * (gray ? 1 : 3), gray);
  return pixels;
}

function grow(bytes: usize): void {
  const pages = <i32>((bytes + 0xffff) >> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
}

/** Places what is made of the file behind it. */
function place(): void {
  const luma = component(0);
  const unitsAcross = (width + 8 * luma.across - 1) / (8 * luma.across);
  const unitsDown = (height + 8 * luma.down - 1) / (8 * luma.down);
  data = (end + 15) & ~15;
  let free = data + (end - scan) + SLACK;
  for (let i = 0; i < components; i++) {
    const each = component(i);
    each.stride = unitsAcross * 8 * each.across;
    each.plane = free;
    free += <usize>(each.stride * unitsDown * 8 * each.down) + SLACK;
  }
  sums = free;
  rowCb = sums + width + SLACK;
  rowCr = rowCb + width + SLACK;
  pixels = rowCr + width + SLACK;
  grow(pixels + 3 * <usize>(width * height) + SLACK);
}

/** Copies the entropy-coded bytes without the zeros that follow FF; the end of the image must follow. Returns how many, or −1. */
function unstuff(): i32 {
  let put = data;
  for (let at = scan; at + 2 <= end;) {
    for (; at + 16 <= end; at += 16, put += 16) {
      const bytes = v128.load(at);
      if (v128.any_true(i8x16.eq(bytes, i8x16.splat(-1)))) break;
      v128.store(put, bytes);
    }
    for (; at < end && load<u8>(at) != 0xff; at++, put++) store<u8>(put, load<u8>(at));
    if (at + 2 > end) break;
    const next = load<u8>(at, 1);
    if (next == 0xd9) return <i32>(put - data);
    if (next != 0) break;
    store<u8>(put++, 0xff);
    at += 2;
  }
  return -1;
}

function decodeScan(): bool {
  const length = unstuff();
  if (length < 0) return false;
  startScan(data, length);
  const luma = component(0);
  const unitWidth = 8 * luma.across;
  const unitHeight = 8 * luma.down;
  for (let y = 0; y * unitHeight < height; y++) {
    for (let x = 0; x * unitWidth < width; x++) {
      if (!decodeUnit(components, x, y)) return false;
    }
  }
  return scanEnded();
}

function writePixels(y: i32, to: usize, gray: bool): void {
  const luma = component(0).plane + y * component(0).stride;
  if (components == 1) {
    writeGrayRow(luma, to, width, gray);
    return;
  }
  const cb = chromaRow(component(1), y, rowCb);
  writeRow(luma, cb, chromaRow(component(2), y, rowCr), to, width, gray);
}

/** Row `y` of a chroma plane at full width: in place, or made at `row`. */
function chromaRow(chroma: Component, y: i32, row: usize): usize {
  const luma = component(0);
  if (luma.across == 1) return chroma.plane + y * chroma.stride;
  const columns = (width + 1) >> 1;
  if (luma.down == 1) {
    upsample(chroma.plane + y * chroma.stride, 0, columns, sums, row);
    return row;
  }
  const near = y >> 1;
  const last = ((height + 1) >> 1) - 1;
  const other = max(0, min(last, near + (y & 1) * 2 - 1));
  upsample(chroma.plane + near * chroma.stride, chroma.plane + other * chroma.stride, columns, sums, row);
  return row;
}
