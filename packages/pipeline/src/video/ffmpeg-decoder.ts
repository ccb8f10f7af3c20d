// The ffmpeg back-end: the user's own ffmpeg (5.1 or newer) and ffprobe programs, frames over a pipe.
import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { SpatterError } from '../util/errors.ts';
import { FrameClock } from './frame-clock.ts';
import {
  addDamage,
  notAVideo,
  rateAndCount,
  type Damage,
  type DecoderBackend,
  type OpenOptions,
  type VideoInfo,
  type VideoReader,
} from './reader.ts';

/** Writes `frame:7 pts:3584 pts_time:0.28` of each frame to the program's fourth file; `print` skips frames that carry no note. */
const STAMPS = "metadata=add:key=seen:value=1,metadata=print:direct=1:file='pipe\\:3'";
/** OpenCV's conversion: bicubic without accurate rounding, BT.601 whatever the file says, no rotation, every frame once. */
const PIXELS = 'scale=flags=bicubic:in_color_matrix=bt601';

export const ffmpegDecoder: DecoderBackend = {
  async open(path, options) {
    const { info, tick } = await probe(path, options.url);
    return new PipeReader(info, new FrameClock(info.fps, tick), options);
  },
};

interface ProbedStream {
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly avg_frame_rate?: string;
  readonly r_frame_rate?: string;
  readonly nb_frames?: string;
  readonly time_base?: string;
}

/** Facts of the video, and seconds between two of its time stamps. */
interface Probed {
  readonly info: VideoInfo;
  readonly tick: number;
}

async function probe(path: string, url = `file:${path}`): Promise<Probed> {
  const entries = 'stream=codec_name,width,height,avg_frame_rate,r_frame_rate,nb_frames,time_base';
  const args = ['-v', 'error', '-select_streams', 'v:0', '-show_entries', entries, '-of', 'json', url];
  const output = await promisify(execFile)('ffprobe', args).catch((error: unknown) => {
    throw isMissing(error)
      ? missing()
      : notAVideo(path, `FFmpeg says: ${lastLine(String((error as { stderr?: string }).stderr))}`);
  });
  const stream = (JSON.parse(output.stdout) as { streams?: ProbedStream[] }).streams?.[0];
  if (!stream?.width || !stream.height) throw notAVideo(path, 'it holds no video stream that can be decoded');
  const base = rate(stream.time_base);
  const info = {
    ...{ path, width: stream.width, height: stream.height },
    ...rateAndCount(Number(stream.nb_frames ?? 0), rate(stream.avg_frame_rate), rate(stream.r_frame_rate)),
    codec: stream.codec_name ?? 'unknown',
  };
  return { info, tick: base.num / base.den };
}

function rate(text = ''): { num: number; den: number } {
  const [num = 0, den = 0] = text.split('/').map(Number);
  return { num, den };
}

