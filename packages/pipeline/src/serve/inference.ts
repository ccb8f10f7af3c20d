// What a serving thread does with a batch of images: decode, prepare, run the network, probabilities by class.
import { imageFeatures } from '../data/image-features.ts';
import type { DecodedCrop, GrayCrop } from '../data/transforms/pack.ts';
import type { ExportedModel } from '../export/exported-model.ts';
import { prepare, type Classifier } from '../infer/classifier.ts';
import { decodeForNetwork } from '../infer/decode-input.ts';
import { openProven } from '../infer/golden-crops.ts';
import { outlying, type Outlying } from '../metrics/domain.ts';
import { randomStream } from '../util/random.ts';
import { SpatterError } from '../util/errors.ts';

export interface Judged {
  /** By class; they sum to 1. */
  readonly probabilities: readonly number[];
  /** In what the image is unlike those that the model knows; null where it is not, or where nothing was measured. */
  readonly outlying: Outlying | null;
}

/** What the model says about an image, or why it cannot say anything. */
export type ImageResult = Judged | { readonly problem: string };

type Crop = DecodedCrop | GrayCrop;

/** Batch sizes that are compared with single images when a model is opened. */
const PROBED = [2, 3, 5, 8, 16, 32];

export class Inference {
  readonly #model: ExportedModel;
  readonly #classifier: Classifier;
  #batches = true;

  private constructor(classifier: Classifier) {
    this.#model = classifier.model;
    this.#classifier = classifier;
  }

  /**
   * Opens `model` once its golden crops have passed.
   * @param threads of the network's operators.
   * @throws {SpatterError} MODEL_DAMAGED.
   */
  static async open(model: ExportedModel, threads: number): Promise<Inference> {
    const opened = new Inference(await openProven(model, threads));
    opened.#batches = await opened.#batchesLikeSingles();
    return opened;
  }

  /**
   * Whether images run together give the very bits that each gives alone. Where they do not (matrix products may be split
   * otherwise for other sizes), each runs alone.
   */
  get batches(): boolean {
    return this.#batches;
  }

  /** One result for each of `images`, in order; a bad one spoils only its own. */
  async classify(images: readonly Uint8Array[]): Promise<ImageResult[]> {
    const decoded = await Promise.all(images.map((image) => this.#decode(image)));
    const crops = decoded.filter((each): each is Crop => !('problem' in each));
    const judged = (await this.#judge(crops)).values();
    return decoded.map((each) => ('problem' in each ? each : judged.next().value!));
  }

  /** Milliseconds that the network takes for a single image: the best of a few runs. */
  async runMs(): Promise<number> {
    const { channels, crop } = this.#model.card.preprocessing;
    const image = new Float32Array(channels * crop * crop);
    let best = Infinity;
    for (let i = 0; i < 5; i++) {
      const begun = performance.now();
      await this.#run(image, 1);
      best = Math.min(best, performance.now() - begun);
    }
    return best;
  }

  async close(): Promise<void> {
    await this.#classifier.close();
  }

  async #decode(image: Uint8Array): Promise<Crop | { readonly problem: string }> {
    try {
      return await decodeForNetwork(image, this.#model.card, 'the image');
    } catch (error) {
      if (error instanceof SpatterError) return { problem: error.message };
      throw error;
    }
  }

  async #judge(crops: readonly Crop[]): Promise<Judged[]> {
    if (crops.length === 0) return [];
    const { preprocessing, domain } = this.#model.card;
    const { channels, crop: side } = preprocessing;
    const images = prepare(crops, preprocessing);
    const rows = await (this.#batches
      ? this.#run(images, crops.length)
      : this.#runEach(images, crops.length));
    const unlike =
      domain === null ? [] : outlying(domain, { ...imageFeatures(images, crops.length, { channels, side }) });
    return rows.map((probabilities, i) => ({ probabilities, outlying: unlike[i] ?? null }));
  }

  async #runEach(images: Float32Array, count: number): Promise<number[][]> {
    const size = images.length / count;
    const rows: number[][] = [];
    for (let i = 0; i < count; i++)
      rows.push(...(await this.#run(images.subarray(i * size, (i + 1) * size), 1)));
    return rows;
  }

  /** A single output p stands for the classes 1 − p and p. */
  async #run(images: Float32Array, count: number): Promise<number[][]> {
    const { outputs, probability } = await this.#classifier.run(images, count);
    return Array.from({ length: count }, (_, i) => {
      const row = [...probability.subarray(i * outputs, (i + 1) * outputs)];
      return outputs === 1 ? [1 - row[0]!, row[0]!] : row;
    });
  }

  async #batchesLikeSingles(): Promise<boolean> {
    const { channels, crop } = this.#model.card.preprocessing;
    const size = channels * crop * crop;
    const random = randomStream(1);
    const images = Float32Array.from({ length: Math.max(...PROBED) * size }, () => (random() & 255) / 255);
    const singles = (await this.#runEach(images, Math.max(...PROBED))).flat();
    for (const count of PROBED) {
      const together = (await this.#run(images.subarray(0, count * size), count)).flat();
      if (together.some((value, i) => value !== singles[i])) return false;
    }
    return true;
  }
}
