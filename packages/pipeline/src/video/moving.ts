// Tells, before any colour is computed, where two decoded frames cannot differ visibly: most of a build is dark.
import { instantiateWasm } from '../util/wasm.ts';
import { BAND_ROWS, bandsOf, type MovingColumns } from './bands.ts';
import { PLANES_BASE64 } from './planes.generated.ts';
import type { StillRule } from './reader.ts';

interface PlanesExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  movingColumns(
    first: number,
    second: number,
    firstChroma: number,
    secondChroma: number,
    stride: number,
    chromaStride: number,
    width: number,
    height: number,
    left: number,
    right: number,
    bandRows: number,
    limit: number,
    out: number,
  ): void;
}

/** The compiled kernel keeps its constants below this address. */
const FIRST_FREE = 1024;
const PAGE = 65536;
/** Bytes our vector loads may touch behind a plane. */
const SLACK = 128;

/**
 * An upper bound of the gray difference of two pixels, from the differences of their samples.
 *
 * FFmpeg makes each of B, G, R from one luma and one chroma pair: c = clip(1.1644·Y + u·U + v·V + constant) by BT.601, with
 * (u, v) = (2.0172, 0), (−0.3917, −0.8129), (0, 1.5958); full-range video has smaller factors. Clipping never enlarges a
 * difference, so |Δc| ≤ 1.1644·|ΔY| + |u|·|ΔU| + |v|·|ΔV| + e, where e is what rounding adds. The gray of the absolute
 * difference is their mean with weights 0.114, 0.587, 0.299, which gives the factors below. FFmpeg's fixed-point code cuts
 * each of at most three terms to a whole number, in both frames: e < 3; gray rounds by 0.5 more.
 *
 * The kernel takes, for each column of a band, the largest difference of each plane. Its factors are these in 1/96, rounded up.
 */
export function grayBound(y: number, u: number, v: number): number {
  return 1.1645 * y + 0.4605 * u + 0.9546 * v + ROUNDING;
}

const ROUNDING = 4;
const SCALE = 96;

/** Pairs left unexamined, at most, after one in which most of the picture moved. */
const LONGEST_PAUSE = 16;
/** Where more than this share of the picture moves, looking costs more than it saves. */
const MOST = 0.1;

/** Planes of a 4:2:0 frame as FFmpeg hands them out: luma, then two of chroma with rows equally far apart. */
export interface DecodedPlanes {
  readonly data: readonly Buffer[];
  readonly strides: readonly number[];
  /** FFmpeg's number of the pixel format. */
  readonly format: number;
}

/** Where the planes of one frame lie behind its first byte. */
interface Layout {
  readonly format: number;
  readonly strides: readonly number[];
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/** Compares each frame with the one before. */
export class MotionWatch {
  readonly #exports = instantiateWasm<PlanesExports>(PLANES_BASE64);
  readonly #width: number;
  readonly #height: number;
  readonly #rule: StillRule;
  /** 96 times the largest bound that is still; negative where no bound is small enough. */
  readonly #limit: number;
  #layout: Layout | undefined;
  #index = 0;
  /** Index of the frame that each half holds. */
  readonly #held: [number, number] = [NaN, NaN];
  #pause = 0;
  #wait = 0;

  /** @param width, height are those of every frame, and even */
  constructor(width: number, height: number, rule: StillRule) {
    [this.#width, this.#height] = [width, height];
    this.#rule = rule;
    this.#limit = SCALE * (Math.min(rule.threshold, 255) - ROUNDING);
  }

  /**
   * Takes the next frame.
   * @param planesOf its planes, or null where they cannot be compared; not asked for in a pause
   * @returns where it may differ from the frame before by more than the rule's threshold; null when that is not known
   */
  next(planesOf: () => DecodedPlanes | null): MovingColumns | null {
    const index = this.#index++;
    if (this.#limit < 0 || this.#wait-- > 0) return null;
    const planes = planesOf();
    if (planes === null || !this.#hold(index, planes)) return null;
    if (this.#held[(index - 1) & 1] !== index - 1) return null;
    return this.#compare(index);
  }

  #hold(index: number, planes: DecodedPlanes): boolean {
    const layout = (this.#layout ??= this.#layOut(planes));
    const same = layout.strides.every((stride, i) => planes.strides[i] === stride);
    if (!same || planes.format !== layout.format) return false;
    const memory = new Uint8Array(this.#exports.memory.buffer);
    for (const [i, offset] of layout.offsets.entries()) {
      const rows = i === 0 ? this.#height : this.#height / 2;
      memory.set(planes.data[i]!.subarray(0, layout.strides[i]! * rows), this.#start(index) + offset);
    }
    this.#held[index & 1] = index;
    return true;
  }

  #layOut({ strides, format }: DecodedPlanes): Layout {
    const offsets: number[] = [];
    let bytes = 0;
    for (const [i, stride] of strides.entries()) {
      offsets.push(bytes);
      bytes += Math.ceil((stride * (i === 0 ? this.#height : this.#height / 2) + SLACK) / 64) * 64;
    }
    this.#layout = { format, strides: [...strides], offsets, bytes };
    const { memory } = this.#exports;
    const end = FIRST_FREE + 2 * bytes + 4 * bandsOf(this.#height);
    memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE)));
    return this.#layout;
  }

  #compare(index: number): MovingColumns {
    const { strides, offsets } = this.#layout!;
    const out = FIRST_FREE + 2 * this.#layout!.bytes;
    const bands = bandsOf(this.#height);
    this.#exports.movingColumns(
      ...([
        this.#start(index - 1),
        this.#start(index),
        offsets[1]!,
        offsets[2]!,
        strides[0]!,
        strides[1]!,
      ] as const),
      ...([this.#width, this.#height, this.#rule.left, Math.min(this.#rule.right, this.#width)] as const),
      ...([BAND_ROWS, this.#limit, out] as const),
    );
    const moving = new Uint16Array(this.#exports.memory.buffer, out, 2 * bands).slice();
    const columns = moving.reduce((sum, column, i) => sum + (i % 2 === 0 ? -column : column), 0);
    const most = columns > MOST * bands * this.#width;
    [this.#pause, this.#wait] = most ? [Math.min(LONGEST_PAUSE, 2 * this.#pause + 1), this.#pause] : [0, 0];
    return moving;
  }

  #start(index: number): number {
    return FIRST_FREE + (index & 1) * this.#layout!.bytes;
  }
}
