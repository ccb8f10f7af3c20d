// Kills `spatter extract` with SIGKILL at random moments, runs it again until it ends, and compares every file with an uninterrupted run.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DECODERS, type DecoderName } from '../packages/pipeline/src/video/decoder.ts';
import { CLIP } from '../packages/pipeline/src/video/testing/clip.ts';
import { integer, randomStream } from '../packages/pipeline/src/util/random.ts';
import type { Checks } from '../interop/checks.ts';

const cli = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
/** Kills before a run may end by itself. */
const KILLS = 3;
const VIDEOS = 3;

function command(videos: string, out: string, workers: number, decoder: DecoderName): string[] {
  const rules = ['--min-area', '60', '--max-area', '3000', '--decoder', decoder];
  return ['extract', videos, '--out', out, '--workers', String(workers), '--quiet', ...rules];
}

/** Every file under `folder` with its SHA-256, hidden ones too. */
function fingerprints(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
  const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  return files.map((path) => `${relative(folder, path)} ${hash(path)}`).join('\n');
}

/** Runs the command and kills it after `delay` ms, if given; resolves to whether it ended by itself, successfully. */
function runKilled(args: readonly string[], delay: number | null): Promise<boolean> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: 'ignore' });
  const timer = delay === null ? undefined : setTimeout(() => child.kill('SIGKILL'), delay);
  return new Promise((resolve) =>
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    }),
  );
}

function installed(): DecoderName[] {
  try {
    execFileSync('ffprobe', ['-version'], { stdio: 'ignore' });
    return Object.keys(DECODERS) as DecoderName[];
  } catch {
    console.log('the ffmpeg back-end is left out: ffprobe is not on the PATH');
    return ['node-av'];
  }
}

export async function run(checks: Checks, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-torture-'));
  const videos = join(folder, 'videos');
  try {
    mkdirSync(videos);
    for (let i = 0; i < VIDEOS; i++) copyFileSync(CLIP, join(videos, `build${i}.mp4`));
    const decoders = installed();
    const whole = new Map<DecoderName, { files: string; duration: number }>();
    for (const decoder of decoders) {
      const out = join(folder, `whole-${decoder}`);
      const began = performance.now();
      await runKilled(command(videos, out, 1, decoder), null);
      whole.set(decoder, { files: fingerprints(out), duration: performance.now() - began });
    }
    const random = randomStream(Date.now() >>> 0);
    for (let i = 0; i < count; i++) {
      const [decoder, workers] = [decoders[i % decoders.length]!, 1 + (i % 3)];
      const out = join(folder, `killed-${i}`);
      const expected = whole.get(decoder)!;
      let kills = 0;
      const delay = () => (kills < KILLS ? 200 + integer(random, Math.ceil(expected.duration)) : null);
      const tries = { left: KILLS + 2 };
      while (tries.left-- > 0 && !(await runKilled(command(videos, out, workers, decoder), delay()))) kills++;
      const title = `run ${i + 1}, ${decoder}, ${workers} workers, killed ${kills} times, ends with the same bytes`;
      checks.check(title, fingerprints(out) === expected.files);
      rmSync(out, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
