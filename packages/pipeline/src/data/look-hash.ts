// A fingerprint of how a crop looks: equal for pictures that a person would call the same, whatever their JPEG bytes.

/** 32-bit words of a fingerprint. */
export const LOOK_WORDS = 4;
const CELLS = 9;
/** Gray levels by which neighbouring cells must differ to count: less is noise of the sensor or of the JPEG. */
const STEP = 2;
const means = new Float64Array(CELLS * CELLS);

/**
 * 128 bits from one square plane: whether each of 9×9 cells is brighter than its left, and than its upper neighbour (a
 * difference hash, N. Krawetz 2013, in both directions, with a dead band). Does not change when the whole crop gets
 * brighter.
 */
export function writeLook(
  plane: Uint8Array,
  offset: number,
  size: number,
  out: Uint32Array,
  at: number,
): void {
  cellMeans(plane, offset, size);
  out.fill(0, at, at + LOOK_WORDS);
  for (let bit = 0; bit < 128; bit++) {
    const [x, y] = [bit % 8, (bit >> 3) % 8];
    const [across, down] = bit < 64 ? [1, 0] : [0, 1];
    const step = means[(y + down) * CELLS + x + across]! - means[y * CELLS + x]!;
    if (step > STEP) out[at + (bit >> 5)]! |= 1 << (bit & 31);
  }
}

function cellMeans(plane: Uint8Array, offset: number, size: number): void {
  for (let cy = 0; cy < CELLS; cy++) {
    const [top, bottom] = span(cy, size);
    for (let cx = 0; cx < CELLS; cx++) {
      const [left, right] = span(cx, size);
      let sum = 0;
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) sum += plane[offset + y * size + x]!;
      means[cy * CELLS + cx] = sum / ((bottom - top) * (right - left));
    }
  }
}

/** First and one past the last pixel of cell `k`; at least one pixel, also where the plane is smaller than the grid. */
function span(k: number, size: number): [number, number] {
  const first = Math.min(size - 1, Math.floor((k * size) / CELLS));
  return [first, Math.max(first + 1, Math.floor(((k + 1) * size) / CELLS))];
}

/** Bits in which the fingerprints at `a` and `b` differ, 0 to 128. */
export function lookDistance(words: Uint32Array, a: number, b: number): number {
  let bits = 0;
  for (let w = 0; w < LOOK_WORDS; w++) bits += ones(words[a + w]! ^ words[b + w]!);
  return bits;
}

/** Set bits of a 32-bit number (Warren, Hacker's Delight, fig. 5-2). */
function ones(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
