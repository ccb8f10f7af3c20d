// The quick JPEG decoder against libjpeg-turbo: equal pixels wherever it answers, on sound, odd and damaged files.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { grayFromBgr } from '../data/transforms/gray.ts';
import { integer, randomStream } from '../util/random.ts';
import { decodeBaseline } from './jpeg-baseline.ts';
import { JpegDecoder, encodeJpegSync, type BgrImage } from './jpeg.ts';
import { randomJpeg } from './testing/random-jpeg.ts';

const library = await JpegDecoder.create();

function byLibrary(jpeg: Uint8Array): BgrImage | null {
  try {
    return library.decodeByLibrary(jpeg);
  } catch {
    return null;
  }
}

/** Whether the quick decoder answered; what it says must be what libjpeg-turbo says. */
function agrees(jpeg: Uint8Array): boolean {
  const quick = decodeBaseline(jpeg, false);
  if (quick === null) return false;
  const { width, height } = quick;
  const expected = byLibrary(jpeg);
  expect({ width, height, whole: expected !== null }).toEqual({
    width: expected?.width,
    height: expected?.height,
    whole: true,
  });
  expect(Buffer.compare(quick.pixels, expected!.bgr)).toBe(0);
  const gray = new Uint8Array(width * height);
  grayFromBgr(expected!.bgr, gray.length, gray);
  expect(Buffer.compare(decodeBaseline(jpeg, true)!.pixels, gray)).toBe(0);
  return true;
}

/** A slope with as much noise as `noise` says, 0 … 255. */
function picture(seed: number, width: number, height: number, noise: number): Uint8Array {
  const random = randomStream(5, seed);
  const step = integer(random, 9) - 4;
  return Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (128 + step * (i % (3 * width)) + integer(random, 2 * noise + 1) - noise) & 255,
  );
}

const side = fc.integer({ min: 1, max: 200 });
const seed = fc.nat();

describe('the quick decoder', () => {
  it('gives the pixels of libjpeg-turbo for crops as extraction writes them, of any size', () => {
    const noise = fc.constantFrom(0, 8, 127);
    fc.assert(
      fc.property(side, side, seed, noise, (width, height, from, level) => {
        const jpeg = encodeJpegSync(picture(from, width, height, level), width, height);
        expect(agrees(jpeg)).toBe(width > 4);
      }),
      { numRuns: 400 },
    );
  });

  it('does so for every quality, subsampling and table, in colour and gray', async () => {
    const options = fc.record({
      quality: fc.integer({ min: 1, max: 100 }),
      chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
      optimiseCoding: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(side, side, seed, options, fc.boolean(), async (width, height, from, how, gray) => {
        const pixels = picture(from, width, height, 30);
        const image = sharp(pixels, { raw: { width, height, channels: 3 } });
        const jpeg = await (gray ? image.toColourspace('b-w') : image).jpeg(how).toBuffer();
        const narrow = how.chromaSubsampling === '4:2:0' && width <= 4;
        expect(agrees(jpeg)).toBe(gray || !narrow);
      }),
      { numRuns: 150 },
    );
  });

  it('does so for 4:2:2 and any coefficients, and leaves other kinds to libjpeg-turbo', () => {
    const sampling = fc.constantFrom(0x11, 0x21, 0x22, 0x12, 0x41);
    const restart = fc.constantFrom(0, 0, 0, 3);
    let answered = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 70 }),
        side,
        sampling,
        restart,
        seed,
        (width, height, ...kind) => {
          const jpeg = randomJpeg({ width, height, sampling: kind[0], restart: kind[1] }, kind[2]);
          expect(byLibrary(jpeg)).toMatchObject({ width, height });
          const usual = kind[0] !== 0x12 && kind[0] !== 0x41 && kind[1] === 0;
          expect(agrees(jpeg)).toBe(usual);
          answered += Number(usual);
        },
      ),
      { numRuns: 200 },
    );
    expect(answered).toBeGreaterThan(20);
  });

  it('leaves progressive files to libjpeg-turbo', async () => {
    const image = sharp(picture(1, 40, 30, 9), { raw: { width: 40, height: 30, channels: 3 } });
    expect(decodeBaseline(await image.jpeg({ progressive: true }).toBuffer(), false)).toBeNull();
  });

  it('never answers otherwise than libjpeg-turbo where bytes are changed, lost or added', () => {
    let [answered, refused] = [0, 0];
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const kind = fc.constantFrom('set', 'cut', 'insert', 'remove');
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 40 }), seed, kind, changes, (width, from, how, places) => {
        const bytes = [...encodeJpegSync(picture(from, width, 24, 9), width, 24)];
        for (const [place, value] of places) {
          // Half of the changes hit the header.
          const at = place % (place % 2 === 0 ? 640 : bytes.length);
          if (how === 'set') bytes[at] = value;
          else if (how === 'cut') bytes.length = Math.max(3, at);
          else bytes.splice(at, how === 'insert' ? 0 : 1, ...(how === 'insert' ? [value] : []));
        }
        if (agrees(Uint8Array.from(bytes))) answered++;
        else refused++;
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(answered, refused)).toBeGreaterThan(50);
  });

  it('answers rightly after a file that it gave up in the middle', () => {
    const jpeg = encodeJpegSync(picture(2, 50, 40, 20), 50, 40);
    for (const length of [700, 900, 1200]) {
      expect(decodeBaseline(jpeg.subarray(0, length), false)).toBeNull();
      expect(agrees(jpeg)).toBe(true);
    }
  });

  it('leaves images of more than a million pixels, and too many bytes, to libjpeg-turbo', () => {
    const large = encodeJpegSync(new Uint8Array(1100 * 1000 * 3), 1100, 1000);
    expect(decodeBaseline(large, false)).toBeNull();
    expect(library.decode(large)).toMatchObject({ width: 1100, height: 1000 });
    expect(decodeBaseline(new Uint8Array(5_000_000), false)).toBeNull();
  });
});

describe('the compiled encoder and decoder', () => {
  it('are what the assembly sources compile to', async () => {
    // Named at run time: AssemblyScript's global types would replace the standard ones in the whole package.
    const script = '../../../../scripts/build-jpeg.ts';
    const { JPEG_KERNELS, compileJpeg } = (await import(script)) as {
      JPEG_KERNELS: readonly { readonly entry: string; readonly target: string }[];
      compileJpeg: (kernel: object) => Promise<string>;
    };
    for (const kernel of JPEG_KERNELS) {
      const committed = readFileSync(join(import.meta.dirname, '../..', kernel.target), 'utf8');
      expect(await compileJpeg(kernel)).toBe(committed);
    }
  });
});
