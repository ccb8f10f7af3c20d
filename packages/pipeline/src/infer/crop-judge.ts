// Judges crops as they come, in batches, and keeps the table: probability, what is unlike the known crops, a verdict per layer.
import { imageFeatures } from '../data/image-features.ts';
import type { DecodedCrop } from '../data/transforms/pack.ts';
import { LayerCounter } from '../extract/layers.ts';
import { Ledger } from '../extract/ledger.ts';
import type { RejectionCounts } from '../extract/rules.ts';
import { groupObstacle, outlying } from '../metrics/domain.ts';
import { judgeClassLayers, type ClassLayerVerdict } from '../metrics/class-verdict.ts';
import { judgeLayers, type LayerVerdict } from '../metrics/verdict.ts';
import { tellsGasFlow, type ModelCard } from '../export/exported-model.ts';
import { classOne, decided, prepare, type Classifier, type Outputs } from './classifier.ts';
import type { PredictedCrop } from './predicted-crop.ts';
import { SampleCrops, type SampleCrop } from './sample-crops.ts';

export interface SeenCrop extends Pick<PredictedCrop, 'x' | 'y' | 'w' | 'h' | 'area' | 'name'> {
  /** Null for a dark crop. */
  readonly image: { readonly jpeg: Uint8Array; readonly decoded: DecodedCrop } | null;
}

/** What one frame, or one pair of frames, showed. */
export interface SeenFrame {
  readonly frame: number;
  readonly contours: number;
  readonly rejected: RejectionCounts;
  readonly crops: readonly SeenCrop[];
}

/** What was judged since the last chunk was taken: enough to go on from there in another process. */
export interface JudgedChunk {
  readonly frames: readonly (Omit<SeenFrame, 'crops'> & { readonly crops: number })[];
  readonly crops: readonly PredictedCrop[];
  /** JPEGs of the crops that were kept to be shown, by their place in `crops`. */
  readonly jpegs: Readonly<Record<number, Uint8Array>>;
}

export interface JudgeOptions {
  readonly startFrame: number;
  readonly layerGap: number;
  /** Gets every crop as soon as it is judged. */
  readonly onCrops?: (crops: readonly PredictedCrop[]) => void;
  /** Gets what a layer came to as soon as the next one has begun. */
  readonly onLayer?: (layer: LayerVerdict | ClassLayerVerdict) => void;
}

export interface Judged {
  readonly ledger: Ledger;
  readonly crops: readonly PredictedCrop[];
  /** Spatters in each frame, from the first on. */
  readonly counts: readonly number[];
  /** Of a model of the gas flow; else empty. */
  readonly layers: readonly LayerVerdict[];
  /** Of a model that tells classes apart; else null. */
  readonly classLayers: readonly ClassLayerVerdict[] | null;
  /** A few crops of each layer, evenly spread. */
  readonly samples: readonly SampleCrop[];
}

const BATCH = 256;
/** Share of a layer's crops that may show nothing. */
const MOST_DARK = 0.5;
const NOTHING = {
  probability: null,
  logit: null,
  brightness: null,
  contrast: null,
  sharpness: null,
  veil: null,
} as const;

type Pending = SeenCrop & { readonly frame: number; readonly layer: number };

export class CropJudge {
  readonly #classifier: Classifier;
  readonly #options: JudgeOptions;
  readonly #layers: LayerCounter;
  readonly #ledger = new Ledger();
  readonly #counts: number[] = [];
  readonly #crops: PredictedCrop[] = [];
  readonly #samples = new SampleCrops();
  #pending: Pending[] = [];
  #frames: JudgedChunk['frames'][number][] = [];
  #taken = 0;
  /** First crop of the layer that is being seen. */
  #layerFrom = 0;
  #jpegs: Record<number, Uint8Array> = {};

