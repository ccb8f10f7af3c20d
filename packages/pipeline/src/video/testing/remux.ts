// Puts the packets of a video into another container, as they are.
import { loadNodeAv } from '../node-av.ts';

/**
 * @param container FFmpeg's name of it, such as `mpegts`
 * @param ticks     time stamps a second; those of `from` unless given
 * @param stamp      the new time stamp of a packet that had this one, in ticks of `from`; for videos without B-frames
 */
export async function remux(
  from: string,
  to: string,
  container: string,
  ticks?: number,
  stamp: (pts: bigint) => bigint = (pts) => pts,
): Promise<void> {
  const av = await loadNodeAv();
  const check = (status: number) => av.FFmpegError.throwIfError(status, container);
  const [input, output, packet] = [new av.FormatContext(), new av.FormatContext(), new av.Packet()];
  check(input.openInputSync(from));
  check(input.findStreamInfoSync(null));
  check(output.allocOutputContext2(null, container, to));
  const [source, stream] = [input.streams[0]!, output.newStream()];
  check(source.codecpar.copy(stream.codecpar));
  stream.codecpar.codecTag = 0;
  stream.timeBase = ticks === undefined ? source.timeBase : new av.Rational(1, ticks);
  stream.avgFrameRate = source.avgFrameRate;
  check(output.openOutputSync());
  check(output.writeHeaderSync());
  packet.alloc();
  while (input.readFrameSync(packet) >= 0) {
    const moved = stamp(packet.pts) - packet.pts;
    packet.pts += moved;
    packet.dts += moved;
    packet.rescaleTs(source.timeBase, stream.timeBase);
    check(output.interleavedWriteFrameSync(packet));
    packet.unref();
  }
  check(output.writeTrailerSync());
  packet.free();
  output.closeOutputSync();
  output.freeContext();
  input.closeInputSync();
}
