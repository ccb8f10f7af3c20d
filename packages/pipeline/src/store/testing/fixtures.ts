// What real OpenCV and h5py wrote, made by interop/python/h5py_fixtures.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface OpencvCrop {
  readonly width: number;
  readonly height: number;
  readonly bgr: Uint8Array;
  readonly jpeg: Uint8Array;
  /** What cv2.imdecode gives for `jpeg`. */
  readonly decoded: Uint8Array;
}

interface Stored {
  readonly opencv: string;
  readonly crops: readonly { width: number; height: number; bgr: string; jpeg: string; decoded: string }[];
}

/** Crops of noise, glow and flat colour, from 1×1 to 64×9. */
export function opencvCrops(): OpencvCrop[] {
  const text = readFileSync(join(import.meta.dirname, 'opencv-jpegs.json'), 'utf8');
  const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
  return (JSON.parse(text) as Stored).crops.map(({ width, height, bgr, jpeg, decoded }) => {
    return { width, height, bgr: bytes(bgr), jpeg: bytes(jpeg), decoded: bytes(decoded) };
  });
}

/** A file by h5py: the first four of {@link opencvCrops} in every row type; `fixed_0`, `_1`, `_10`, `_2` hold 1, 2, 2, 3 of them. */
export const H5PY_KINDS = join(import.meta.dirname, 'h5py-kinds.h5');
