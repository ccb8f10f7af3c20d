// A drawn crop for the benches that need many.
import { encodeJpegSync } from '../packages/pipeline/src/store/jpeg.ts';
import { integer, randomStream } from '../packages/pipeline/src/util/random.ts';

/** A bright spot with noise as JPEG, 30 to 110 pixels a side, about as compressible as a real crop. */
export function glow(seed: number): Uint8Array {
  const random = randomStream(3, seed);
  const [width, height] = [30 + integer(random, 80), 30 + integer(random, 80)];
  const bgr = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const x = (Math.floor(i / 3) % width) / width - 0.5;
    const y = Math.floor(i / 3 / width) / height - 0.5;
    return Math.min(255, 230 * Math.exp(-12 * (x * x + y * y)) + integer(random, 12));
  });
  return encodeJpegSync(bgr, width, height);
}
