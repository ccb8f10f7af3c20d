// A few crops of each layer to be shown, evenly spread however many come.
import type { PredictedCrop } from './predicted-crop.ts';

/** A judged crop kept to be shown. */
export interface SampleCrop extends PredictedCrop {
  readonly probability: number;
  readonly jpeg: Uint8Array;
}

const PER_LAYER = 8;

/** Keeps every n-th crop of a layer, n doubling whenever they become too many. */
export class SampleCrops {
  readonly #layers = new Map<number, { stride: number; seen: number; crops: SampleCrop[] }>();

  /** Takes `crop` or not; says which. */
  offer(crop: PredictedCrop, jpeg: Uint8Array): boolean {
    const { probability } = crop;
    if (probability === null) return false;
    const kept = this.#layers.get(crop.layer) ?? { stride: 1, seen: 0, crops: [] };
    this.#layers.set(crop.layer, kept);
    if (kept.seen++ % kept.stride !== 0) return false;
    kept.crops.push({ ...crop, probability, jpeg });
    if (kept.crops.length > 2 * PER_LAYER) {
      kept.crops = kept.crops.filter((_, i) => i % 2 === 0);
      kept.stride *= 2;
    }
    return true;
  }

  /** At most {@link PER_LAYER} crops of each layer. */
  evenly(): SampleCrop[] {
    return [...this.#layers.values()].flatMap(({ crops }) => {
      if (crops.length <= PER_LAYER) return crops;
      return Array.from({ length: PER_LAYER }, (_, i) => crops[Math.floor((i * crops.length) / PER_LAYER)]!);
    });
  }
}
