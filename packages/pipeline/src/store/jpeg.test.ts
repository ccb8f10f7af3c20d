// JPEG against fixtures by real OpenCV, and damaged input.
import { describe, expect, it } from 'vitest';
import { JpegDecoder, decodeJpeg, encodeJpeg } from './jpeg.ts';
import { opencvCrops } from './testing/fixtures.ts';

describe('encodeJpeg', () => {
  it.each(opencvCrops())('writes the bytes of cv2.imencode ($width×$height)', async (crop) => {
    expect(await encodeJpeg(crop.bgr, crop.width, crop.height)).toEqual(crop.jpeg);
  });

  it('refuses pixels that do not fill the crop', async () => {
    await expect(encodeJpeg(new Uint8Array(11), 2, 2)).rejects.toThrow(/2×2 and 11 bytes/);
    await expect(encodeJpeg(new Uint8Array(0), 0, 3)).rejects.toThrow(/sides 1 to 65535/);
  });
});

describe('decodeJpeg', () => {
  it.each(opencvCrops())('gives the pixels of cv2.imdecode ($width×$height)', async (crop) => {
    const { width, height, decoded: bgr } = crop;
    expect(await decodeJpeg(crop.jpeg)).toEqual({ width, height, bgr });
  });

  it('ignores padding behind the end', async () => {
    const { jpeg, decoded } = opencvCrops()[4]!;
    expect((await decodeJpeg(new Uint8Array([...jpeg, 0, 0, 0]))).bgr).toEqual(decoded);
  });

  it('names the crop whose bytes are damaged, and decodes the next one', async () => {
    const decoder = await JpegDecoder.create();
    const { jpeg, decoded } = opencvCrops()[3]!;
    const broken = [new Uint8Array(0), Buffer.from('not a JPEG'), jpeg.subarray(0, jpeg.length / 2)];
    for (const bytes of broken) {
      expect(() => decoder.decode(bytes, 'left.h5 v_0 row 7')).toThrow(
        expect.objectContaining({
          code: 'JPEG_DAMAGED',
          message: expect.stringContaining('left.h5 v_0 row 7') as string,
        }),
      );
    }
    expect(decoder.decode(jpeg).bgr).toEqual(decoded);
  });
});
