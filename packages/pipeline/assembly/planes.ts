// How much two planes of 8-bit samples differ at most: decides which frames of a video need no colour.

/**
 * @param first, second  first sample of the part looked at; rows are `stride` bytes apart
 * @returns the largest absolute difference, 0…255
 */
export function largestDifference(first: usize, second: usize, stride: i32, width: i32, height: i32): i32 {
  let most = i8x16.splat(0);
  let rest: i32 = 0;
  for (let y = 0; y < height; y++) {
    const a = first + <usize>(y * stride);
    const b = second + <usize>(y * stride);
    let x = 0;
    for (; x + 16 <= width; x += 16) {
      const p = v128.load(a + <usize>x);
      const q = v128.load(b + <usize>x);
      most = i8x16.max_u(most, v128.or(i8x16.sub_sat_u(p, q), i8x16.sub_sat_u(q, p)));
    }
    for (; x < width; x++) {
      rest = max(rest, abs<i32>(<i32>load<u8>(a + <usize>x) - <i32>load<u8>(b + <usize>x)));
    }
  }
  for (let bytes = 8; bytes > 0; bytes >>= 1) most = i8x16.max_u(most, turned(most, bytes));
  return max(rest, <i32>i8x16.extract_lane_u(most, 0));
}

/** The lanes moved down by 8, 4, 2 or 1. */
// @ts-ignore: decorator
@inline
function turned(v: v128, bytes: i32): v128 {
  if (bytes == 8) return v128.shuffle<u8>(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  if (bytes == 4) return v128.shuffle<u8>(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3);
  if (bytes == 2) return v128.shuffle<u8>(v, v, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1);
  return v128.shuffle<u8>(v, v, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0);
}
