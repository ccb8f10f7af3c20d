// Turns recipes into files: a video and its ground truth per recording, labels.csv for a labelled set.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeWritableFolder, refuseToOverwrite, writeFileAtomic } from '../util/atomic.ts';
import { writeCsv } from '../util/csv.ts';
import type { CodecName } from '../video/encoder-format.ts';
import { writeVideo, type EncoderName } from '../video/encoder.ts';
import { damageVideo } from './damage.ts';
import { flowLabel, meanFlow, type Recipe } from './recipe.ts';
import { createRenderer, type Renderer } from './render.ts';
import { formatFrames, formatTruth, truthOf } from './truth.ts';

export interface SimulateOptions {
  readonly codec: CodecName;
  /** Back-end that writes the video; by default the first that is installed. */
  readonly encoder?: EncoderName;
}

/** The files of one recording in `folder`. */
export function recordingFiles(
  folder: string,
  name: string,
): { video: string; truth: string; frames: string } {
  return {
    video: join(folder, `${name}.mp4`),
    truth: join(folder, `${name}.truth.json`),
    frames: join(folder, `${name}.truth.csv`),
  };
}

/** Path of the table of labels in `folder`. */
export function labelsFile(folder: string): string {
  return join(folder, 'labels.csv');
}

/**
 * Makes `folder` and refuses when it already holds any file that simulating `recipes` would write.
 * @throws {SpatterError} OUTPUT_EXISTS or IO.
 */
export function prepareFolder(
  folder: string,
  recipes: readonly Recipe[],
  labelled: boolean,
  overwrite: boolean,
): void {
  const files = recipes.flatMap(({ name }) => Object.values(recordingFiles(folder, name)));
  refuseToOverwrite(labelled ? [...files, labelsFile(folder)] : files, overwrite);
  makeWritableFolder(folder);
}

/**
 * Renders one recording into `folder`, which exists; old files of that name are replaced.
 * @param onFrame Called before each frame with its number; what it throws stops the work without leaving files.
 * @throws {SpatterError} DECODER_MISSING, DISK_FULL or IO.
 */
export async function simulateRecording(
  recipe: Recipe,
  folder: string,
  { codec, encoder }: SimulateOptions,
  onFrame: (index: number) => void = () => {},
): Promise<void> {
  const renderer = createRenderer(recipe);
  const { video, truth, frames } = recordingFiles(folder, recipe.name);
  await writeVideo(video, { ...recipe, codec }, framesOf(recipe, renderer, onFrame), encoder);
  try {
    const damage = damageVideo(video, recipe);
    writeFileAtomic(frames, formatFrames(recipe, renderer));
    writeFileAtomic(truth, formatTruth(truthOf(recipe, renderer, damage)));
  } catch (error) {
    for (const file of [video, frames]) rmSync(file, { force: true });
    throw error;
  }
}

/** Every frame in turn, in one buffer that is used again and again. */
function* framesOf(
  recipe: Recipe,
  renderer: Renderer,
  onFrame: (index: number) => void,
): Generator<Uint8Array> {
  const frame = new Uint8Array(recipe.width * recipe.height * 3);
  for (let index = 0; index < renderer.frames; index++) {
    onFrame(index);
    renderer.render(index, frame);
    yield frame;
  }
}

/** Writes labels.csv: which HDF5 file (named after its video, as `spatter extract` does) holds which class. */
export function writeLabels(folder: string, recipes: readonly Recipe[]): void {
  writeCsv(
    labelsFile(folder),
    ['file', 'label', 'position', 'session', 'recording', 'flow'],
    recipes.map((each) => {
      const { name, position, session } = each;
      return [`${name}.h5`, flowLabel(each), position, session, name, Number(meanFlow(each).toFixed(4))];
    }),
  );
}