  constructor(classifier: Classifier, options: JudgeOptions) {
    this.#classifier = classifier;
    this.#options = options;
    this.#layers = new LayerCounter(options.startFrame, options.layerGap);
  }

  async add(seen: SeenFrame): Promise<void> {
    const layer = this.#enter({ ...seen, crops: seen.crops.length });
    for (const crop of seen.crops) this.#pending.push({ ...crop, frame: seen.frame, layer });
    if (this.#pending.length >= BATCH) await this.flush();
  }

  #enter(frame: JudgedChunk['frames'][number]): number {
    this.#ledger.add({ ...frame, crops: { length: frame.crops } });
    this.#counts.push(frame.crops);
    this.#frames.push(frame);
    return this.#layers.at(frame.frame, frame.crops);
  }

  /** Judges what is waiting. */
  async flush(): Promise<void> {
    const pending = this.#pending.splice(0);
    const from = this.#crops.length;
    for (let start = 0; start < pending.length; start += BATCH)
      await this.#judge(pending.slice(start, start + BATCH));
    if (pending.length > 0) this.#options.onCrops?.(this.#crops.slice(from));
    this.#tellLayers();
  }

  /** Tells of every layer but the last, which may go on. */
  #tellLayers(): void {
    const { onLayer } = this.#options;
    if (onLayer === undefined) return;
    const last = this.#crops.at(-1)?.layer;
    while (this.#crops[this.#layerFrom]?.layer !== last) {
      const { layer } = this.#crops[this.#layerFrom]!;
      const end = this.#crops.findIndex((crop, i) => i > this.#layerFrom && crop.layer !== layer);
      const { layers, classLayers } = this.#verdicts(this.#crops.slice(this.#layerFrom, end));
      for (const verdict of classLayers ?? layers) onLayer(verdict);
      this.#layerFrom = end;
    }
  }

  async #judge(pending: readonly Pending[]): Promise<void> {
    const { card } = this.#classifier.model;
    const shown = pending.flatMap(({ image }) => (image === null ? [] : [image.decoded]));
    const found = shown.length === 0 ? [] : await this.#lookAt(shown);
    const unlike = card.domain === null ? [] : outlying(card.domain, columnsOf(found));
    let next = 0;
    for (const { image, ...place } of pending) {
      if (image === null) {
        this.#crops.push({ ...place, ...NOTHING, width: null, height: null, unlike: null });
        continue;
      }
      const odd = unlike[next] ?? null;
      const crop = {
        ...place,
        ...found[next++]!,
        unlike: odd === null ? null : `${odd.feature} ${odd.side}`,
      };
      const kept = this.#samples.offer(crop, image.jpeg);
      if (kept) this.#jpegs[this.#crops.length - this.#taken] = image.jpeg;
      this.#crops.push(crop);
    }
  }

  async #lookAt(decoded: readonly DecodedCrop[]) {
    const { card } = this.#classifier.model;
    const { preprocessing } = card;
    const { channels, crop: side } = preprocessing;
    const images = prepare(decoded, preprocessing);
    const said = await this.#classifier.run(images, decoded.length);
    const verdicts = tellsGasFlow(card) ? flowsOf(said) : classesOf(said, card);
    const features = imageFeatures(images, decoded.length, { channels, side });
    return decoded.map(({ width, height }, i) => ({
      ...verdicts[i]!,
      brightness: features.brightness[i]!,
      contrast: features.contrast[i]!,
      sharpness: features.sharpness[i]!,
      veil: features.veil[i]!,
      width,
      height,
    }));
  }

  /** What was judged since the last call; nothing may be waiting. */
  takeChunk(): JudgedChunk {
    const chunk = { frames: this.#frames, crops: this.#crops.slice(this.#taken), jpegs: this.#jpegs };
    [this.#frames, this.#jpegs, this.#taken] = [[], {}, this.#crops.length];
    return chunk;
  }

  /** Takes up what another judge had judged; its crops are not told to `onCrops` again. */
  restore({ frames, crops, jpegs }: JudgedChunk): void {
    for (const frame of frames) this.#enter(frame);
    crops.forEach((crop, i) => {
      if (crop.probability !== null) this.#samples.offer(crop, jpegs[i] ?? new Uint8Array());
      this.#crops.push(crop);
    });
    this.takeChunk();
  }

  result(): Judged {
    return {
      ...{ ledger: this.#ledger, counts: this.#counts, crops: this.#crops },
      ...this.#verdicts(this.#crops),
      samples: this.#samples.evenly(),
    };
  }

  /** What the layers of `crops` came to. */
  #verdicts(crops: readonly PredictedCrop[]): Pick<Judged, 'layers' | 'classLayers'> {
    const { card } = this.#classifier.model;
    const judged = crops.filter(({ probability }) => probability !== null);
    const layers = [...new Set(crops.map((crop) => crop.layer))];
    const options = { layers, obstacles: this.#obstacles(crops, layers) };
    const column = (pick: (crop: PredictedCrop) => number) => Float64Array.from(judged, pick);
    const place = { layer: column((c) => c.layer), frame: column((c) => c.frame) };
    const flow = { ...place, probability: column((c) => c.probability!) };
    const isFlow = tellsGasFlow(card);
    return {
      layers: isFlow ? judgeLayers(flow, { ...options, threshold: card.threshold }) : [],
      classLayers: isFlow
        ? null
        : judgeClassLayers({ ...place, ...classColumns(judged) }, card.labels, options),
    };
  }

  /** Why layers cannot be judged, whatever the network says. */
  #obstacles(crops: readonly PredictedCrop[], layers: readonly number[]): Map<number, string> {
    const { domain } = this.#classifier.model.card;
    const obstacles = new Map<number, string>();
    for (const layer of layers) {
      const mine = crops.filter((crop) => crop.layer === layer);
      const lit = mine.filter(({ probability }) => probability !== null);
      const why =
        darkness(lit.length, mine.length) ?? (domain === null ? null : groupObstacle(domain, columnsOf(lit)));
      if (why !== null) obstacles.set(layer, why);
    }
    return obstacles;
  }
}

function flowsOf(said: Outputs) {
  const { outputs, logits } = said;
  return Array.from(classOne(said), (probability, i) => ({
    probability,
    logit: outputs === 1 ? logits[i]! : logits[2 * i + 1]! - logits[2 * i]!,
  }));
}

/** A single output p stands for the classes 1 − p and p. */
function classesOf(said: Outputs, { threshold }: Pick<ModelCard, 'threshold'>) {
  const { outputs, probability } = said;
  return Array.from(decided(said, threshold), (place, i) => {
    const row = [...probability.subarray(i * outputs, (i + 1) * outputs)];
    const classes = outputs === 1 ? [1 - row[0]!, row[0]!] : row;
    return { probability: classes[place]!, classes, decided: place, logit: null };
  });
}

function classColumns(crops: readonly PredictedCrop[]) {
  return {
    probabilities: crops.map(({ classes = [] }) => classes),
    decision: Uint8Array.from(crops, (crop) => crop.decided ?? 0),
  };
}

const FEATURES = ['brightness', 'contrast', 'sharpness', 'veil', 'width', 'height'] as const;
type Looks = Pick<PredictedCrop, (typeof FEATURES)[number]>;

/** The features of judged crops, none of which is null. */
function columnsOf(crops: readonly Looks[]): Record<string, Float64Array> {
  const columns = FEATURES.map((name) => [name, Float64Array.from(crops, (crop) => crop[name] ?? 0)]);
  return Object.fromEntries(columns) as Record<string, Float64Array>;
}

function darkness(lit: number, all: number): string | null {
  const dark = all - lit;
  return dark <= MOST_DARK * all ? null : `dark view: ${dark} of its ${all} crops show nothing`;
}
