// The process of one video job: judges the video as `spatter predict` does and reports over the parent's channel.
// A process of its own, because the decoder reads what strangers send: if it crashes, only the job does.
import { basename, extname } from 'node:path';
import { extractionRules, type ExportedModel } from '../../export/exported-model.ts';
import { Classifier } from '../../infer/classifier.ts';
import { writePrediction } from '../../infer/predict-files.ts';
import { predictVideo } from '../../infer/predict-video.ts';
import { SpatterError } from '../../util/errors.ts';
import type { ProgressFactory } from '../../util/progress.ts';
import { openVideo } from '../../video/decoder.ts';

export interface JobStart {
  readonly model: ExportedModel;
  readonly video: string;
  /** What the video is called in the results. */
  readonly name: string;
  readonly out: string;
  readonly videoSeconds: number;
  readonly framePixels: number;
  readonly threads: number;
}

export type JobMessage =
  | { readonly kind: 'progress'; readonly frames: number; readonly of: number | null }
  | {
      readonly kind: 'done';
      readonly verdict: Record<string, unknown>;
      readonly files: Record<string, string>;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

const tell = (message: JobMessage): Promise<void> =>
  new Promise((resolve) => process.send!(message, () => resolve()));

/** Frames between two reports. */
const REPORT_EVERY = 25;

/** A bar that reports to the parent. */
const reporting: ProgressFactory = (_label, total) => {
  let told = 0;
  return {
    update: (frames) => {
      if (frames < told + REPORT_EVERY) return;
      told = frames;
      void tell({ kind: 'progress', frames, of: total > 0 ? total : null });
    },
    setTotal: () => undefined,
    stop: () => undefined,
  };
};

/** @throws {SpatterError} VIDEO_TOO_LARGE, or as the decoder does. */
async function checkVideo({ video, videoSeconds, framePixels }: JobStart): Promise<void> {
  const reader = await openVideo(video);
  const { width, height, fps, frameCount } = reader.info;
  await reader.close();
  if (width * height > framePixels) {
    throw tooLarge(`frames may have ${framePixels} pixels, got ${width}×${height}`);
  }
  const seconds = fps > 0 ? (frameCount ?? 0) / fps : 0;
  if (seconds > videoSeconds)
    throw tooLarge(`a video may last ${videoSeconds} s, got ${Math.round(seconds)}`);
}

const tooLarge = (message: string): SpatterError =>
  new SpatterError('VIDEO_TOO_LARGE', message, 'split the video, or ask for a higher limit');

async function judge(start: JobStart): Promise<JobMessage> {
  await checkVideo(start);
  const { min_area, max_area, threshold, layer_gap } = extractionRules(start.model);
  const classifier = await Classifier.open(start.model, start.threads);
  const prediction = await predictVideo(start.video, classifier, {
    rules: { leftBound: 0, rightBound: 99999, minArea: min_area, maxArea: max_area, threshold },
    startFrame: 0,
    layerGap: layer_gap,
    decoder: 'auto',
    progress: reporting,
  });
  await tell({ kind: 'progress', frames: prediction.framesRead, of: prediction.framesRead });
  const stem = basename(start.name, extname(start.name));
  const place = { name: start.name, stem, folder: start.out, format: 'csv' as const };
  const { files, ...verdict } = writePrediction(place, prediction, start.model);
  const names = Object.entries(files as Record<string, string>).map(([what, path]) => [what, basename(path)]);
  return {
    kind: 'done',
    verdict: { ...verdict, model: start.model.card.name },
    files: Object.fromEntries(names) as Record<string, string>,
  };
}

process.once('message', (start: JobStart) => {
  void judge(start)
    .catch((error: unknown): JobMessage => {
      const detail = (error as Error).message.replaceAll(start.video, start.name);
      return { kind: 'failed', code: error instanceof SpatterError ? error.code : 'UNEXPECTED', detail };
    })
    .then(tell)
    .then(() => process.exit(0));
});
