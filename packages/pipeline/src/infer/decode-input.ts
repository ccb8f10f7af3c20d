// Decodes an image in the way that a model's training data were decoded.
import { decodeRgb } from '../data/images/folder-images.ts';
import type { DecodedCrop, GrayCrop } from '../data/transforms/pack.ts';
import type { ModelCard } from '../export/exported-model.ts';
import { decodeJpeg, decodeJpegGray, encodeJpeg } from '../store/jpeg.ts';

const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8;

/**
 * Pixels of a JPEG, PNG, WebP or other image as `card`'s model wants them. Models of crops were trained on what a JPEG leaves
 * of a crop, in OpenCV's order: other formats pass through one. Models of images take what sharp decodes.
 * @param where names the image in errors.
 * @throws {SpatterError} JPEG_DAMAGED or IMAGE_DAMAGED.
 */
export async function decodeInput(
  bytes: Uint8Array,
  { preprocessing }: Pick<ModelCard, 'preprocessing'>,
  where: string,
): Promise<DecodedCrop> {
  if (preprocessing.jpeg_quality === null) return decodeRgb(bytes, where);
  if (isJpeg(bytes)) return decodeJpeg(bytes, where);
  const { width, height, bgr: rgb } = await decodeRgb(bytes, where);
  const bgr = Uint8Array.from(rgb, (_, i) => rgb[i + 2 - 2 * (i % 3)]!);
  return decodeJpeg(await encodeJpeg(bgr, width, height), where);
}

/** As {@link decodeInput}; of a JPEG for a network that sees gray, only the gray is made where that is quicker. */
export async function decodeForNetwork(
  bytes: Uint8Array,
  card: Pick<ModelCard, 'preprocessing'>,
  where: string,
): Promise<DecodedCrop | GrayCrop> {
  const { jpeg_quality, channels } = card.preprocessing;
  if (jpeg_quality !== null && channels === 1 && isJpeg(bytes)) return decodeJpegGray(bytes, where);
  return decodeInput(bytes, card, where);
}
