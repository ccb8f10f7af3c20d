// Encodes crops to the very bytes of OpenCV's imencode('.jpg'): quality 95, 4:2:0, standard Huffman tables.
import { instantiateWasm } from '../util/wasm.ts';
import { AC_TABLES, DC_TABLES, ZIGZAG, huffmanCodes, jpegHeader, quantisers } from './jpeg-tables.ts';
import { JPEG_ENCODER_WASM } from './jpeg-encoder.generated.ts';

/** OpenCV's default. */
const QUALITY = 95;
/** Largest side of a JPEG. */
const MAX_SIDE = 65_535;
/** Where assembly/jpeg.ts expects its tables and its pixels. */
const ADDRESS = { zigzag: 0, order: 64, divisors: 256, dcCodes: 1024, acCodes: 2048, input: 8192 } as const;
/** The transform's output is 8 times the coefficient. */
const TRANSFORM_SCALE = 8;
const END_OF_IMAGE = [0xff, 0xd9] as const;
/** Position of height and width in the header: behind SOI, APP0, two DQT and five bytes of SOF0. */
const SIZE_OFFSET = 2 + 18 + 2 * 69 + 5;

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(width: number, height: number): number;
  encode(width: number, height: number): number;
}

let loaded: Kernel | undefined;
const header = jpegHeader(QUALITY, 0, 0);

/**
 * JPEG bytes equal to `cv2.imencode('.jpg', image)`. Synchronous; about as fast as OpenCV.
 * @param bgr height × width × 3 bytes: blue, green, red, rows from the top.
 */
export function encodeJpegSync(bgr: Uint8Array, width: number, height: number): Uint8Array {
  checkSize(bgr, width, height);
  const kernel = (loaded ??= loadKernel());
  const start = kernel.reserve(width, height);
  new Uint8Array(kernel.memory.buffer).set(bgr, ADDRESS.input);
  const length = kernel.encode(width, height);
  return assemble(new Uint8Array(kernel.memory.buffer, start, length), width, height);
}

/** {@link encodeJpegSync}; a failure rejects. */
export async function encodeJpeg(bgr: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return Promise.resolve(encodeJpegSync(bgr, width, height));
}

function checkSize(bgr: Uint8Array, width: number, height: number): void {
  const sides = [width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE);
  if (sides && bgr.length === width * height * 3) return;
  throw new RangeError(
    `a crop must have sides 1 to ${MAX_SIDE} and width × height × 3 bytes but got ${width}×${height} and ${bgr.length} bytes`,
  );
}

function loadKernel(): Kernel {
  const kernel = instantiateWasm<Kernel>(JPEG_ENCODER_WASM);
  const divisors = quantisers(QUALITY)
    .flat()
    .map((value) => value * TRANSFORM_SCALE);
  new Uint8Array(kernel.memory.buffer, ADDRESS.zigzag).set(ZIGZAG);
  new Uint8Array(kernel.memory.buffer, ADDRESS.order).set(ZIGZAG.map((_, at) => ZIGZAG.indexOf(at)));
  new Float32Array(kernel.memory.buffer, ADDRESS.divisors).set(divisors);
  const codes = new Uint32Array(kernel.memory.buffer);
  [0, 1].forEach((id) => {
    codes.set(huffmanCodes(DC_TABLES[id]!, 16), ADDRESS.dcCodes / 4 + 16 * id);
    codes.set(huffmanCodes(AC_TABLES[id]!, 256), ADDRESS.acCodes / 4 + 256 * id);
  });
  return kernel;
}

function assemble(scan: Uint8Array, width: number, height: number): Uint8Array {
  const jpeg = new Uint8Array(header.length + scan.length + END_OF_IMAGE.length);
  jpeg.set(header);
  jpeg.set([height >> 8, height & 255, width >> 8, width & 255], SIZE_OFFSET);
  jpeg.set(scan, header.length);
  jpeg.set(END_OF_IMAGE, header.length + scan.length);
  return jpeg;
}
