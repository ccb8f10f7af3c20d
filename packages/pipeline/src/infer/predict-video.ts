// Judges a video with an exported model: extraction, the model's own preprocessing, a probability per crop, a verdict per layer.
import { extractCrops, type Crop, type FrameCrops } from '../extract/crops.ts';
import { stillRule, type SpatterRules } from '../extract/rules.ts';
import { decodeJpeg, encodeJpeg } from '../store/jpeg.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { openVideo, type DecoderName } from '../video/decoder.ts';
import { followFile, type FollowOptions } from '../video/follow.ts';
import { requireFrames, type Damage, type VideoInfo, type VideoReader } from '../video/reader.ts';
import type { Classifier } from './classifier.ts';
import {
  CropJudge,
  type Judged,
  type JudgedChunk,
  type JudgeOptions,
  type SeenCrop,
  type SeenFrame,
} from './crop-judge.ts';
import { darkView } from './dark-view.ts';

export type { PredictedCrop } from './predicted-crop.ts';

export interface Prediction extends Judged {
  readonly info: VideoInfo;
  readonly framesRead: number;
  readonly damage: Damage | null;
  readonly startFrame: number;
  /** Why nothing could be seen where no crop was found; null where something could. */
  readonly darkView: string | null;
}

export interface PredictOptions extends Pick<JudgeOptions, 'onCrops' | 'onLayer'> {
  readonly rules: SpatterRules;
  readonly startFrame: number;
  readonly layerGap: number;
  readonly decoder: DecoderName | 'auto';
  readonly progress: ProgressFactory;
  /** Chunks that an interrupted prediction had judged. */
  readonly restored?: readonly JudgedChunk[];
  /** Reads a video as it grows, and ends when it does not any more. */
  readonly follow?: FollowOptions;
  /** Gets every chunk that is judged, to be restored later. */
  readonly onChunk?: (chunk: JudgedChunk) => void;
}

/** A video that is still being written, from a pipe. */
export const STANDARD_INPUT = '/dev/stdin';

/** Frames in a chunk. Batches end with it, so that a resumed prediction runs the very batches of an uninterrupted one. */
const CHUNK_FRAMES = 250;

/** The same of a video that grows, so that what it shows is told within a second. */
const CHUNK_FOLLOWED = 25;

/** Reads `path` to its end. @throws {SpatterError} as the decoder and the extraction rules do. */
export async function predictVideo(
  path: string,
  classifier: Classifier,
  options: PredictOptions,
): Promise<Prediction> {
  if (options.follow === undefined) return judgeVideo(path, classifier, options);
  const file = await followFile(path, options.follow);
  try {
    return await judgeVideo(path, classifier, options, file.url);
  } finally {
    file.close();
  }
}

/** @param url of a video that grows */
async function judgeVideo(
  path: string,
  classifier: Classifier,
  options: PredictOptions,
  url?: string,
): Promise<Prediction> {
  const { rules, startFrame, decoder, restored = [] } = options;
  const judge = new CropJudge(classifier, options);
  for (const chunk of restored) judge.restore(chunk);
  const done = restored.reduce((sum, { frames }) => sum + frames.length, 0);
  const opening = { decoder, startFrame: startFrame + done, still: stillRule(rules) };
  const reader = await openVideo(path, url === undefined ? opening : { ...opening, url });
  const chunk = url === undefined ? CHUNK_FRAMES : CHUNK_FOLLOWED;
  const bar = options.progress('predicting', (reader.info.frameCount ?? 0) - startFrame, 'frames');
  try {
    for await (const found of extractCrops(reader, rules)) {
      await judge.add(await seen(found, rules));
      const read = found.frame - startFrame + 1;
      bar.update(read);
      if (read % chunk === 0) await endChunk(judge, reader, options);
    }
    await judge.flush();
    requireFrames(reader, startFrame);
    const { info, position, damage } = reader;
    const result = judge.result();
    const dark = result.crops.length === 0 && path !== STANDARD_INPUT;
    const view = dark ? await darkView(path, rules, options) : null;
    const facts = { info, framesRead: position - startFrame, damage, startFrame };
    return { ...facts, darkView: view, ...result };
  } finally {
    bar.stop();
    await reader.close();
  }
}

/** Where the video is damaged nothing more is kept: a seek there need not find the same frames again. */
async function endChunk(
  judge: CropJudge,
  { damage }: VideoReader,
  { onChunk }: PredictOptions,
): Promise<void> {
  await judge.flush();
  if (damage === null) onChunk?.(judge.takeChunk());
}

async function seen(
  { frame, contours, rejected, crops }: FrameCrops,
  rules: SpatterRules,
): Promise<SeenFrame> {
  return { frame, contours, rejected, crops: await Promise.all(crops.map((crop) => seenCrop(crop, rules))) };
}

/**
 * As in training, a crop is what remains of it after the JPEG. Spatter that shows in the later frame of a pair only gives
 * a crop of the dark earlier one; where no byte exceeds the threshold there is nothing to judge.
 */
async function seenCrop(crop: Crop, { leftBound, threshold }: SpatterRules): Promise<SeenCrop> {
  const { x, y, w, h, area, bgr, width, height } = crop;
  const place = { x: x + Math.max(0, leftBound), y, w, h, area, name: null };
  if (crop.max <= threshold) return { ...place, image: null };
  const jpeg = await encodeJpeg(bgr, width, height);
  return { ...place, image: { jpeg, decoded: await decodeJpeg(jpeg) } };
}
