// Part of jpeg-decode.ts: everything of a JPEG file before its entropy-coded bytes (ITU-T T.81 annex B). Each reader answers false
// for what the decoder does not take, or what libjpeg would warn of or refuse.
import {
  Component,
  INPUT,
  LONG,
  LONG_SIZE,
  LOOKUP,
  LOOK_BITS,
  QUANTISERS,
  SEGMENTS,
  SEGMENT_SIZE,
  component,
} from './jpeg-layout';

/** Larger images are left to libjpeg-turbo, so that the memory kept stays small. */
const MOST_PIXELS: i32 = 1 << 20;

export let width: i32 = 0;
export let height: i32 = 0;
export let components: i32 = 0;
/** Where the entropy-coded bytes begin. */
export let scan: usize = 0;

let jfif: bool = false;
/** A bit for each Huffman table that this file defined, and four bits further for each quantiser. */
let defined: i32 = 0;
/** A bit for each Huffman table that stands in memory as SEGMENTS say. */
let built: i32 = 0;

function word(at: usize): i32 {
  return (<i32>load<u8>(at) << 8) | load<u8>(at, 1);
}

export function readHeader(end: usize): bool {
  defined = 0;
  components = 0;
  jfif = false;
  if (INPUT + 4 > end || word(INPUT) != 0xffd8) return false;
  for (let at = INPUT + 2; at + 4 <= end;) {
    if (load<u8>(at) != 0xff) return false;
    const marker = <i32>load<u8>(at, 1);
    const size = word(at + 2);
    const next = at + 2 + size;
    if (size < 2 || next > end) return false;
    if (marker == 0xda) return readScanHeader(at + 4, next);
    if (!readSegment(marker, at + 4, next)) return false;
    at = next;
  }
  return false;
}

function readSegment(marker: i32, at: usize, next: usize): bool {
  if (marker == 0xc4) return readHuffmanTables(at, next);
  if (marker == 0xdb) return readQuantisers(at, next);
  if (marker == 0xc0 || marker == 0xc1) return readFrame(at, next);
  if (marker == 0xdd) return next - at == 2 && word(at) == 0;
  if (marker == 0xe0) return readApp0(at, next);
  // The other application segments but Adobe's (14) and comments say nothing about pixels.
  return (marker > 0xe0 && marker <= 0xef && marker != 0xee) || marker == 0xfe;
}

/** libjpeg takes Y Cb Cr for granted after a JFIF segment, and warns of a major version other than 1. */
function readApp0(at: usize, next: usize): bool {
  if (next - at < 14 || load<u32>(at) != 0x4649464a || load<u8>(at, 4) != 0) return true;
  jfif = true;
  return load<u8>(at, 5) == 1;
}

function readQuantisers(at: usize, next: usize): bool {
  for (; at + 65 <= next; at += 65) {
    const id = <i32>load<u8>(at);
    if (id > 3) return false;
    const table = QUANTISERS + ((<usize>id) << 8);
    for (let k: usize = 0; k < 64; k++) store<i32>(table + (k << 2), load<u8>(at + k, 1));
    defined |= 16 << id;
  }
  return at == next;
}

function readFrame(at: usize, next: usize): bool {
  if (components != 0 || next - at < 9 || load<u8>(at) != 8) return false;
  height = word(at + 1);
  width = word(at + 3);
  components = load<u8>(at, 5);
  if (width == 0 || height == 0 || width > MOST_PIXELS / height) return false;
  if ((components != 1 && components != 3) || next - at != 6 + 3 * components) return false;
  for (let i = 0; i < components; i++) {
    if (!readComponent(component(i), at + 6 + 3 * i)) return false;
  }
  return components == 1 ? isPlain(component(0)) : idsDiffer() && samplingKnown();
}

function readComponent(each: Component, at: usize): bool {
  each.id = load<u8>(at);
  each.across = load<u8>(at, 1) >> 4;
  each.down = load<u8>(at, 1) & 15;
  each.quantiser = load<u8>(at, 2);
  return each.quantiser < 4;
}

function isPlain(each: Component): bool {
  return each.across == 1 && each.down == 1;
}

function idsDiffer(): bool {
  const a = component(0).id;
  const b = component(1).id;
  const c = component(2).id;
  return a != b && b != c && a != c;
}

