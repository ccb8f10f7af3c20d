// Decodes JPEG to the pixels that OpenCV's imdecode gives: the usual kind by jpeg-baseline.ts, any other and every doubtful file by
// libjpeg-turbo compiled to WebAssembly.
import { createRequire } from 'node:module';
import { SpatterError } from '../util/errors.ts';
import { decodeBaseline } from './jpeg-baseline.ts';

export interface BgrImage {
  readonly width: number;
  readonly height: number;
  /** height × width × 3 bytes: blue, green, red, rows from the top. */
  readonly bgr: Uint8Array;
}

/** The gray of a colour image as PIL sees OpenCV's bytes: `grayFromBgr` in data/transforms/gray.ts. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  /** height × width bytes. */
  readonly gray: Uint8Array;
}

interface Codec {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; componentCount: number };
  decode(): void;
}

type CodecFactory = () => Promise<{ JPEGDecoder: new () => Codec }>;

/** A decoder with its own WebAssembly memory; {@link JpegDecoder.decode} is synchronous. One per worker is enough. */
export class JpegDecoder {
  readonly #codec: Codec;

  private constructor(codec: Codec) {
    this.#codec = codec;
  }

  static async create(): Promise<JpegDecoder> {
    const load = createRequire(import.meta.url);
    const factory = load('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs') as CodecFactory;
    return new JpegDecoder(new (await factory()).JPEGDecoder());
  }

  /**
   * Pixels equal to `cv2.imdecode(bytes, cv2.IMREAD_COLOR)`; a gray JPEG gives three equal channels.
   * @param where names the crop in the error, such as `left.h5 v_0 row 7`.
   * @throws {SpatterError} JPEG_DAMAGED, also where OpenCV would fill the missing part of a cut file with gray.
   */
  decode(bytes: Uint8Array, where = 'the crop'): BgrImage {
    const usual = decodeBaseline(bytes, false);
    if (usual === null) return this.decodeByLibrary(bytes, where);
    return { width: usual.width, height: usual.height, bgr: usual.pixels.slice() };
  }

  /** As {@link JpegDecoder.decode}, with libjpeg-turbo whatever the kind. */
  decodeByLibrary(bytes: Uint8Array, where = 'the crop'): BgrImage {
    try {
      this.#codec.getEncodedBuffer(bytes.length).set(bytes);
      this.#codec.decode();
    } catch (error) {
      throw damagedJpeg(where, bytes, error);
    }
    const { width, height, componentCount } = this.#codec.getFrameInfo();
    return { width, height, bgr: toBgr(this.#codec.getDecodedBuffer(), width * height, componentCount) };
  }
}

let shared: Promise<JpegDecoder> | undefined;

/** {@link JpegDecoder.decode} on a decoder that is made once per thread. */
export async function decodeJpeg(bytes: Uint8Array, where?: string): Promise<BgrImage> {
  shared ??= JpegDecoder.create();
  return (await shared).decode(bytes, where);
}

/** The gray of an image of the usual kind, made without its colours; of any other the pixels, as {@link decodeJpeg}. */
export async function decodeJpegGray(bytes: Uint8Array, where?: string): Promise<GrayImage | BgrImage> {
  const usual = decodeBaseline(bytes, true);
  if (usual === null) return await decodeJpeg(bytes, where);
  return { width: usual.width, height: usual.height, gray: usual.pixels.slice() };
}

function damagedJpeg(where: string, bytes: Uint8Array, cause?: unknown): SpatterError {
  const hint = 'extract the video again, or leave the row out of the index';
  return new SpatterError(
    'JPEG_DAMAGED',
    `${where} must be a whole JPEG; its ${bytes.length} bytes are not`,
    hint,
    {
      cause,
    },
  );
}

function toBgr(decoded: Uint8Array, pixels: number, channels: number): Uint8Array {
  const bgr = new Uint8Array(pixels * 3);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let i = 0, from = 0; i < bgr.length; i += 3, from += channels) {
    bgr[i] = decoded[from + blue]!;
    bgr[i + 1] = decoded[from + green]!;
    bgr[i + 2] = decoded[from]!;
  }
  return bgr;
}
