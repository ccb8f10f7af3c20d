// Encodes crops to the very bytes of OpenCV's imencode('.jpg'): quality 95, 4:2:0, standard Huffman tables.
import sharp from 'sharp';

/** OpenCV's libjpeg writes this JFIF 1.1 header; libvips leaves it out. */
const JFIF_HEADER = Buffer.from('ffe000104a46494600010100000100010000', 'hex');
const START_OF_IMAGE_LENGTH = 2;

/**
 * JPEG bytes equal to `cv2.imencode('.jpg', image)`.
 * @param bgr height × width × 3 bytes: blue, green, red.
 */
export async function encodeJpeg(bgr: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  if (bgr.length !== width * height * 3) {
    throw new RangeError(
      `a ${width}×${height} crop must have ${width * height * 3} bytes but got ${bgr.length}`,
    );
  }
  const jpeg = await sharp(toRgb(bgr), { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 95, chromaSubsampling: '4:2:0', optimiseCoding: false, mozjpeg: false })
    .toBuffer();
  const [start, rest] = [jpeg.subarray(0, START_OF_IMAGE_LENGTH), jpeg.subarray(START_OF_IMAGE_LENGTH)];
  return new Uint8Array(Buffer.concat([start, JFIF_HEADER, rest]));
}

function toRgb(bgr: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(bgr.length);
  for (let i = 0; i < bgr.length; i += 3) {
    rgb[i] = bgr[i + 2]!;
    rgb[i + 1] = bgr[i + 1]!;
    rgb[i + 2] = bgr[i]!;
  }
  return rgb;
}
