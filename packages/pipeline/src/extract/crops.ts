// The extraction core: from a video's frames to crops of what moved and is spatter. Knows no files.
import type { VideoReader } from '../video/reader.ts';
import { MaskKernel, type Contour, type Region } from './kernel.ts';
import {
  CROP_INSET,
  regionOf,
  rejectByShape,
  type Rejection,
  type RejectionCounts,
  type Size,
  type SpatterRules,
} from './rules.ts';

/** One accepted contour and its pixels. x and y count from the region's left bound, as OpenCV's do on a sliced frame. */
export interface Crop extends Contour {
  /** Size of the pixels: the bounding box less 3 in each direction. */
  readonly width: number;
  readonly height: number;
  /** A copy of `height × width × 3` bytes, B G R, of the pair's earlier frame; nothing is drawn on it. */
  readonly bgr: Uint8Array;
  /** Mean of all bytes of `bgr`, 0…255. */
  readonly mean: number;
  /** Largest byte of `bgr`. */
  readonly max: number;
}

/** What one pair of neighbouring frames gave. */
export interface FrameCrops {
  /** Index in the whole video of the pair's earlier frame. */
  readonly frame: number;
  /** When that frame was to be seen, seconds from the video's start; null where the video does not say. */
  readonly seconds: number | null;
  /** Contours found = crops + the rejected ones. */
  readonly contours: number;
  readonly rejected: RejectionCounts;
  /** By the first pixel of their borders: top to bottom, then left to right. */
  readonly crops: readonly Crop[];
}

/**
 * Compares every frame with the next: N frames give N − 1 pairs. The caller closes the reader; opened with {@link stillRule}
 * of the same rules, it is faster.
 * @throws {SpatterError} USAGE for impossible rules.
 */
export async function* extractCrops(reader: VideoReader, rules: SpatterRules): AsyncGenerator<FrameCrops> {
  const { width, height } = reader.info;
  const region = regionOf(rules, width);
  const kernel = new MaskKernel(width, height, reader.memory);
  const size = { width: region.right - region.left, height };
  const next = framesOf(reader, kernel);
  let earlier = await next();
  let seconds = reader.seconds ?? null;
  for (let later = await next(); earlier !== null && later !== null; later = await next()) {
    const contours = kernel.contours(region, rules.threshold, reader.moving ?? null, [earlier, later]);
    yield judge(contours, rules, { region, size, kernel, earlier, seconds, frame: reader.position - 2 });
    earlier = later;
    seconds = reader.seconds ?? null;
  }
}

interface Pair {
  readonly region: Region;
  readonly size: Size;
  readonly kernel: MaskKernel;
  /** Its earlier frame, in the kernel's memory. */
  readonly earlier: Uint8Array;
  /** Index of that frame, and when it was to be seen. */
  readonly frame: number;
  readonly seconds: number | null;
}

/** One frame after the other in the kernel's memory: where the reader leaves them, or copied there in turn; null at the end. */
function framesOf(reader: VideoReader, kernel: MaskKernel): () => Promise<Uint8Array | null> {
  if (reader.take !== undefined) return reader.take.bind(reader);
  let count = 0;
  return async () => {
    const frame = kernel.frames[count++ & 1]!;
    return (await reader.read(frame)) ? frame : null;
  };
}

function judge(
  contours: Contour[],
  rules: SpatterRules,
  { region, size, kernel, earlier, frame, seconds }: Pair,
): FrameCrops {
  const rejected: RejectionCounts = { small: 0, large: 0, empty: 0, edge: 0, blue: 0 };
  const crops: Crop[] = [];
  for (const contour of contours) {
    const verdict = rejectByShape(contour, rules, size) ?? cut(contour, region, kernel, earlier);
    if (typeof verdict === 'string') rejected[verdict]++;
    else crops.push(verdict);
  }
  return { frame, seconds, contours: contours.length, rejected, crops };
}

/** The crop, or `blue` when it is recoater light: the sum of its blue exceeds that of green and red together. */
function cut(contour: Contour, region: Region, kernel: MaskKernel, frame: Uint8Array): Crop | Rejection {
  const inset = CROP_INSET.before + CROP_INSET.behind;
  const width = contour.w - inset;
  const height = contour.h - inset;
  const x = region.left + contour.x + CROP_INSET.before;
  const y = contour.y + CROP_INSET.before;
  const { bgr, sum, blue, max } = kernel.cut(frame, { x, y, width, height });
  if (2 * blue > sum) return 'blue';
  return { ...contour, width, height, bgr, mean: sum / bgr.length, max };
}
