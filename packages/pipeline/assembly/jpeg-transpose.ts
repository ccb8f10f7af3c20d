// Part of jpeg.ts and jpeg-decode.ts: the transposition between the two passes of an 8×8 transform.

/** Turns the 8×8 block of 32-bit integers at `block` over its diagonal. */
export function transpose(block: usize): void {
  transposeQuarter(block, block);
  transposeQuarter(block + 16, block + 128);
  transposeQuarter(block + 144, block + 144);
}

/** Swaps two 4×4 quarters across the diagonal, transposing each; `a` and `b` may be the same. */
function transposeQuarter(a: usize, b: usize): void {
  const a0 = v128.load(a);
  const a1 = v128.load(a, 32);
  const a2 = v128.load(a, 64);
  const a3 = v128.load(a, 96);
  const b0 = v128.load(b);
  const b1 = v128.load(b, 32);
  const b2 = v128.load(b, 64);
  const b3 = v128.load(b, 96);
  storeTransposed(b, a0, a1, a2, a3);
  storeTransposed(a, b0, b1, b2, b3);
}

function storeTransposed(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 32);
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 0, 2), 64);
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 1, 3), 96);
}
