// Part of jpeg-decode.ts: where things stand in memory, and what is known of a component.

export const ZIGZAG: usize = 0; // u8[64], written by the caller: position of coefficient k in a block
export const QUANTISERS: usize = 256; // i32[64] for each of four tables, in zigzag order
export const BLOCK: usize = 1280; // i32[64]
const COMPONENTS: usize = 1536; // three of 64 bytes
export const LOOKUP: usize = 2048; // u16[512] for DC 0, DC 1, AC 0, AC 1: length << 8 | symbol by the next nine bits; 0: a longer code
export const LONG: usize = 6144; // for each: i32[17] largest code of a length or −1, i32[17] what added to a code gives its symbol's place
export const LONG_SIZE: usize = 136;
export const SEGMENTS: usize = 6784; // for each: the 16 counts and up to 256 symbols that the table was made of
export const SEGMENT_SIZE: usize = 272;
export const INPUT: usize = 8192;

export const LOOK_BITS: i32 = 9;
/** Bytes that may be read or written beyond the end of any area. */
export const SLACK: usize = 2048;

@unmanaged
export class Component {
  id: i32;
  /** Sampling factors. */
  across: i32;
  down: i32;
  quantiser: i32;
  /** Index among the four Huffman tables. */
  dcTable: i32;
  acTable: i32;
  lastDc: i32;
  stride: i32;
  plane: usize;
}

export function component(index: i32): Component {
  return changetype<Component>(COMPONENTS + ((<usize>index) << 6));
}
