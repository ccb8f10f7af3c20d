// Colour to planes, as the reference gets them: OpenCV's BGR bytes read by PIL as if they were RGB.

/**
 * Gray of `pixels` interleaved BGR pixels into `out[outOffset…]`, uint8.
 * Matches `PIL.Image.fromarray(bgr).convert('L')`: PIL takes blue for red, so blue has ITU-R 601's weight of red.
 */
export function grayFromBgr(bgr: Uint8Array, pixels: number, out: Uint8Array, outOffset = 0): void {
  for (let i = 0, s = 0; i < pixels; i++, s += 3) {
    out[outOffset + i] = (bgr[s]! * 19595 + bgr[s + 1]! * 38470 + bgr[s + 2]! * 7471 + 32768) >>> 16;
  }
}

/**
 * Interleaved BGR to three planes [3, pixels] in `out[outOffset…]`, in the reference's order: blue, green, red
 * (it calls them red, green, blue).
 */
export function planesFromBgr(bgr: Uint8Array, pixels: number, out: Uint8Array, outOffset = 0): void {
  const green = outOffset + pixels;
  const red = green + pixels;
  for (let i = 0, s = 0; i < pixels; i++, s += 3) {
    out[outOffset + i] = bgr[s]!;
    out[green + i] = bgr[s + 1]!;
    out[red + i] = bgr[s + 2]!;
  }
}
