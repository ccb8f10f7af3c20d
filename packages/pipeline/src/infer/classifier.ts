// Classifies crops with an exported model and the preprocessing that it carries.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { packCrop, type DecodedCrop } from '../data/transforms/pack.ts';
import { writeCentre } from '../data/transforms/sample.ts';
import type { ExportedModel, ModelCard } from '../export/exported-model.ts';

/** Crops per run of the network. */
const BATCH = 256;

/** Images [N, C, H, W] in [0, 1], as the network was evaluated on. */
export function prepare(
  crops: readonly DecodedCrop[],
  { channels, resize, crop }: ModelCard['preprocessing'],
): Float32Array {
  const square = new Uint8Array(channels * resize * resize);
  const sample = channels * crop * crop;
  const images = new Float32Array(crops.length * sample);
  crops.forEach((decoded, i) => {
    packCrop(decoded, channels, resize, square);
    writeCentre({ channels, size: resize, crop }, square, 0, images, i * sample);
  });
  return images;
}

export class Classifier {
  readonly model: ExportedModel;
  readonly #session: InferenceSession;

  private constructor(model: ExportedModel, session: InferenceSession) {
    this.model = model;
    this.#session = session;
  }

  static async open(model: ExportedModel, threads: number | null = null): Promise<Classifier> {
    const options = threads === null ? {} : { intraOpNumThreads: threads };
    return new Classifier(model, await InferenceSession.create(model.onnx, options));
  }

  /** Probability of class 1 for each decoded crop. */
  async classify(crops: readonly DecodedCrop[]): Promise<Float64Array> {
    const result = new Float64Array(crops.length);
    for (let start = 0; start < crops.length; start += BATCH) {
      const part = crops.slice(start, start + BATCH);
      result.set(await this.probabilities(prepare(part, this.model.card.preprocessing), part.length), start);
    }
    return result;
  }

  /** Probability of class 1 for images [size, C, H, W] that are prepared already. */
  private async probabilities(images: Float32Array, size: number): Promise<Float64Array> {
    const outputs = await this.outputs(images, size);
    const classes = outputs.length / size;
    return Float64Array.from({ length: size }, (_, i) => outputs[i * classes + classes - 1]!);
  }

  /** The model's probabilities, row-major [size, K], for images [size, C, H, W] that are prepared already. */
  async outputs(images: Float32Array, size: number): Promise<Float64Array> {
    const { channels, crop } = this.model.card.preprocessing;
    const input = new Tensor('float32', images, [size, channels, crop, crop]);
    const { data } = (await this.#session.run({ input }, ['probability']))['probability']!;
    return Float64Array.from(data as Float32Array);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
