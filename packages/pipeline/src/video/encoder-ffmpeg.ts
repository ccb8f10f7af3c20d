// Encoder back-end: the user's own ffmpeg program, fed through a pipe.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { SpatterError } from '../util/errors.ts';
import { CODECS, type FrameSink, type VideoFormat } from './encoder-format.ts';

/** @throws {SpatterError} DECODER_MISSING when there is no ffmpeg program on the PATH. */
export async function ffmpegEncoder(path: string, format: VideoFormat): Promise<FrameSink> {
  const child = spawn('ffmpeg', commandLine(path, format), { stdio: ['pipe', 'ignore', 'pipe'] });
  const complaint = collect(child.stderr);
  const ended = once(child, 'close');
  ended.catch(() => {});
  // A broken pipe says only that ffmpeg has stopped; why it stopped comes with its exit.
  child.stdin.on('error', () => {});
  await started(child);
  const settle = async (): Promise<void> => {
    await ended;
    if (child.exitCode !== 0) throw failure(complaint());
  };
  return {
    write: (frame) =>
      new Promise((resolve, reject) => {
        child.stdin.write(frame, (broken) => {
          if (broken) settle().then(() => reject(broken), reject);
          else resolve();
        });
      }),
    finish: () => {
      child.stdin.end();
      return settle();
    },
    abandon: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function started(child: ChildProcessByStdio<Writable, null, Readable>): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new SpatterError(
      'DECODER_MISSING',
      'reading and writing video needs FFmpeg, and no ffmpeg program was found on the PATH',
      'install ffmpeg, or run `npm install node-av`',
      { cause },
    );
  }
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

/** What ffmpeg says about the system, by the code that Node gives the same failure. */
const COMPLAINTS = {
  ENOSPC: 'No space left',
  EDQUOT: 'quota exceeded',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
} as const;

function failure(complaint: string): Error {
  const known = Object.entries(COMPLAINTS).find(([, text]) => complaint.includes(text));
  const reason = complaint.trim().split('\n').at(-1) ?? '';
  return Object.assign(new Error(`ffmpeg failed: ${reason}`), { code: known?.[0] ?? 'EIO' });
}

function commandLine(path: string, { width, height, fps, codec }: VideoFormat): string[] {
  const { encoder, options } = CODECS[codec];
  const input = `-f rawvideo -pix_fmt bgr24 -s ${width}x${height} -r ${fps} -i pipe:0`;
  const output = `-an -c:v ${encoder} -pix_fmt yuv420p -g ${fps} -bf 0 -threads 1 -map_metadata -1 -fflags +bitexact -flags:v +bitexact`;
  const quality = Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]);
  return [
    '-v',
    'error',
    '-y',
    ...input.split(' '),
    ...output.split(' '),
    ...quality,
    '-f',
    'mp4',
    `file:${path}`,
  ];
}
