// One decoded crop of any size to the square planes that the packed cache holds.
import { grayFromBgr, planesFromBgr } from './gray.ts';
import { resizeBilinear, type PassOrder } from './resize.ts';

/** Planes per crop: 1 = gray, 3 = blue, green, red (the reference's order). */
export type Channels = 1 | 3;

/** A decoded crop: interleaved BGR bytes, `width`·`height`·3 of them. */
export interface DecodedCrop {
  readonly width: number;
  readonly height: number;
  readonly bgr: Uint8Array;
}

/** A decoded crop of which only the gray was made: `width`·`height` bytes, as {@link grayFromBgr} gives them. */
export interface GrayCrop {
  readonly width: number;
  readonly height: number;
  readonly gray: Uint8Array;
}

/** Crops are resized to `resize` times this, so that a rotated crop has no black corners after the centre crop. */
const ROTATION_MARGIN = 1.25;

/** Side of the cached square for a network input of `resize` pixels: `int(resize · factor)`. */
export function packedSize(resize: number, factor: number = ROTATION_MARGIN): number {
  return Math.trunc(resize * factor);
}

let planes = new Uint8Array(1 << 14);

/**
 * Writes `crop` as [channels, size, size] uint8 into `out[outOffset…]`: gray or planes, then Pillow's bilinear resize.
 * Smaller crops are enlarged, as Pillow does. Where `order` is not said, the bytes are the reference's.
 */
export function packCrop(
  crop: DecodedCrop | GrayCrop,
  channels: Channels,
  size: number,
  out: Uint8Array,
  outOffset = 0,
  order: PassOrder = 'pillow-12',
): void {
  const { width, height } = crop;
  const data = planesOf(crop, channels);
  for (let c = 0; c < channels; c++) {
    resizeBilinear(
      { data, offset: c * width * height, width, height },
      { data: out, offset: outOffset + c * size * size, width: size, height: size },
      order,
    );
  }
}

/** `crop` in the middle of a black square of `size` pixels, as the images of IDX files stand; as it is where it is larger. */
export function onBlack(crop: DecodedCrop | GrayCrop, size: number): DecodedCrop | GrayCrop {
  const { width, height } = crop;
  if (width > size || height > size) return crop;
  const [data, bytes] = 'gray' in crop ? [crop.gray, 1] : [crop.bgr, 3];
  const square = new Uint8Array(bytes * size * size);
  const [top, left] = [Math.floor((size - height) / 2), Math.floor((size - width) / 2)];
  for (let y = 0; y < height; y++) {
    const row = data.subarray(bytes * y * width, bytes * (y + 1) * width);
    square.set(row, bytes * ((top + y) * size + left));
  }
  const side = { width: size, height: size };
  return 'gray' in crop ? { ...side, gray: square } : { ...side, bgr: square };
}

/** The planes of `crop` one behind the other; valid until the next call. */
function planesOf(crop: DecodedCrop | GrayCrop, channels: Channels): Uint8Array {
  const pixels = crop.width * crop.height;
  if ('gray' in crop) {
    if (channels === 1) return crop.gray;
    throw new RangeError('a crop of which only the gray was made has no colours');
  }
  if (planes.length < pixels * channels) planes = new Uint8Array(pixels * channels * 2);
  (channels === 1 ? grayFromBgr : planesFromBgr)(crop.bgr, pixels, planes);
  return planes;
}
