// The WASM kernel's memory and calls: the difference mask between two frames, its contours.
import { createSharedMemory, instantiateWasm, PAGE, type SharedMemory } from '../util/wasm.ts';
import { BAND_ROWS, bandsOf, type MovingColumns } from '../video/bands.ts';
import { KERNEL_BASE64 } from './kernel.generated.ts';

interface KernelExports {
  differenceMask(
    first: number,
    second: number,
    frameStride: number,
    width: number,
    height: number,
    threshold: number,
    scratch: number,
    rowStride: number,
    labels: number,
    labelStride: number,
    occupied: number,
    bands: number,
    bandRows: number,
  ): number;
  findContours(
    labels: number,
    owners: number,
    stride: number,
    height: number,
    occupied: number,
    out: number,
  ): number;
  cutCrop(first: number, stride: number, rowBytes: number, height: number, out: number, sums: number): void;
}

/** One border of the mask, outer or of a hole; pixels of the region, which starts at the left bound. */
export interface Contour {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** `cv2.contourArea` of the border: half-integers occur. */
  readonly area: number;
  readonly hole: boolean;
  /** Its place among the contours of its frame, from 0. */
  readonly index: number;
  /** `index` of the contour around it, as in the hierarchy of `cv2.findContours` with RETR_TREE; −1 where there is none. */
  readonly parent: number;
}

/** The part of the frame that is looked at. */
export interface Region {
  /** First column. */
  readonly left: number;
  /** One past the last column. */
  readonly right: number;
}

/** A part of a frame; pixels of the frame. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The pixels of a part of a frame, and how bright they are. */
export interface CutPixels {
  /** A copy of `height × width × 3` bytes, B G R. */
  readonly bgr: Uint8Array;
  /** Sum of all bytes, and of those of blue. */
  readonly sum: number;
  readonly blue: number;
  /** The largest byte. */
  readonly max: number;
}

/** 32-bit numbers the kernel writes for each contour. */
const FIELDS = 7;
/** 64-bit numbers it writes for a crop, and room for one more. */
const SUMS = 4;
/** The compiled kernel keeps its constants below this address. */
const FIRST_FREE = 1024;
/** Bytes the vector loads may touch behind a buffer. */
const SLACK = 128;

/** Finds spatter candidates between two frames of one size. One instance serves one video; calls do not allocate. */
export class MaskKernel {
  /** Room for two frames, `height × width × 3` bytes B G R; empty where frames lie in memory of others. */
  readonly frames: readonly [Uint8Array, Uint8Array];
  readonly #memory: SharedMemory;
  readonly #exports: KernelExports;
  readonly #width: number;
  readonly #height: number;
  readonly #at: Record<
    'first' | 'second' | 'scratch' | 'labels' | 'owners' | 'occupied' | 'bands' | 'out' | 'crop' | 'sums',
    number
  >;
  readonly #rowStride: number;