/** `[h264 @ 0x55d4c1a3e9c0] no frame!` without the place in memory, which is another in each run. */
function withoutAddress(line: string): string {
  return line.replace(/^\[(\S+) @ 0x[\da-f]+\] */, '$1: ').trim();
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function missing(): SpatterError {
  return new SpatterError(
    'DECODER_MISSING',
    'reading video needs FFmpeg, and the programs `ffmpeg` and `ffprobe` are not on the PATH',
    'install FFmpeg 5.1 or newer, or run `npm install node-av`',
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

class PipeReader implements VideoReader {
  readonly info: VideoInfo;
  position: number;
  damage: Damage | null = null;
  seconds: number | null = null;
  readonly #program: ChildProcessByStdio<null, Readable, Readable>;
  readonly #times: FrameTimes;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #exited: Promise<void>;
  #rest: Buffer = Buffer.alloc(0);
  #failure: SpatterError | undefined;
  #ended = false;

  constructor(info: VideoInfo, clock: FrameClock, options: OpenOptions) {
    this.info = info;
    this.position = options.startFrame ?? 0;
    // Ctrl-C ends a file that grows, not the program that has yet to decode what was read of it.
    const detached = options.url !== undefined;
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as unknown as ['ignore', 'pipe', 'pipe'];
    this.#program = spawn('ffmpeg', commandLine(info, options), { stdio, detached });
    // Where the program is missing there are no pipes.
    this.#times = new FrameTimes(
      (this.#program.stdio[3] as unknown as Readable | undefined) ?? Readable.from([]),
      clock,
    );
    this.#program.on('error', () => (this.#failure = missing()));
    this.#exited = new Promise((resolve) => this.#program.once('close', () => resolve()));
    createInterface(this.#program.stderr).on('line', (line) => {
      this.damage = addDamage(this.damage, this.position, withoutAddress(line));
    });
    this.#chunks = this.#program.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  get missing(): number {
    const complete = this.damage === null || !this.#ended;
    return complete ? 0 : Math.max(0, (this.info.frameCount ?? 0) - this.position);
  }

  async read(into: Uint8Array): Promise<boolean> {
    const bytes = this.info.width * this.info.height * 3;
    for (let filled = 0; filled < bytes;) {
      if (this.#rest.length === 0 && !(await this.#pull())) return this.#end();
      const part = this.#rest.subarray(0, bytes - filled);
      into.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    this.seconds = await this.#times.of(this.position);
    this.position++;
    return true;
  }

  async close(): Promise<void> {
    this.#program.kill('SIGKILL');
    this.#program.stdout.destroy();
    this.#times.close();
    await this.#exited;
  }

  async #pull(): Promise<boolean> {
    const chunk = await this.#chunks.next();
    if (chunk.done !== true) this.#rest = chunk.value;
    return chunk.done !== true;
  }

  async #end(): Promise<false> {
    await this.#exited;
    if (this.#failure !== undefined) throw this.#failure;
    const expected = this.info.frameCount;
    if (!this.#ended && expected !== null && this.position < expected) {
      const message = `the header announces ${expected} frames, the file ends after ${this.position}`;
      this.damage = addDamage(this.damage, this.position, message);
    }
    this.#ended = true;
    return false;
  }
}

/** When each frame is to be seen, as the program tells it beside the frames. */
class FrameTimes {
  readonly #source: Readable;
  readonly #lines: AsyncIterator<string>;
  readonly #clock: FrameClock;

  constructor(source: Readable, clock: FrameClock) {
    this.#source = source;
    this.#lines = createInterface(source)[Symbol.asyncIterator]();
    this.#clock = clock;
  }

  /** Seconds of the `wanted`-th frame, which has been read; asked in order. */
  async of(wanted: number): Promise<number | null> {
    for (;;) {
      const line = await this.#lines.next();
      if (line.done === true) return this.#clock.at(wanted, null);
      const [, frame, stamp] = /^frame:(\d+) +pts:(\S+)/.exec(line.value) ?? [];
      if (frame === undefined) continue;
      const seconds = this.#clock.at(Number(frame), stamp === 'NOPTS' ? null : Number(stamp));
      if (Number(frame) >= wanted) return seconds;
    }
  }

  close(): void {
    this.#source.destroy();
  }
}

/**
 * Frames before the first wanted one are decoded and dropped: exact for every codec, though slower than a seek. One thread decodes:
 * what FFmpeg paints where a picture is damaged depends on their number.
 */
function commandLine(info: VideoInfo, options: OpenOptions): string[] {
  const start = options.startFrame ?? 0;
  const filters = [STAMPS, ...(start > 0 ? [`trim=start_frame=${start}`] : []), PIXELS];
  return [
    ...['-v', 'repeat+error', '-nostdin', '-noautorotate', '-copyts', '-threads', '1'],
    ...['-i', options.url ?? `file:${info.path}`, '-map', '0:v:0', '-vf', filters.join(',')],
    ...['-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'bgr24', 'pipe:1'],
  ];
}
