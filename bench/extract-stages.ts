// What each stage of an extraction costs on one thread, in ms a frame: every frame counts with its best of several passes. No peer.
import { extractCrops } from '../packages/pipeline/src/extract/crops.ts';
import { MaskKernel } from '../packages/pipeline/src/extract/kernel.ts';
import { DEFAULT_RULES, regionOf, stillRule } from '../packages/pipeline/src/extract/rules.ts';
import { encodeJpegSync } from '../packages/pipeline/src/store/jpeg.ts';
import { bandsOf, bandsWithin, markedRows } from '../packages/pipeline/src/video/bands.ts';
import { openVideo } from '../packages/pipeline/src/video/decoder.ts';
import { FRAME_PADDING, HeldFrames } from '../packages/pipeline/src/video/held-frames.ts';
import { MotionWatch } from '../packages/pipeline/src/video/moving.ts';
import { NodeAvFrames } from '../packages/pipeline/src/video/node-av-frames.ts';
import { loadNodeAv, type NodeAv } from '../packages/pipeline/src/video/node-av.ts';
import { weldOrSimulated } from './extract-video.ts';
import type { BenchResult } from './result.ts';

const PASSES = 8;
const STAGES = ['decode', 'hold', 'watch', 'paint', 'paint_all', 'copy_all', 'kernel', 'jpeg'] as const;
type Stage = (typeof STAGES)[number];

/** Keeps the least time of each frame in each stage. */
class Stopwatch {
  readonly #best = new Map(STAGES.map((stage): [Stage, number[]] => [stage, []]));

  time<T>(stage: Stage, frame: number, work: () => T): T {
    const start = performance.now();
    const result = work();
    const best = this.#best.get(stage)!;
    best[frame] = Math.min(best[frame] ?? Infinity, performance.now() - start);
    return result;
  }

  /** ms a frame. */
  mean(stage: Stage, frames: number): number {
    return this.#best.get(stage)!.reduce((sum, ms) => sum + ms, 0) / frames;
  }
}

/** The stages of video/node-av.worker.ts and extract/crops.ts, one after the other. */
function pass(av: NodeAv, path: string, watch: Stopwatch): number {
  const frames = new NodeAvFrames(av, path, { threads: 1 });
  const { width, height } = frames.info;
  const still = stillRule(DEFAULT_RULES);
  const held = new HeldFrames(av, { width, height });
  const motion = new MotionWatch(width, height, still);
  const kernel = new MaskKernel(width, height);
  const whole = Buffer.alloc(3 * width * height + FRAME_PADDING);
  const ring = Array.from({ length: 8 }, () => Buffer.alloc(whole.length));
  const region = regionOf(DEFAULT_RULES, width);
  let before: Uint16Array | null = new Uint16Array(2 * bandsOf(height));
  let index = 0;
  for (; watch.time('decode', index, () => frames.next()); index++) {
    watch.time('hold', index, () => held.hold(index, frames.frame));
    const after = watch.time('watch', index, () => motion.next(() => held.planes(index)));
    if (index === 0) continue;
    const earlier = index - 1;
    const pixels = ring[earlier % ring.length]!;
    watch.time('paint_all', earlier, () => held.paint(earlier, whole));
    const planes = before === null || after === null ? null : held.planes(earlier);
    const marks = [before, after].map((moving) => moving && bandsWithin(moving, still.reach));
    watch.time('paint', earlier, () => {
      if (planes === null) {
        held.paint(earlier, pixels);
        return;
      }
      const bands = marks[0]!.map((mark, band) => mark | marks[1]![band]!);
      for (const [from, to] of markedRows(bands, height)) held.paintRows(planes, pixels, from, to);
    });
    const frame = kernel.frames[earlier & 1]!;
    watch.time('copy_all', earlier, () => frame.set(pixels.subarray(0, frame.length)));
    if (earlier > 0)
      watch.time('kernel', earlier, () => kernel.contours(region, DEFAULT_RULES.threshold, before));
    before = after;
  }
  held.close();
  frames.close();
  return index;
}

async function jpegs(path: string, watch: Stopwatch): Promise<void> {
  const reader = await openVideo(path, { still: stillRule(DEFAULT_RULES) });
  for await (const { frame, crops } of extractCrops(reader, DEFAULT_RULES)) {
    watch.time('jpeg', frame, () =>
      crops.map(({ bgr, width, height }) => encodeJpegSync(bgr, width, height)),
    );
  }
  await reader.close();
}

export async function run(): Promise<BenchResult> {
  const path = weldOrSimulated();
  const av = await loadNodeAv();
  const watch = new Stopwatch();
  let frames = 0;
  for (let i = 0; i < PASSES; i++) {
    frames = pass(av, path, watch);
    await jpegs(path, watch);
  }
  const mean = Object.fromEntries(STAGES.map((stage) => [stage, watch.mean(stage, frames)])) as Record<
    Stage,
    number
  >;
  const { decode, hold, paint_all, copy_all } = mean;
  const alone = decode + hold + paint_all + copy_all;
  const all = decode + hold + mean.watch + mean.paint + mean.kernel + mean.jpeg;
  return {
    ratio: alone / all,
    ours: all,
    peer: alone,
    unit: 'ms/frame',
    peer_version: 'the decoder alone',
    ...mean,
  };
}
