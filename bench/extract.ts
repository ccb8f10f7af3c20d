// Extraction with JPEG against a headless Python/OpenCV loop on the same video, and its share of decoding alone; two videos on two cores. Needs `npm run build`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OPENCV } from '../interop/opencv.ts';
import { pythonWith } from '../interop/python.ts';
import { extractCrops } from '../packages/pipeline/src/extract/crops.ts';
import { DEFAULT_RULES, stillRule } from '../packages/pipeline/src/extract/rules.ts';
import { encodeJpeg } from '../packages/pipeline/src/store/jpeg.ts';
import { openVideo } from '../packages/pipeline/src/video/decoder.ts';
import { extractScaling } from './extract-scaling.ts';
import { lengthened, weldOrSimulated } from './extract-video.ts';
import { median, type BenchResult } from './result.ts';

const ROUNDS = 5;
/** How often the recording follows on itself, so that some minutes of video are read, as on a shop floor, and not 20 seconds. */
const LENGTH = 10;
/** Passes over the recording within one process after which memory must stand still. */
const MEMORY_PASSES = 8;

interface Pass {
  readonly seconds: number;
  /** Of all threads; not known of the peer. */
  readonly processor?: number;
  readonly frames: number;
  readonly crops: number;
  readonly bytes: number;
  /** Seconds that the peer takes to read the frames and do nothing. */
  readonly decode?: number;
}

const fps = ({ frames, seconds }: Pass): number => frames / seconds;
/** Processor time a frame, ms. */
const processorMs = ({ frames, processor = NaN }: Pass): number => (1000 * processor) / frames;

/** Seconds of processor time of this process so far. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Both sides are timed from the open video to the last JPEG in memory. */
async function ours(path: string): Promise<Pass> {
  const reader = await openVideo(path, { still: stillRule(DEFAULT_RULES) });
  const before = processorSeconds();
  const start = performance.now();
  const jpegs: Promise<Uint8Array>[] = [];
  for await (const { crops } of extractCrops(reader, DEFAULT_RULES)) {
    for (const crop of crops) jpegs.push(encodeJpeg(crop.bgr, crop.width, crop.height));
  }
  const bytes = (await Promise.all(jpegs)).reduce((sum, jpeg) => sum + jpeg.length, 0);
  const seconds = (performance.now() - start) / 1000;
  const processor = processorSeconds() - before;
  await reader.close();
  return { seconds, processor, frames: reader.position, crops: jpegs.length, bytes };
}

/** Every frame in B G R, copied to memory of the reader's, as cv2.VideoCapture.read gives it; the same decoder and threads as ours. */
async function decodeOnly(path: string): Promise<Pass> {
  const reader = await openVideo(path);
  const frame = new Uint8Array(reader.info.width * reader.info.height * 3);
  const before = processorSeconds();
  const start = performance.now();
  while (await reader.read(frame));
  const seconds = (performance.now() - start) / 1000;
  const processor = processorSeconds() - before;
  await reader.close();
  return { seconds, processor, frames: reader.position, crops: 0, bytes: 0 };
}

async function openCv(path: string) {
  const script = join(import.meta.dirname, 'python/extract_opencv.py');
  const child = spawn(pythonWith(OPENCV), [script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  const version = await line();
  const pass = async () => {
    child.stdin.write('go\n');
    return JSON.parse(await line()) as Pass;
  };
  return { version, pass, stop: () => child.stdin.end() };
}

/** Growth of the resident memory over many passes, in MiB: 0 but for noise when nothing leaks. */
async function memoryGrowth(path: string): Promise<number> {
  const before = process.memoryUsage().rss;
  for (let i = 0; i < MEMORY_PASSES; i++) await ours(path);
  return (process.memoryUsage().rss - before) / 2 ** 20;
}

async function shortShare(path: string): Promise<number> {
  const rounds: [ours: number, decode: number][] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push([fps(await ours(path)), fps(await decodeOnly(path))]);
  const [our, decode] = [0, 1].map((side) => median(rounds.map((round) => round[side]!)));
  return our! / decode!;
}

export async function run(): Promise<BenchResult> {
  const recording = weldOrSimulated();
  const path = await lengthened(recording, LENGTH);
  const peer = await openCv(path);
  const passes = { ours: [] as Pass[], decode: [] as Pass[], peer: [] as Pass[] };
  await ours(path);
  await peer.pass();
  for (let round = 0; round < ROUNDS; round++) {
    passes.ours.push(await ours(path));
    passes.peer.push(await peer.pass());
    passes.decode.push(await decodeOnly(path));
  }
  peer.stop();
  const [mine, theirs] = [passes.ours[0]!, passes.peer[0]!];
  if (mine.crops !== theirs.crops || mine.bytes !== theirs.bytes) {
    throw new Error(`not the same work: ${JSON.stringify([mine, theirs])}`);
  }
  const [our, their, decode] = [passes.ours, passes.peer, passes.decode].map((side) => median(side.map(fps)));
  return {
    ratio: our! / their!,
    ours: our!,
    peer: their!,
    unit: 'frames/s',
    peer_version: `opencv-python-headless ${peer.version}`,
    decode_only: decode,
    decode_share: our! / decode!,
    opencv_decode_only: median(passes.peer.map(({ frames, decode = NaN }) => frames / decode)),
    /** Processor time a frame, ms: with two cores, twice the wall time where both are busy. */
    processor_ms: median(passes.ours.map(processorMs)),
    decode_processor_ms: median(passes.decode.map(processorMs)),
    ...{ frames: mine.frames, crops: mine.crops, jpeg_bytes: mine.bytes },
    /** Of the recording once, half a second of work: V8 still compiles. */
    short_decode_share: await shortShare(recording),
    rss_growth_mib: await memoryGrowth(recording),
    rss_growth_frames: (MEMORY_PASSES * mine.frames) / LENGTH,
    /** `spatter extract` itself, files and all, frames/s; see extract-scaling.ts. */
    program: extractScaling(recording, mine.frames / LENGTH),
  };
}
