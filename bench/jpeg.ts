// Decoding of crops: the quick decoder for the usual kind of JPEG against libjpeg-turbo in WebAssembly, same pixels.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBaseline } from '../packages/pipeline/src/store/jpeg-baseline.ts';
import { JpegDecoder } from '../packages/pipeline/src/store/jpeg.ts';
import { glow } from './glow.ts';
import type { BenchResult } from './result.ts';

const CROPS = 200;
const ROUNDS = 40;
const PEER = '@cornerstonejs/codec-libjpeg-turbo-8bit';

/** Processor time of `work` for each crop, µs. */
function timed(crops: readonly Uint8Array[], work: (crop: Uint8Array) => void): number {
  const begun = process.cpuUsage();
  for (const crop of crops) work(crop);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / crops.length;
}

export async function run(): Promise<BenchResult> {
  const crops = Array.from({ length: CROPS }, (_, i) => glow(i));
  const library = await JpegDecoder.create();
  const work = {
    ours: (crop: Uint8Array) => void library.decode(crop),
    ours_gray: (crop: Uint8Array) => void decodeBaseline(crop, true),
    peer: (crop: Uint8Array) => void library.decodeByLibrary(crop),
  };
  const names = Object.keys(work) as (keyof typeof work)[];
  const best = { ours: Infinity, ours_gray: Infinity, peer: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) best[name] = Math.min(best[name], timed(crops, work[name]));
  }
  const differing = crops.filter(
    (crop) => Buffer.compare(library.decode(crop).bgr, library.decodeByLibrary(crop).bgr) !== 0,
  );
  const manifest = join(import.meta.dirname, '../node_modules', PEER, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return {
    ratio: best.peer / best.ours,
    ...best,
    unit: 'µs of processor time a crop, best round',
    peer_version: `${PEER} ${version}`,
    differing: differing.length,
  };
}