/** 4:4:4, 4:2:2 or 4:2:0. Where chroma has two columns or fewer, libjpeg repeats them instead of interpolating. */
function samplingKnown(): bool {
  const luma = component(0);
  const shape = (luma.across << 4) | luma.down;
  if (shape != 0x11 && shape != 0x21 && shape != 0x22) return false;
  if (!isPlain(component(1)) || !isPlain(component(2))) return false;
  return luma.across == 1 || width > 4;
}

function readHuffmanTables(at: usize, next: usize): bool {
  while (at + 17 <= next) {
    const id = <i32>load<u8>(at);
    if ((id & 0xee) != 0) return false;
    const table = (id >> 4) * 2 + (id & 1);
    let symbols = 0;
    for (let i: usize = 1; i <= 16; i++) symbols += load<u8>(at + i);
    if (symbols > 256 || at + 17 + symbols > next) return false;
    if (!isBuilt(table, at + 1, 16 + symbols) && !buildTable(table, at + 1, symbols)) return false;
    defined |= 1 << table;
    at += 17 + symbols;
  }
  return at == next;
}

/** Most files have the tables of the one before. */
function isBuilt(table: i32, at: usize, length: i32): bool {
  const kept = SEGMENTS + (<usize>table) * SEGMENT_SIZE;
  return ((built >> table) & 1) == 1 && memory.compare(kept, at, length) == 0;
}

/** Codes of a table (T.81 annex C); false for what libjpeg refuses: a code of ones only, a DC symbol above 15. */
function buildTable(table: i32, at: usize, symbols: i32): bool {
  built &= ~(1 << table);
  const kept = SEGMENTS + (<usize>table) * SEGMENT_SIZE;
  const lookup = LOOKUP + ((<usize>table) << 10);
  const long = LONG + (<usize>table) * LONG_SIZE;
  memory.copy(kept, at, 16 + symbols);
  memory.fill(lookup, 0, 1024);
  let code = 0;
  let next = 0;
  for (let length = 1; length <= 16; length++) {
    const count = <i32>load<u8>(kept + length - 1);
    if (count > 0 && code + count >= 1 << length) return false;
    store<i32>(long + ((<usize>length) << 2), code + count - 1);
    store<i32>(long + ((<usize>length) << 2), next - code, 68);
    for (let i = 0; i < count; i++, code++, next++) {
      const symbol = <i32>load<u8>(kept + 16 + next);
      if (table < 2 && symbol > 15) return false;
      if (length <= LOOK_BITS) fillLookup(lookup, code, length, symbol);
    }
    code <<= 1;
  }
  built |= 1 << table;
  return true;
}

function fillLookup(lookup: usize, code: i32, length: i32, symbol: i32): void {
  const free = LOOK_BITS - length;
  const from = lookup + ((<usize>(code << free)) << 1);
  for (let i: usize = 0; i < <usize>(1 << free); i++) store<u16>(from + (i << 1), (length << 8) | symbol);
}

/** The one scan must hold every component whole, in the frame's order. */
function readScanHeader(at: usize, next: usize): bool {
  if (components == 0 || next - at != 4 + 2 * components || load<u8>(at) != components) return false;
  if (components == 3 && !jfif && !idsAreOneTwoThree()) return false;
  const tail = at + 1 + 2 * components;
  if (load<u8>(tail) != 0 || load<u8>(tail, 1) != 63 || load<u8>(tail, 2) != 0) return false;
  for (let i = 0; i < components; i++) {
    if (!readSelectors(component(i), at + 1 + 2 * i)) return false;
  }
  scan = next;
  return true;
}

/** What tells libjpeg that the components are Y Cb Cr where no segment says so. */
function idsAreOneTwoThree(): bool {
  return component(0).id == 1 && component(1).id == 2 && component(2).id == 3;
}

function readSelectors(each: Component, at: usize): bool {
  const dc = <i32>load<u8>(at, 1) >> 4;
  const ac = <i32>load<u8>(at, 1) & 15;
  if (<i32>load<u8>(at) != each.id || dc > 1 || ac > 1) return false;
  each.dcTable = dc;
  each.acTable = 2 + ac;
  const needed = (1 << dc) | (4 << ac) | (16 << each.quantiser);
  return (defined & needed) == needed;
}
