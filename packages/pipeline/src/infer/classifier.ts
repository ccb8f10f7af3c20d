// Classifies crops with an exported model and the preprocessing that it carries.
import { openInference, type Inference } from '@spatter/tensor';
import { onBlack, packCrop, type DecodedCrop, type GrayCrop } from '../data/transforms/pack.ts';
import { writeCentre } from '../data/transforms/sample.ts';
import type { ExportedModel, ModelCard } from '../export/exported-model.ts';

/** Crops prepared at a time. */
const BATCH = 256;

/** Images [N, C, H, W] in [0, 1], as the network was evaluated on. */
export function prepare(
  crops: readonly (DecodedCrop | GrayCrop)[],
  { channels, resize, crop, pad }: ModelCard['preprocessing'],
): Float32Array {
  const square = new Uint8Array(channels * resize * resize);
  const sample = channels * crop * crop;
  const images = new Float32Array(crops.length * sample);
  crops.forEach((decoded, i) => {
    packCrop(pad === true ? onBlack(decoded, resize) : decoded, channels, resize, square);
    writeCentre({ channels, size: resize, crop }, square, 0, images, i * sample);
  });
  return images;
}

/** What the network says about a batch, row-major [size, outputs]. */
export interface Outputs {
  readonly size: number;
  /** 1 or 2 for two classes, else one per class. */
  readonly outputs: number;
  /** Before calibration. */
  readonly logits: Float64Array;
  /** Calibrated. */
  readonly probability: Float64Array;
}

/** Calibrated probability of class 1, one per sample of a two-class model. */
export function classOne({ size, outputs, probability }: Outputs): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => probability[i * outputs + outputs - 1]!);
}

/** Class that is decided for each sample: by `threshold` for two classes, the likeliest for more. */
export function decided({ size, outputs, probability }: Outputs, threshold: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => {
    const row = probability.subarray(i * outputs, (i + 1) * outputs);
    return outputs > 2 ? row.indexOf(Math.max(...row)) : Number(row[outputs - 1]! > threshold);
  });
}

export class Classifier {
  readonly model: ExportedModel;
  readonly #inference: Inference;

  private constructor(model: ExportedModel, inference: Inference) {
    this.model = model;
    this.#inference = inference;
  }

  /** Does not run the golden crops: {@link openModel} does. */
  static async open(model: ExportedModel, threads: number | null = null): Promise<Classifier> {
    return new Classifier(model, await openInference(model.onnx, { threads: threads ?? undefined }));
  }

  /** Calibrated probability of class 1 for each decoded crop. */
  async classify(crops: readonly (DecodedCrop | GrayCrop)[]): Promise<Float64Array> {
    return classOne(await this.judge(crops));
  }

  /** Logits and probabilities of each decoded crop. */
  async judge(crops: readonly (DecodedCrop | GrayCrop)[]): Promise<Outputs> {
    const parts: Outputs[] = [];
    for (let start = 0; start < crops.length; start += BATCH) {
      const part = crops.slice(start, start + BATCH);
      parts.push(await this.run(prepare(part, this.model.card.preprocessing), part.length));
    }
    const joined = (of: (part: Outputs) => Float64Array) =>
      Float64Array.from(parts.flatMap((p) => [...of(p)]));
    const outputs = parts[0]?.outputs ?? 1;
    return {
      size: crops.length,
      outputs,
      logits: joined((p) => p.logits),
      probability: joined((p) => p.probability),
    };
  }

  /** The same for images [size, C, H, W] that are prepared already. */
  async run(images: Float32Array, size: number): Promise<Outputs> {
    const { channels, crop } = this.model.card.preprocessing;
    const results = await this.#inference.run(images, [size, channels, crop, crop]);
    const logits = new Float64Array(results.logits);
    const probability = new Float64Array(results.probability);
    return { size, outputs: logits.length / size, logits, probability };
  }

  async close(): Promise<void> {
    await this.#inference.dispose();
  }
}
