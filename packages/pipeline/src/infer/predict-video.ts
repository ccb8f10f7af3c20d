// Judges a video with an exported model: extraction, the model's own preprocessing, a probability per crop, a verdict per layer.
import type { DecodedCrop } from '../data/transforms/pack.ts';
import { extractCrops, type Crop, type FrameCrops } from '../extract/crops.ts';
import { LayerCounter } from '../extract/layers.ts';
import { Ledger } from '../extract/ledger.ts';
import { stillRule, type SpatterRules } from '../extract/rules.ts';
import { judgeLayers, type LayerVerdict } from '../metrics/verdict.ts';
import { decodeJpeg, encodeJpeg } from '../store/jpeg.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { openVideo, type DecoderName } from '../video/decoder.ts';
import { requireFrames, type Damage, type VideoInfo } from '../video/reader.ts';
import type { Classifier } from './classifier.ts';

/** One crop with its probability of class 1; boxes in pixels of the whole frame. */
export interface PredictedCrop {
  readonly frame: number;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly area: number;
  /** Null for a dark crop, which shows nothing to judge. */
  readonly probability: number | null;
}

/** A judged crop kept to be shown. */
export interface SampleCrop extends PredictedCrop {
  readonly probability: number;
  readonly jpeg: Uint8Array;
}

export interface Prediction {
  readonly info: VideoInfo;
  readonly framesRead: number;
  readonly damage: Damage | null;
  readonly ledger: Ledger;
  readonly crops: readonly PredictedCrop[];
  /** Spatters in each pair of frames, from the first on. */
  readonly counts: readonly number[];
  readonly startFrame: number;
  readonly layers: readonly LayerVerdict[];
  /** A few crops of each layer, evenly spread. */
  readonly samples: readonly SampleCrop[];
}

export interface PredictOptions {
  readonly rules: SpatterRules;
  readonly startFrame: number;
  readonly layerGap: number;
  readonly decoder: DecoderName | 'auto';
  readonly progress: ProgressFactory;
}

const BATCH = 256;
const SAMPLES_PER_LAYER = 8;

/** Reads `path` to its end. @throws {SpatterError} as the decoder and the extraction rules do. */
export async function predictVideo(
  path: string,
  classifier: Classifier,
  options: PredictOptions,
): Promise<Prediction> {
  const { rules, startFrame, decoder } = options;
  const reader = await openVideo(path, { decoder, startFrame, still: stillRule(rules) });
  const bar = options.progress('predicting', (reader.info.frameCount ?? 0) - startFrame, 'frames');
  const judge = new Judge(classifier, options);
  try {
    for await (const found of extractCrops(reader, rules)) {
      await judge.add(found);
      bar.update(found.frame - startFrame + 1);
    }
    await judge.flush();
    requireFrames(reader, startFrame);
    const { info, position, damage } = reader;
    return { info, framesRead: position - startFrame, damage, startFrame, ...judge.result() };
  } finally {
    bar.stop();
    await reader.close();
  }
}

interface Pending extends Omit<PredictedCrop, 'probability'> {
  /** Null for a dark crop. */
  readonly image: { readonly jpeg: Uint8Array; readonly decoded: DecodedCrop } | null;
}

/** Collects crops, classifies them in batches and keeps the table. */
class Judge {
  readonly #classifier: Classifier;
  readonly #rules: SpatterRules;
  readonly #layers: LayerCounter;
  readonly #ledger = new Ledger();
  readonly #counts: number[] = [];
  readonly #crops: PredictedCrop[] = [];
  readonly #samples = new Map<number, { stride: number; seen: number; crops: SampleCrop[] }>();
  #pending: Pending[] = [];

  constructor(classifier: Classifier, { startFrame, layerGap, rules }: PredictOptions) {
    this.#classifier = classifier;
    this.#rules = rules;
    this.#layers = new LayerCounter(startFrame, layerGap);
  }

  async add(found: FrameCrops): Promise<void> {
    this.#ledger.add(found);
    this.#counts.push(found.crops.length);
    const layer = this.#layers.at(found.frame, found.crops.length);
    for (const crop of found.crops) this.#pending.push(await this.#prepare(found.frame, layer, crop));
    if (this.#pending.length >= BATCH) await this.flush();
  }

  /**
   * As in training, a crop is what remains of it after the JPEG. Spatter that shows in the later frame of a pair only gives
   * a crop of the dark earlier one; where no byte exceeds the threshold there is nothing to judge.
   */
  async #prepare(frame: number, layer: number, crop: Crop): Promise<Pending> {
    const { x, y, w, h, area, bgr, width, height } = crop;
    const { leftBound, threshold } = this.#rules;
    const place = { frame, layer, x: x + Math.max(0, leftBound), y, w, h, area };
    if (crop.max <= threshold) return { ...place, image: null };
    const jpeg = await encodeJpeg(bgr, width, height);
    return { ...place, image: { jpeg, decoded: await decodeJpeg(jpeg) } };
  }

  async flush(): Promise<void> {
    const pending = this.#pending.splice(0);
    const judged = pending.flatMap(({ image }) => (image === null ? [] : [image.decoded]));
    const probabilities = (await this.#classifier.classify(judged)).values();
    for (const { image, ...place } of pending) {
      if (image === null) {
        this.#crops.push({ ...place, probability: null });
        continue;
      }
      const crop = { ...place, probability: probabilities.next().value! };
      this.#crops.push(crop);
      this.#keepSample({ ...crop, jpeg: image.jpeg });
    }
  }

  /** Keeps every n-th crop of a layer, n doubling whenever they become too many. */
  #keepSample(crop: SampleCrop): void {
    const kept = this.#samples.get(crop.layer) ?? { stride: 1, seen: 0, crops: [] };
    if (kept.seen++ % kept.stride === 0) kept.crops.push(crop);
    if (kept.crops.length > 2 * SAMPLES_PER_LAYER) {
      kept.crops = kept.crops.filter((_, i) => i % 2 === 0);
      kept.stride *= 2;
    }
    this.#samples.set(crop.layer, kept);
  }

  result() {
    const judged = this.#crops.flatMap(({ probability, layer, frame }) =>
      probability === null ? [] : [{ probability, layer, frame }],
    );
    const column = (pick: (crop: (typeof judged)[number]) => number) => Float64Array.from(judged, pick);
    const layers = judgeLayers(
      {
        probability: column((c) => c.probability),
        layer: column((c) => c.layer),
        frame: column((c) => c.frame),
      },
      {
        threshold: this.#classifier.model.card.threshold,
        layers: [...new Set(this.#crops.map((crop) => crop.layer))],
      },
    );
    const samples = [...this.#samples.values()].flatMap(({ crops }) => evenly(crops, SAMPLES_PER_LAYER));
    return { ledger: this.#ledger, counts: this.#counts, crops: this.#crops, layers, samples };
  }
}

/** `count` entries of `list`, evenly spread. */
function evenly<T>(list: readonly T[], count: number): T[] {
  if (list.length <= count) return [...list];
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]!);
}
