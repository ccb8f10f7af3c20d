// The usual kind of JPEG (baseline, one scan) at several times the speed of the general decoder, to the same pixels.
import { instantiateWasm } from '../util/wasm.ts';
import { JPEG_DECODE_WASM } from './jpeg-decode.generated.ts';
import { ZIGZAG } from './jpeg-tables.ts';

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Makes room for so many bytes; returns where they go. */
  reserve(length: number): number;
  /** Where the pixels stand, or 0 for what is not of the usual kind or not whole. */
  decode(length: number, gray: boolean): number;
  imageWidth(): number;
  imageHeight(): number;
}

/** Where assembly/jpeg-layout.ts expects the order of coefficients. */
const ZIGZAG_ADDRESS = 0;
/** Larger files are left to the general decoder, so that the memory kept stays small. */
const MOST_BYTES = 1 << 22;

/** Pixels in the kernel's memory: to be read before the next call. */
export interface BaselinePixels {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

let loaded: Kernel | undefined;

function loadKernel(): Kernel {
  const kernel = instantiateWasm<Kernel>(JPEG_DECODE_WASM);
  new Uint8Array(kernel.memory.buffer, ZIGZAG_ADDRESS).set(ZIGZAG);
  return kernel;
}

/**
 * Pixels of `bytes` as libjpeg-turbo decodes them, three bytes each (blue, green, red) or, with `gray`, the one that
 * `grayFromBgr` makes of the three. Null where the file is of another kind, or damaged in any way: that is for libjpeg-turbo to say.
 */
export function decodeBaseline(bytes: Uint8Array, gray: boolean): BaselinePixels | null {
  if (bytes.length > MOST_BYTES) return null;
  const kernel = (loaded ??= loadKernel());
  const input = kernel.reserve(bytes.length);
  new Uint8Array(kernel.memory.buffer, input, bytes.length).set(bytes);
  const at = kernel.decode(bytes.length, gray);
  if (at === 0) return null;
  const [width, height] = [kernel.imageWidth(), kernel.imageHeight()];
  const pixels = new Uint8Array(kernel.memory.buffer, at, width * height * (gray ? 1 : 3));
  return { width, height, pixels };
}
