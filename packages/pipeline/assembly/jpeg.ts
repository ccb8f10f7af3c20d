// Baseline JPEG 4:2:0 in AssemblyScript with SIMD: pixels to entropy-coded bytes, to the same bits as libjpeg's "islow" path.
//
// Compiled by `npm run build:jpeg` into src/store/jpeg-encoder.generated.ts; tables come from src/store/jpeg-tables.ts.
//
// Memory: tables and one block below INPUT, then pixels, then the planes Y, Cb, Cr (full size), Cb, Cr (half size), then output.

import { halve, roundUp, toPlanes } from './jpeg-planes';
import { transpose } from './jpeg-transpose';

const ZIGZAG: usize = 0; // u8[64]: position of coefficient k in a block
const ORDER: usize = 64; // u8[64]: the coefficient at each position
const DIVISORS: usize = 256; // f32[64] for luma, then f32[64] for chroma: quantiser × 8, the scale of the DCT
const DC_CODES: usize = 1024; // u32[16] for luma, then for chroma: code << 5 | length
const AC_CODES: usize = 2048; // u32[256] for luma, then for chroma
const BLOCK: usize = 4096; // i32[64]
const INPUT: usize = 8192;

let acc: u64 = 0;
let accBits: i32 = 0;
let out: usize = 0;

let yPlane: usize = 0;
let cbFull: usize = 0;
let crFull: usize = 0;
let cbHalf: usize = 0;
let crHalf: usize = 0;
let output: usize = 0;

