// One 8-bit plane inside a larger buffer.

/** `width`×`height` bytes, row by row, at `data[offset…]`. */
export interface Plane {
  readonly data: Uint8Array;
  readonly offset: number;
  readonly width: number;
  readonly height: number;
}
