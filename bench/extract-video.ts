// The video that the benches of extraction read.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { loadNodeAv } from '../packages/pipeline/src/video/node-av.ts';
import { NO_SHARED_DATA, sharedData } from '../packages/pipeline/src/util/testing/shared.ts';

/** The weld recording, or a simulated one. */
export function weldOrSimulated(): string {
  const data = sharedData();
  if (data !== undefined) return join(data, 'weld-robot-mig-1/03-22-23-0001-06.avi');
  console.log(`weld recording ${NO_SHARED_DATA}; a simulated one instead`);
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  const spatter = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
  const options = ['--name', 'bench', '--flow', '0.2', '--frames', '800', '--codec', 'h264'];
  execFileSync(process.execPath, [spatter, 'simulate', '--out', folder, ...options], { stdio: 'ignore' });
  return join(folder, 'bench.mp4');
}

/** A video of the packets of `path`, over and over: `times` as long. */
export async function lengthened(path: string, times: number): Promise<string> {
  const av = await loadNodeAv();
  const check = (status: number) => av.FFmpegError.throwIfError(status, path);
  const to = join(mkdtempSync(join(tmpdir(), 'spatter-bench-')), `long${extname(path)}`);
  const [output, packet] = [new av.FormatContext(), new av.Packet()];
  packet.alloc();
  check(output.allocOutputContext2(null, null, to));
  let end = 0n;
  for (let time = 0; time < times; time++) {
    const input = new av.FormatContext();
    check(input.openInputSync(path));
    check(input.findStreamInfoSync(null));
    const source = input.streams[0]!;
    if (time === 0) {
      const stream = output.newStream();
      check(source.codecpar.copy(stream.codecpar));
      stream.timeBase = source.timeBase;
      stream.avgFrameRate = source.avgFrameRate;
      check(output.openOutputSync());
      check(output.writeHeaderSync());
    }
    let start: bigint | undefined;
    while (input.readFrameSync(packet) >= 0) {
      start ??= end - packet.dts;
      if (packet.pts !== av.AV_NOPTS_VALUE) packet.pts += start;
      packet.dts += start;
      end = packet.dts + packet.duration;
      packet.rescaleTs(source.timeBase, output.streams[0]!.timeBase);
      check(output.interleavedWriteFrameSync(packet));
      packet.unref();
    }
    input.closeInputSync();
  }
  check(output.writeTrailerSync());
  packet.free();
  output.closeOutputSync();
  output.freeContext();
  return to;
}