/** Makes room for a crop and places the planes; pixels go to INPUT (blue, green, red). Returns where the output will start. */
export function reserve(width: i32, height: i32): usize {
  const w = roundUp(width, 16);
  const h = roundUp(height, 16);
  yPlane = (INPUT + width * height * 3 + 15) & ~15;
  cbFull = yPlane + w * h;
  crFull = cbFull + w * h;
  cbHalf = crFull + w * h;
  crHalf = cbHalf + (w * h) / 4;
  output = crHalf + (w * h) / 4;
  // A coefficient takes at most 27 bits, twice that when every byte is stuffed: 448 bytes a block bound it.
  const end = output + ((w * h) / 64) * 6 * 448 + 64;
  const pages = <i32>((end + 0xffff) >> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  return output;
}

/** Encodes the pixels at INPUT; returns the number of entropy-coded bytes. */
export function encode(width: i32, height: i32): i32 {
  toPlanes(INPUT, yPlane, cbFull, crFull, width, height);
  halve(cbFull, cbHalf, width, height);
  halve(crFull, crHalf, width, height);
  acc = 0;
  accBits = 0;
  out = output;
  encodeUnits(width, height);
  put(0x7f, 7);
  return <i32>(out - output);
}

/** A coded unit is 2×2 luma blocks and one of each chroma. Luma blocks wholly outside the crop repeat the DC before them. */
function encodeUnits(width: i32, height: i32): void {
  const stride = roundUp(width, 16);
  const half = stride >> 1;
  let dcY = 0;
  let dcCb = 0;
  let dcCr = 0;
  for (let y = 0; y < height; y += 16) {
    for (let x = 0; x < width; x += 16) {
      for (let k = 0; k < 4; k++) {
        const bx = x + (k & 1) * 8;
        const by = y + (k >> 1) * 8;
        if (bx < width && by < height) dcY = encodeBlock(yPlane + by * stride + bx, stride, dcY, 0);
        else encodeEmpty();
      }
      const at = (y >> 1) * half + (x >> 1);
      dcCb = encodeBlock(cbHalf + at, half, dcCb, 1);
      dcCr = encodeBlock(crHalf + at, half, dcCr, 1);
    }
  }
}

/** No difference in DC, no other coefficient. */
function encodeEmpty(): void {
  putCode(load<u32>(DC_CODES));
  putCode(load<u32>(AC_CODES));
}

function encodeBlock(samples: usize, stride: i32, lastDc: i32, chroma: i32): i32 {
  loadBlock(samples, stride);
  transpose(BLOCK);
  transform(true);
  transpose(BLOCK);
  transform(false);
  const places = quantise(DIVISORS + chroma * 256);
  const dc = load<i32>(BLOCK);
  putValue(DC_CODES + chroma * 64, 0, dc - lastDc);
  putAc(AC_CODES + chroma * 1024, places);
  return dc;
}

function loadBlock(samples: usize, stride: i32): void {
  const middle = i16x8.splat(128);
  for (let y = 0; y < 8; y++) {
    const row = i16x8.sub(v128.load_ext<u8>(samples + y * stride), middle);
    v128.store(BLOCK + y * 32, i32x4.extend_low_i16x8_s(row));
    v128.store(BLOCK + y * 32, i32x4.extend_high_i16x8_s(row), 16);
  }
}

function times(value: v128, factor: i32): v128 {
  return i32x4.mul(value, i32x4.splat(factor));
}

function descale(value: v128, bits: i32): v128 {
  return i32x4.shr_s(i32x4.add(value, i32x4.splat(1 << (bits - 1))), bits);
}

/** Both halves of the block, four one-dimensional transforms side by side in each. */
function transform(first: bool): void {
  transformLanes(BLOCK, first);
  transformLanes(BLOCK + 16, first);
}

/**
 * Loeffler, Ligtenberg and Moschytz (1989) with 13-bit constants; two fractional bits are kept between the passes.
 * Factors are sums of cosines × 8192, as in libjpeg's accurate integer transform.
 */
function transformLanes(at: usize, first: bool): void {
  const s0 = i32x4.add(v128.load(at), v128.load(at, 224));
  const s7 = i32x4.sub(v128.load(at), v128.load(at, 224));
  const s1 = i32x4.add(v128.load(at, 32), v128.load(at, 192));
  const s6 = i32x4.sub(v128.load(at, 32), v128.load(at, 192));
  const s2 = i32x4.add(v128.load(at, 64), v128.load(at, 160));
  const s5 = i32x4.sub(v128.load(at, 64), v128.load(at, 160));
  const s3 = i32x4.add(v128.load(at, 96), v128.load(at, 128));
  const s4 = i32x4.sub(v128.load(at, 96), v128.load(at, 128));
  transformEven(at, s0, s1, s2, s3, first);
  transformOdd(at, s4, s5, s6, s7, first ? 11 : 15);
}

function transformEven(at: usize, s0: v128, s1: v128, s2: v128, s3: v128, first: bool): void {
  const e0 = i32x4.add(s0, s3);
  const e3 = i32x4.sub(s0, s3);
  const e1 = i32x4.add(s1, s2);
  const e2 = i32x4.sub(s1, s2);
  const sum = i32x4.add(e0, e1);
  const difference = i32x4.sub(e0, e1);
  v128.store(at, first ? i32x4.shl(sum, 2) : descale(sum, 2));
  v128.store(at, first ? i32x4.shl(difference, 2) : descale(difference, 2), 128);
  const shift = first ? 11 : 15;
  const z = times(i32x4.add(e2, e3), 4433);
  v128.store(at, descale(i32x4.add(z, times(e3, 6270)), shift), 64);
  v128.store(at, descale(i32x4.sub(z, times(e2, 15137)), shift), 192);
}

function transformOdd(at: usize, s4: v128, s5: v128, s6: v128, s7: v128, shift: i32): void {
  const even = i32x4.add(s4, s6);
  const odd = i32x4.add(s5, s7);
  const both = times(i32x4.add(even, odd), 9633);
  const z1 = times(i32x4.add(s4, s7), -7373);
  const z2 = times(i32x4.add(s5, s6), -20995);
  const z3 = i32x4.add(times(even, -16069), both);
  const z4 = i32x4.add(times(odd, -3196), both);
  v128.store(at, descale(i32x4.add(times(s4, 2446), i32x4.add(z1, z3)), shift), 224);
  v128.store(at, descale(i32x4.add(times(s5, 16819), i32x4.add(z2, z4)), shift), 160);
  v128.store(at, descale(i32x4.add(times(s6, 25172), i32x4.add(z2, z3)), shift), 96);
  v128.store(at, descale(i32x4.add(times(s7, 12299), i32x4.add(z1, z4)), shift), 32);
}

/** Quantises the block; returns a bit for each position that holds no zero. */
function quantise(divisors: usize): u64 {
  let places: u64 = 0;
  for (let i: usize = 0; i < 256; i += 64) {
    const low = i16x8.narrow_i32x4_s(quantise4(i, divisors), quantise4(i + 16, divisors));
    const high = i16x8.narrow_i32x4_s(quantise4(i + 32, divisors), quantise4(i + 48, divisors));
    const some = i8x16.ne(i8x16.narrow_i16x8_s(low, high), i8x16.splat(0));
    places |= (<u64>i8x16.bitmask(some)) << (i >> 2);
  }
  return places;
}

/** Rounds |c| / d half up and restores the sign. Exact in float: |c| < 2^15 leaves a quotient 2^−15 or more from an integer. */
// @ts-ignore: decorator
@inline
function quantise4(i: usize, divisors: usize): v128 {
  const c = v128.load(BLOCK + i);
  const d = v128.load(divisors + i);
  const magnitude = f32x4.convert_i32x4_s(i32x4.abs(c));
  const q = i32x4.trunc_sat_f32x4_s(f32x4.div(f32x4.add(magnitude, f32x4.mul(d, f32x4.splat(0.5))), d));
  const sign = i32x4.shr_s(c, 31);
  const value = i32x4.sub(v128.xor(q, sign), sign);
  v128.store(BLOCK + i, value);
  return value;
}

/** @param places a bit for each position of the block that holds no zero */
function putAc(codes: usize, places: u64): void {
  let order: u64 = 0;
  for (; places != 0; places &= places - 1) order |= (<u64>1) << load<u8>(ORDER + <usize>ctz(places));
  let last = 0;
  for (order &= ~(<u64>1); order != 0; order &= order - 1) {
    const k = <i32>ctz(order);
    let run = k - last - 1;
    for (; run > 15; run -= 16) putCode(load<u32>(codes + 0xf0 * 4));
    putValue(codes, run << 4, load<i32>(BLOCK + ((<usize>load<u8>(ZIGZAG + k)) << 2)));
    last = k;
  }
  if (last < 63) putCode(load<u32>(codes));
}

/** The code of (zero run, number of bits), then the bits; negative numbers count down from all ones. */
function putValue(codes: usize, run: i32, value: i32): void {
  const bits = 32 - <i32>clz<i32>(abs<i32>(value));
  const entry = load<u32>(codes + ((run | bits) << 2));
  const tail = (value + (value >> 31)) & ((1 << bits) - 1);
  put(((entry >> 5) << bits) | tail, (entry & 31) + bits);
}

function putCode(entry: u32): void {
  put(entry >> 5, entry & 31);
}

/** Appends up to 27 bits; a byte 0xFF is followed by 0. */
function put(value: u32, bits: i32): void {
  acc = (acc << bits) | value;
  accBits += bits;
  while (accBits >= 8) {
    accBits -= 8;
    const byte = (<u32>(acc >> accBits)) & 0xff;
    store<u8>(out++, <u8>byte);
    if (byte == 0xff) store<u8>(out++, 0);
  }
}
