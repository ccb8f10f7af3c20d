// One stored crop to its packed planes and its facts: the step that the packed cache and the survey share.
import { JpegDecoder } from '../store/jpeg.ts';
import type { BgrImage } from '../store/jpeg-decoder.ts';
import { SpatterError } from '../util/errors.ts';
import { FACTS, writeFacts } from './crop-facts.ts';
import type { CropBlock } from './crop-blocks.ts';
import { cropBytes, type PackSpec } from './packed-cache-file.ts';
import { packCrop } from './transforms/pack.ts';

/** Decodes, resizes and measures crops. One per thread. */
export class CropMeasurer {
  /** Crops that were smaller than the square, so far. */
  enlarged = 0;
  /** Crops that could not be decoded, so far. */
  damaged = 0;
  readonly #decoder: JpegDecoder;
  readonly #spec: Pick<PackSpec, 'size' | 'channels'>;
  readonly #tolerant: boolean;

  private constructor(decoder: JpegDecoder, spec: Pick<PackSpec, 'size' | 'channels'>, tolerant: boolean) {
    this.#decoder = decoder;
    this.#spec = spec;
    this.#tolerant = tolerant;
  }

  /** @param tolerant a damaged JPEG gives black planes and the condition `damaged` instead of ending it all. */
  static async create(spec: Pick<PackSpec, 'size' | 'channels'>, tolerant: boolean): Promise<CropMeasurer> {
    return new CropMeasurer(await JpegDecoder.create(), spec, tolerant);
  }

  /**
   * Writes the planes of `block` to `planes`, from its start on, and its facts to `facts`, where the slots are.
   * @throws {SpatterError} JPEG_DAMAGED naming file, dataset and row, unless tolerant.
   */
  measure(block: CropBlock, planes: Uint8Array, facts: Uint32Array): void {
    const { size, channels } = this.#spec;
    const length = cropBytes(this.#spec);
    block.jpegs.forEach((jpeg, i) => {
      const offset = i * length;
      const image = this.#decode(jpeg, `${block.path} ${block.dataset} row ${block.rows[i]!}`);
      if (image === null) planes.fill(0, offset, offset + length);
      else packCrop(image, channels, size, planes, offset);
      const at = { values: planes, offset, length, size };
      writeFacts(jpeg, image, at, facts, (block.firstSlot + i) * FACTS);
    });
  }

  #decode(jpeg: Uint8Array, where: string): BgrImage | null {
    try {
      const image = this.#decoder.decode(jpeg, where);
      this.enlarged += Number(image.width < this.#spec.size || image.height < this.#spec.size);
      return image;
    } catch (error) {
      if (!this.#tolerant || !(error instanceof SpatterError)) throw error;
      this.damaged++;
      return null;
    }
  }
}
