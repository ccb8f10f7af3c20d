// Tells, before any colour is computed, that two decoded frames cannot differ visibly: most frames of a build are dark.
import { instantiateWasm } from '../util/wasm.ts';
import { PLANES_BASE64 } from './planes.generated.ts';
import type { StillRule } from './reader.ts';

interface PlanesExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  largestDifference(first: number, second: number, stride: number, width: number, height: number): number;
}

/** The compiled kernel keeps its constants below this address. */
const FIRST_FREE = 1024;
const PAGE = 65536;
/** Bytes FFmpeg's and our vector loads may touch behind a plane. */
const SLACK = 128;

/**
 * An upper bound of the gray difference of two frames, from the largest differences of their planes.
 *
 * FFmpeg makes each of B, G, R from one luma and one chroma pair: c = clip(1.1644·Y + u·U + v·V + constant) by BT.601, with
 * (u, v) = (2.0172, 0), (−0.3917, −0.8129), (0, 1.5958); full-range video has smaller factors. Clipping never enlarges a
 * difference, so |Δc| ≤ 1.1644·|ΔY| + |u|·|ΔU| + |v|·|ΔV| + e, where e is what rounding adds. The gray of the absolute
 * difference is their mean with weights 0.114, 0.587, 0.299, which gives the factors below. FFmpeg's fixed-point code cuts
 * each of at most three terms to a whole number, in both frames: e < 3; gray rounds by 0.5 more.
 */
export function grayBound(y: number, u: number, v: number): number {
  return 1.1645 * y + 0.4605 * u + 0.9546 * v + ROUNDING;
}

const ROUNDING = 4;

/** One plane's place: where in memory, how far its rows are apart, its size. */
interface Plane {
  readonly offset: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** Planes of a 4:2:0 frame as FFmpeg hands them out. */
export interface DecodedPlanes {
  readonly data: readonly Buffer[];
  readonly strides: readonly number[];
  /** FFmpeg's number of the pixel format. */
  readonly format: number;
}

/** Holds the planes of the two latest frames and compares them. */
export class PlanePair {
  readonly #exports = instantiateWasm<PlanesExports>(PLANES_BASE64);
  readonly #size: readonly [number, number];
  readonly #rule: StillRule;
  #planes: readonly Plane[] = [];
  #bytes = 0;
  #format = -1;
  /** Halves that hold a frame. */
  readonly #held: [boolean, boolean] = [false, false];

  /** @param width, height are those of every frame, and even */
  constructor(width: number, height: number, rule: StillRule) {
    this.#size = [width, height];
    this.#rule = rule;
  }

  /** Whether two neighbouring frames are held. */
  get full(): boolean {
    return this.#held[0] && this.#held[1];
  }

  /** Copies a frame's planes into half `index & 1`; false, and the half empty, without planes or with other ones than the first. */
  hold(index: number, planes: DecodedPlanes | null): boolean {
    if (planes !== null && this.#bytes === 0) this.#layOut(planes);
    const fits = planes !== null && planes.format === this.#format && this.#hasStrides(planes);
    this.#held[index & 1] = fits;
    if (!fits) return false;
    for (const [i, target] of this.planes(index).data.entries()) {
      target.set(planes.data[i]!.subarray(0, target.length));
    }
    return true;
  }

  #hasStrides({ strides }: DecodedPlanes): boolean {
    return this.#planes.every(({ stride }, i) => strides[i] === stride);
  }

  #layOut({ strides, format }: DecodedPlanes): void {
    this.#format = format;
    this.#planes = [1, 2, 2].map((part, i) => {
      const [offset, stride] = [this.#bytes, strides[i]!];
      const plane = { offset, stride, width: this.#size[0] / part, height: this.#size[1] / part };
      this.#bytes += Math.ceil((stride * plane.height + SLACK) / 64) * 64;
      return plane;
    });
    const { memory } = this.#exports;
    const end = FIRST_FREE + 2 * this.#bytes;
    memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
  }

  /** The planes held in half `index & 1`. */
  planes(index: number): DecodedPlanes {
    const { buffer } = this.#exports.memory;
    const data = this.#planes.map(({ offset, stride, height }) =>
      Buffer.from(buffer, this.#start(index) + offset, stride * height),
    );
    return { data, strides: this.#planes.map(({ stride }) => stride), format: this.#format };
  }

  /** Whether no gray difference between the two frames can exceed the rule's threshold within its columns. */
  still(): boolean {
    if (!this.full) return false;
    const [y, u, v] = this.#planes.map((plane) => this.#difference(plane));
    return grayBound(y!, u!, v!) <= this.#rule.threshold;
  }

  #difference({ offset, stride, width, height }: Plane): number {
    const part = this.#planes[0]!.width / width;
    const left = Math.min(width, Math.floor(this.#rule.left / part));
    const right = Math.min(width, Math.ceil(this.#rule.right / part));
    const [first, second] = [0, 1].map((half) => this.#start(half) + offset + left);
    return this.#exports.largestDifference(first!, second!, stride, right - left, height);
  }

  #start(index: number): number {
    return FIRST_FREE + (index & 1) * this.#bytes;
  }
}
