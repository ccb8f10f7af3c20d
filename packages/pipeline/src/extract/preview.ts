// `<video>_preview.mp4`: the video again with the box of every crop, its track, and frame, layer and number of crops written on it.
import { readCsv } from '../util/csv.ts';
import { silentProgress, type ProgressFactory } from '../util/progress.ts';
import { openVideo } from '../video/decoder.ts';
import { writeVideo } from '../video/encoder.ts';
import type { VideoReader } from '../video/reader.ts';
import { drawBox, writeText, type Picture } from './marks.ts';
import type { ExtractionRecord } from './record.ts';

/** What a preview is drawn from. */
export interface PreviewSource {
  readonly video: string;
  /** Sidecar of the crops and, where there are any, that of the quarantined ones. */
  readonly sidecars: readonly string[];
  readonly record: ExtractionRecord;
  readonly progress?: ProgressFactory;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly layer: number;
  readonly track: number;
  readonly black: boolean;
}

/** B G R. */
const KEPT = [60, 220, 60] as const;
const BLACK = [150, 150, 150] as const;
const TEXT = [255, 255, 255] as const;

/**
 * Writes `path` whole or not at all; the same extraction gives the same bytes with one encoder. Frames are coded at a whole number of
 * frames a second; a last odd column or row is cut off.
 * @throws {SpatterError} what opening the video and writing one throw.
 */
export async function writePreview(path: string, source: PreviewSource): Promise<void> {
  const { parameters, frames } = source.record;
  const startFrame = parameters.start_frame;
  const reader = await openVideo(source.video, {
    ...{ startFrame, decoder: parameters.decoder as 'auto' },
  });
  const bar = (source.progress ?? silentProgress)('preview', frames.decoded, 'frames');
  try {
    const { width, height, fps } = reader.info;
    const even = { width: width - (width % 2), height: height - (height % 2) };
    const format = { ...even, fps: Math.max(1, Math.round(fps)), codec: 'mpeg4' as const };
    await writeVideo(
      path,
      format,
      drawn(reader, source, even, (done) => bar.update(done)),
    );
  } finally {
    bar.stop();
    await reader.close();
  }
}

async function* drawn(
  reader: VideoReader,
  { sidecars, record }: PreviewSource,
  size: { width: number; height: number },
  onFrame: (done: number) => void,
): AsyncGenerator<Uint8Array> {
  const boxes = readBoxes(sidecars, record.parameters.left_bound);
  const frame = new Uint8Array(reader.info.width * reader.info.height * 3);
  const picture: Picture = { ...size, bytes: new Uint8Array(size.width * size.height * 3) };
  let layer = 0;
  for (let done = 1; done <= record.frames.decoded && (await reader.read(frame)); done++) {
    const number = reader.position - 1;
    const seen = boxes.get(number) ?? [];
    layer = seen[0]?.layer ?? layer;
    cutTo(picture, frame, reader.info.width);
    for (const box of seen) {
      const colour = box.black ? BLACK : KEPT;
      drawBox(picture, box, colour);
      writeText(picture, box.x, box.y - 12, String(box.track), colour);
    }
    writeText(picture, 4, 4, `FRAME ${number} LAYER ${layer} CROPS ${seen.length}`, TEXT);
    onFrame(done);
    yield picture.bytes;
  }
}

function cutTo({ width, height, bytes }: Picture, frame: Uint8Array, stride: number): void {
  for (let y = 0; y < height; y++) {
    bytes.set(frame.subarray(3 * y * stride, 3 * (y * stride + width)), 3 * y * width);
  }
}

/** By frame, in the order of the sidecars. */
function readBoxes(sidecars: readonly string[], left: number): Map<number, Box[]> {
  const frames = new Map<number, Box[]>();
  for (const [i, path] of sidecars.entries()) {
    const { columns, rows } = readCsv(path);
    for (const row of rows) {
      const value = (name: string) => Number(row[columns.indexOf(name)]);
      const [x, y, w, h] = [value('x') + left, value('y'), value('w'), value('h')];
      const box = { x, y, w, h, layer: value('layer'), track: value('track'), black: i > 0 };
      const seen = frames.get(value('frame'));
      if (seen === undefined) frames.set(value('frame'), [box]);
      else seen.push(box);
    }
  }
  return frames;
}
