// Tells a video in which nothing happens from one in which nothing can be seen.
import type { SpatterRules } from '../extract/rules.ts';
import { openVideo, type DecoderName } from '../video/decoder.ts';

/** A burning laser is this many times as bright as the difference that counts as movement, at least. */
const LIT = 4;
/** Less than this part of the smallest spatter does not count: a speck, a reflection. */
const SPECK = 10;
/** Frames looked at, at most. */
const FRAMES = 2000;

/** Why the view is dark, in one sentence, or null as soon as something in a frame glows brighter than four times the threshold. */
export async function darkView(
  path: string,
  { threshold, minArea }: Pick<SpatterRules, 'threshold' | 'minArea'>,
  { decoder, startFrame }: { readonly decoder: DecoderName | 'auto'; readonly startFrame: number },
): Promise<string | null> {
  const lit = LIT * threshold;
  const reader = await openVideo(path, { decoder, startFrame });
  try {
    const frame = new Uint8Array(reader.info.width * reader.info.height * 3);
    for (let n = 0; n < FRAMES && (await reader.read(frame)); n++) {
      if (glowing(frame, lit) > minArea / SPECK) return null;
    }
    return `dark view: nothing in its frames glows brighter than ${lit} of 255`;
  } finally {
    await reader.close();
  }
}

/** Pixels redder than `lit` that are not of the recoater's blue lamp. */
function glowing(bgr: Uint8Array, lit: number): number {
  let pixels = 0;
  for (let i = 0; i < bgr.length; i += 3) {
    const [b, g, r] = [bgr[i]!, bgr[i + 1]!, bgr[i + 2]!];
    if (r > lit && b <= g + r) pixels++;
  }
  return pixels;
}
