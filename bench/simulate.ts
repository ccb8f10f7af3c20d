// Rendering and coding simulated video on one core, against real time.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameCount, recipe } from '../packages/pipeline/src/simulate/recipe.ts';
import { createRenderer } from '../packages/pipeline/src/simulate/render.ts';
import { simulateRecording } from '../packages/pipeline/src/simulate/simulate.ts';
import type { BenchResult } from './result.ts';

/** A minute of video, half of it with the laser on, at a flow that throws out much. */
const MINUTE = recipe({ name: 'bench', layerFlows: [0.2, 0.5, 0.8], burnFrames: 350, pauseFrames: 150 });

/** The peer is time itself: 640×360 at 25 frames a second, as the camera films. */
export async function run(): Promise<BenchResult> {
  const seconds = frameCount(MINUTE) / MINUTE.fps;
  const rendered = inSeconds(render);
  const fouled = inSeconds(() => render([0.5, 0.5]));
  const whole = await writeAll();
  return {
    ratio: seconds / whole,
    ours: frameCount(MINUTE) / whole,
    peer: MINUTE.fps,
    unit: 'frames/s, rendered and coded as MPEG-4 on one thread',
    peer_version: 'real time',
    times_real_time_rendering_alone: seconds / rendered,
    times_real_time_behind_a_fouled_window: seconds / fouled,
  };
}

function inSeconds(work: () => void): number {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
}

function render(fouling: readonly [number, number] = [0, 0]): void {
  const renderer = createRenderer({ ...MINUTE, fouling });
  const frame = new Uint8Array(3 * MINUTE.width * MINUTE.height);
  for (let i = 0; i < renderer.frames; i++) renderer.render(i, frame);
}

async function writeAll(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  try {
    const began = performance.now();
    await simulateRecording(MINUTE, folder, { codec: 'mpeg4' });
    return (performance.now() - began) / 1000;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
