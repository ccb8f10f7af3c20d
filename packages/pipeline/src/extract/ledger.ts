// Accounts for every frame and contour: read = kept + rejected by reason.
import type { FrameCrops } from './crops.ts';
import { REJECTIONS, type RejectionCounts } from './rules.ts';

/** Frames without spatter after which the next spatter belongs to a new layer: the recoater has passed meanwhile. */
const LAYER_GAP_FRAMES = 700;

export class Ledger {
  pairs = 0;
  contours = 0;
  kept = 0;
  framesWithSpatter = 0;
  /** Spatter that a limit on the number of crops left out. */
  overLimit = 0;
  readonly rejected: RejectionCounts = { small: 0, large: 0, empty: 0, blue: 0 };

  add(found: FrameCrops): void {
    this.pairs++;
    this.contours += found.contours;
    this.kept += found.crops.length;
    this.framesWithSpatter += found.crops.length > 0 ? 1 : 0;
    for (const reason of REJECTIONS) this.rejected[reason] += found.rejected[reason];
  }
}

/** Numbers layers from 0, as the reference does: by pauses of more than `gap` frames. */
export class LayerCounter {
  /** Layers that held spatter so far. */
  seen = 0;
  #layer = 0;
  #last: number;
  readonly #gap: number;

  /** @param start the first frame looked at: a long wait before the first spatter counts as a pause */
  constructor(start: number, gap: number = LAYER_GAP_FRAMES) {
    this.#last = start;
    this.#gap = gap;
  }

  /** The layer of `frame`, which holds `crops` spatters. */
  at(frame: number, crops: number): number {
    if (crops === 0) return this.#layer;
    const isNew = frame - this.#last > this.#gap;
    if (isNew) this.#layer++;
    if (isNew || this.seen === 0) this.seen++;
    this.#last = frame;
    return this.#layer;
  }
}
