// Part of jpeg-decode.ts: the entropy-coded scan, block after block, each transformed at once into its component's plane.
import {
  BLOCK,
  Component,
  LONG,
  LONG_SIZE,
  LOOKUP,
  LOOK_BITS,
  QUANTISERS,
  SEGMENTS,
  SEGMENT_SIZE,
  ZIGZAG,
  component,
} from './jpeg-layout';
import { fillBlock, inverseTransform } from './jpeg-transform';

/** The next bits, at the top; what lies below `accBits` of them is zero. */
let acc: u64 = 0;
let accBits: i32 = 0;
let next: usize = 0;
let from: usize = 0;
let length: i32 = 0;

/**
 * No image has coefficients as large as this (they are below 2048 after rounding). libjpeg's shortcuts and its overflows show in
 * the pixels of a damaged file that has.
 */
const MOST_COEFFICIENT: i32 = 4096;

/** Begins with the `bytes` at `data`, whose stuffing is removed. */
export function startScan(data: usize, bytes: i32): void {
  acc = 0;
  accBits = 0;
  next = data;
  from = data;
  length = bytes;
  memory.fill(BLOCK, 0, 256);
  for (let i = 0; i < 3; i++) component(i).lastDc = 0;
}

/** Whether all bytes were needed and none were missing: the last may be filled up. */
export function scanEnded(): bool {
  const used = <i32>(next - from) * 8 - accBits;
  return used <= length * 8 && used > length * 8 - 8;
}

/** One coded unit: all blocks of each component at unit (x, y). */
export function decodeUnit(components: i32, x: i32, y: i32): bool {
  for (let i = 0; i < components; i++) {
    const each = component(i);
    for (let v = 0; v < each.down; v++) {
      for (let h = 0; h < each.across; h++) {
        const row = (y * each.down + v) * 8;
        if (!decodeBlock(each, each.plane + row * each.stride + (x * each.across + h) * 8)) return false;
      }
    }
  }
  // Missing bytes are found at the end; until then nothing beyond the slack is read.
  return next <= from + length + 8;
}

function decodeBlock(each: Component, to: usize): bool {
  const symbol = decodeSymbol(each.dcTable);
  if (symbol < 0) return false;
  each.lastDc += receive(symbol);
  const quantiser = QUANTISERS + ((<usize>each.quantiser) << 8);
  const dc = each.lastDc * load<i32>(quantiser);
  if (abs(dc) >= MOST_COEFFICIENT || abs(each.lastDc) >= MOST_COEFFICIENT) return false;
  const last = decodeAc(each.acTable, quantiser);
  if (last < 0) return false;
  if (last == 0) {
    fillBlock(dc, to, each.stride);
    return true;
  }
  store<i32>(BLOCK, dc);
  inverseTransform(to, each.stride);
  memory.fill(BLOCK, 0, 256);
  return true;
}

function refill(): void {
  if (accBits > 32) return;
  acc |= <u64>bswap<u32>(load<u32>(next)) << (32 - accBits);
  next += 4;
  accBits += 32;
}

/** The next symbol, or −1 for bits that are no code. */
function decodeSymbol(table: i32): i32 {
  refill();
  const entry = <i32>load<u16>(LOOKUP + ((<usize>table) << 10) + ((<usize>(acc >> (64 - LOOK_BITS))) << 1));
  const found = entry != 0 ? entry : longCode(table, acc);
  acc <<= found >> 8;
  accBits -= found >> 8;
  return found == 0 ? -1 : found & 255;
}

/** As an entry of LOOKUP, for codes longer than it knows; 0 for bits that are no code. */
function longCode(table: i32, bits: u64): i32 {
  const long = LONG + (<usize>table) * LONG_SIZE;
  for (let size = LOOK_BITS + 1; size <= 16; size++) {
    const code = <i32>(bits >> (64 - size));
    if (code > load<i32>(long + ((<usize>size) << 2))) continue;
    const place = code + load<i32>(long + ((<usize>size) << 2), 68);
    return (size << 8) | load<u8>(SEGMENTS + (<usize>table) * SEGMENT_SIZE + 16 + place);
  }
  return 0;
}

/** The next `bits` bits as a signed number (T.81 F.2.2.1, EXTEND). */
function receive(bits: i32): i32 {
  if (bits == 0) return 0;
  const value = <i32>(acc >> (64 - bits));
  acc <<= bits;
  accBits -= bits;
  return extend(value, bits);
}

// @ts-ignore: decorator
@inline
function extend(value: i32, bits: i32): i32 {
  return value + (((value >> (bits - 1)) - 1) & (1 - (1 << bits)));
}

/** Puts the AC coefficients, dequantised, into the empty BLOCK; returns the place of the last, 0 for none, −1 for damage. */
function decodeAc(table: i32, quantiser: usize): i32 {
  const lookup = LOOKUP + ((<usize>table) << 10);
  let bits = acc;
  let have = accBits;
  let at = next;
  let last = 0;
  let extremes = 0;
  for (let k = 1; k < 64; k++) {
    if (have <= 32) {
      bits |= <u64>bswap<u32>(load<u32>(at)) << (32 - have);
      at += 4;
      have += 32;
    }
    let entry = <i32>load<u16>(lookup + ((<usize>(bits >> (64 - LOOK_BITS))) << 1));
    if (entry == 0) entry = longCode(table, bits);
    if (entry == 0) return -1;
    bits <<= entry >> 8;
    have -= entry >> 8;
    const size = entry & 15;
    const run = (entry >> 4) & 15;
    if (size == 0) {
      if (run != 15) break;
      k += 15;
      continue;
    }
    k += run;
    if (k > 63) return -1;
    const value = extend(<i32>(bits >> (64 - size)), size);
    bits <<= size;
    have -= size;
    const place = BLOCK + ((<usize>load<u8>(ZIGZAG + k)) << 2);
    const coefficient = value * load<i32>(quantiser + ((<usize>k) << 2));
    extremes |= coefficient ^ (coefficient >> 31);
    store<i32>(place, coefficient);
    last = k;
  }
  acc = bits;
  accBits = have;
  next = at;
  return extremes < MOST_COEFFICIENT ? last : -1;
}
