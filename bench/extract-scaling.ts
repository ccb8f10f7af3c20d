// Whole extractions by the command line: one video after the other on one core, against two at once on two cores.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { median } from './result.ts';

const SPATTER = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
/** Copies of the recording for each core: the program's start, half a second, weighs the same on both sides. */
const VIDEOS = 4;
const ROUNDS = 3;

/** Frames a second of `spatter extract`, files and all. */
export interface Scaling {
  /** Videos one after the other, the process held to one core. */
  readonly one_core: number;
  /** Videos one after the other, on two cores: decoding and searching overlap. */
  readonly one_video_two_cores: number;
  /** Twice as many videos, two at a time, on two cores. */
  readonly two_videos_two_cores: number;
  /** two_videos_two_cores / one_core. */
  readonly ratio: number;
}

/** Needs `taskset` (Linux) and two cores; null elsewhere. */
export function extractScaling(video: string, frames: number): Scaling | null {
  if (spawnSync('taskset', ['-c', '0,1', 'true']).status !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  const paths = Array.from({ length: 2 * VIDEOS }, (_, i) => join(folder, `v${i}${extname(video)}`));
  for (const path of paths) cpSync(video, path);
  const pass = (cores: string, workers: number, videos: readonly string[]): number => {
    const out = join(folder, 'out');
    const options = ['--workers', String(workers), '--out', out];
    const start = performance.now();
    execFileSync('taskset', ['-c', cores, process.execPath, SPATTER, 'extract', ...videos, ...options], {
      stdio: 'ignore',
    });
    const seconds = (performance.now() - start) / 1000;
    rmSync(out, { recursive: true });
    return (videos.length * frames) / seconds;
  };
  const half = paths.slice(0, VIDEOS);
  const rounds = Array.from({ length: ROUNDS }, () => [
    pass('0', 1, half),
    pass('0,1', 1, half),
    pass('0,1', 2, paths),
  ]);
  rmSync(folder, { recursive: true });
  const [one, free, two] = [0, 1, 2].map((i) => median(rounds.map((round) => round[i]!)));
  return { one_core: one!, one_video_two_cores: free!, two_videos_two_cores: two!, ratio: two! / one! };
}
