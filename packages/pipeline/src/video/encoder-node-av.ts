// Encoder back-end: the FFmpeg inside node-av, in this thread.
import type { CodecContext, FormatContext, Frame, Packet, SoftwareScaleContext, Stream } from 'node-av/lib';
import { getSystemErrorName } from 'node:util';
import { SpatterError } from '../util/errors.ts';
import { CODECS, type FrameSink, type VideoFormat } from './encoder-format.ts';
import { loadNodeAv, type NodeAv } from './node-av.ts';

interface Output {
  readonly av: NodeAv;
  readonly format: VideoFormat;
  readonly container: FormatContext;
  readonly coder: CodecContext;
  readonly stream: Stream;
  readonly frame: Frame;
  readonly packet: Packet;
  readonly scaler: SoftwareScaleContext;
}

/** @throws {SpatterError} DECODER_MISSING when node-av or its encoder is not there. */
export async function nodeAvEncoder(path: string, format: VideoFormat): Promise<FrameSink> {
  const av = await loadNodeAv();
  const output = openOutput(av, path, format);
  const paint = painter(output);
  let written = 0n;
  let open = true;
  const close = (): void => {
    if (open) release(output);
    open = false;
  };
  return {
    write: (frame) => {
      paint(frame);
      output.frame.pts = written++;
      encode(output, output.frame);
      return Promise.resolve();
    },
    finish: () => {
      encode(output, null);
      check(output.container.writeTrailerSync());
      close();
      return Promise.resolve();
    },
    abandon: () => {
      close();
      return Promise.resolve();
    },
  };
}

function openOutput(av: NodeAv, path: string, format: VideoFormat): Output {
  const container = new av.FormatContext();
  check(container.allocOutputContext2(null, 'mp4', path));
  container.setFlags(av.AVFMT_FLAG_BITEXACT);
  const coder = openCoder(av, format);
  const stream = container.newStream();
  check(stream.codecpar.fromContext(coder));
  stream.timeBase = coder.timeBase;
  check(container.openOutputSync());
  check(container.writeHeaderSync());
  const frame = new av.Frame();
  frame.alloc();
  Object.assign(frame, { width: format.width, height: format.height, format: av.AV_PIX_FMT_YUV420P });
  check(frame.getBuffer());
  const packet = new av.Packet();
  packet.alloc();
  const scaler = openScaler(av, format);
  return { av, format, container, coder, stream, frame, packet, scaler };
}

function openCoder(av: NodeAv, { width, height, fps, codec }: VideoFormat): CodecContext {
  const { encoder, options } = CODECS[codec];
  const found = av.Codec.findEncoderByName(encoder as never);
  if (found === null) {
    throw new SpatterError(
      'DECODER_MISSING',
      `this FFmpeg has no ${encoder} encoder`,
      'choose another --codec',
    );
  }
  const coder = new av.CodecContext();
  coder.allocContext3(found);
  Object.assign(coder, { width, height, gopSize: fps, maxBFrames: 0, threadCount: 1 });
  coder.pixelFormat = av.AV_PIX_FMT_YUV420P;
  coder.timeBase = new av.Rational(1, fps);
  coder.framerate = new av.Rational(fps, 1);
  coder.setFlags(av.AV_CODEC_FLAG_GLOBAL_HEADER, av.AV_CODEC_FLAG_BITEXACT);
  if ('qscale' in options) {
    coder.setFlags(av.AV_CODEC_FLAG_QSCALE);
    coder.globalQuality = options.qscale * av.FF_QP2LAMBDA;
  }
  if ('crf' in options) {
    // Not as open2's dictionary: FFmpeg frees that one, and node-av frees it again.
    for (const [name, value] of Object.entries(options)) check(coder.setOption(name, String(value)));
  }
  check(coder.open2Sync(found));
  return coder;
}

function openScaler(av: NodeAv, { width, height }: VideoFormat): SoftwareScaleContext {
  const scaler = new av.SoftwareScaleContext();
  scaler.getContext(width, height, av.AV_PIX_FMT_BGR24, width, height, av.AV_PIX_FMT_YUV420P, av.SWS_BICUBIC);
  return scaler;
}

/** Converts BGR bytes into the output's frame. */
function painter({ format, frame, coder, scaler }: Output): (bgr: Uint8Array) => void {
  const { width, height } = format;
  return (bgr) => {
    const source = Buffer.from(bgr.buffer, bgr.byteOffset, bgr.byteLength);
    check(frame.makeWritable());
    check(scaler.scaleSync([source], [width * 3], 0, height, frame.data!, frame.linesize));
    frame.quality = coder.globalQuality;
  };
}

/** Codes one frame, or with null whatever the coder still holds. */
function encode({ av, container, coder, stream, packet }: Output, frame: Frame | null): void {
  check(coder.sendFrameSync(frame));
  for (;;) {
    const status = coder.receivePacketSync(packet);
    if (status === av.AVERROR_EAGAIN || status === av.AVERROR_EOF) return;
    check(status);
    packet.streamIndex = stream.index;
    packet.duration = 1n;
    packet.rescaleTs(coder.timeBase, stream.timeBase);
    check(container.interleavedWriteFrameSync(packet));
    packet.unref();
  }
}

function release({ container, coder, frame, packet, scaler }: Output): void {
  scaler.freeContext();
  packet.free();
  frame.free();
  coder.freeContext();
  container.closeOutputSync();
  container.freeContext();
}

/** FFmpeg returns the system's errno, negated: pass its name on as Node's own errors do. */
function check(status: number): void {
  if (status >= 0) return;
  let code: string;
  try {
    code = getSystemErrorName(status);
  } catch {
    code = 'EIO';
  }
  throw Object.assign(new Error(`writing video failed (${code})`), { code });
}