  /** @param memory where the frames lie; what the kernel needs besides is appended to it */
  constructor(width: number, height: number, memory?: SharedMemory) {
    this.#memory = memory ?? createSharedMemory(FIRST_FREE);
    this.#exports = instantiateWasm<KernelExports>(KERNEL_BASE64, this.#memory);
    this.#width = width;
    this.#height = height;
    this.#rowStride = Math.ceil(width / 16) * 16 + 48;
    const frame = memory === undefined ? width * height * 3 : 0;
    const sizes = {
      first: frame,
      second: frame,
      scratch: this.#rowStride * (2 * height + 4) + 8 * height + 4,
      labels: this.#rowStride * (height + 2),
      owners: 4 * this.#rowStride * (height + 2),
      occupied: 4 * height,
      bands: 4 * bandsOf(height),
      out: (Math.floor((width * height) / 2) + 1) * FIELDS * 4,
      crop: width * height * 3,
      sums: SUMS * 8,
    };
    this.#at = this.#layOut(memory?.buffer.byteLength ?? FIRST_FREE, sizes);
    const { buffer } = this.#memory;
    this.frames = [
      new Uint8Array(buffer, this.#at.first, frame),
      new Uint8Array(buffer, this.#at.second, frame),
    ];
  }

  /**
   * Contours of the mask `dilate(blur(gray(|a − b|)) > threshold)` within `region`, in scan order.
   * @param threshold  0…255; OpenCV's THRESH_BINARY
   * @param moving     where the frames may differ by more than the threshold, in columns of the frame; null: anywhere
   * @param frames     the two, in the kernel's memory
   */
  contours(
    region: Region,
    threshold: number,
    moving: MovingColumns | null = null,
    [first, second]: readonly [Uint8Array, Uint8Array] = this.frames,
  ): Contour[] {
    const at = this.#at;
    if (!this.#lookAt(region, moving)) return [];
    const offset = 3 * region.left;
    const width = region.right - region.left;
    const rows = this.#exports.differenceMask(
      first.byteOffset + offset,
      second.byteOffset + offset,
      3 * this.#width,
      width,
      this.#height,
      threshold,
      at.scratch,
      this.#rowStride,
      at.labels,
      this.#rowStride,
      at.occupied,
      at.bands,
      BAND_ROWS,
    );
    return rows === 0 ? [] : this.#follow();
  }

  /** Copies a part, not empty, of a frame that lies in the kernel's memory. */
  cut(frame: Uint8Array, { x, y, width, height }: Box): CutPixels {
    const { crop, sums } = this.#at;
    const stride = 3 * this.#width;
    const first = frame.byteOffset + y * stride + 3 * x;
    this.#exports.cutCrop(first, stride, 3 * width, height, crop, sums);
    const { buffer } = this.#memory;
    const [sum, blue, max] = new Float64Array(buffer, sums, SUMS) as unknown as [number, number, number];
    return { bgr: new Uint8Array(buffer, crop, 3 * width * height).slice(), sum, blue, max };
  }

  /** Tells the kernel the columns of each band to look at, counted from the region's left; false for none at all. */
  #lookAt({ left, right }: Region, moving: MovingColumns | null): boolean {
    const bands = new Uint16Array(this.#memory.buffer, this.#at.bands, 2 * bandsOf(this.#height));
    for (let i = 0; i < bands.length; i += 2) {
      const [from, to] = moving === null ? [left, right] : [moving[i]!, moving[i + 1]!];
      const none = to <= left || from >= right;
      bands[i] = none ? 0 : Math.max(0, from - left);
      bands[i + 1] = none ? 0 : Math.min(to, right) - left;
    }
    return bands.some((column) => column !== 0);
  }

  /** Contours of a given mask, `height × width` bytes of 0 and 1. */
  contoursOfMask(mask: Uint8Array, width = this.#width): Contour[] {
    const bytes = new Uint8Array(this.#memory.buffer);
    const { labels, occupied } = this.#at;
    bytes.fill(0, labels, labels + this.#rowStride * (this.#height + 2));
    const columns = new Uint16Array(this.#memory.buffer, occupied, 2 * this.#height);
    for (let y = 0; y < this.#height; y++) {
      bytes.set(mask.subarray(y * width, (y + 1) * width), labels + (y + 1) * this.#rowStride + 1);
      columns.set([0, width], 2 * y);
    }
    return this.#follow();
  }

  #follow(): Contour[] {
    const { labels, owners, occupied, out } = this.#at;
    const stride = this.#rowStride;
    const count = this.#exports.findContours(labels, owners, stride, this.#height, occupied, out);
    const numbers = new Int32Array(this.#memory.buffer, out, count * FIELDS);
    return Array.from({ length: count }, (_, i) => contourAt(numbers, i));
  }

  #layOut<K extends string>(from: number, sizes: Record<K, number>): Record<K, number> {
    let end = from;
    const entries = Object.entries<number>(sizes).map(([name, bytes]) => {
      const start = end;
      end = Math.ceil((start + bytes + SLACK) / 16) * 16;
      return [name, start];
    });
    this.#memory.grow(Math.max(0, Math.ceil((end - this.#memory.buffer.byteLength) / PAGE)));
    return Object.fromEntries(entries) as Record<K, number>;
  }
}

function contourAt(numbers: Int32Array, index: number): Contour {
  const i = index * FIELDS;
  return {
    x: numbers[i]!,
    y: numbers[i + 1]!,
    w: numbers[i + 2]!,
    h: numbers[i + 3]!,
    area: numbers[i + 4]! / 2,
    hole: numbers[i + 5] === 1,
    index,
    parent: numbers[i + 6]!,
  };
}
