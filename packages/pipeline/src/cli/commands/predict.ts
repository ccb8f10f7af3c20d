// `spatter predict`: videos to probabilities per crop, a verdict per layer and a report, with an exported model.
import { Command, InvalidArgumentError, Option } from 'commander';
import { LAYER_GAP_FRAMES } from '../../extract/layers.ts';
import { extractionRules, type ModelCard } from '../../export/exported-model.ts';
import { measuredLines } from '../../export/measured-lines.ts';
import type { Classifier } from '../../infer/classifier.ts';
import { openModel } from '../../infer/open-model.ts';
import type { PredictedCrop } from '../../infer/predicted-crop.ts';
import { predictInputs, type PredictInput } from '../../infer/predict-inputs.ts';
import { TABLE_FORMATS, cropRow, type TableFormat } from '../../infer/table-format.ts';
import type { ClassLayerVerdict } from '../../metrics/class-verdict.ts';
import type { LayerVerdict } from '../../metrics/verdict.ts';
import { SpatterError } from '../../util/errors.ts';
import { refuseToOverwrite, requireWritable } from '../../util/atomic.ts';
import { DECODERS, type DecoderName } from '../../video/decoder.ts';
import { interruptFlag } from '../interrupt.ts';
import { action, type Context, type Result } from '../context.ts';
import { registryOption } from '../registry-option.ts';

interface Options {
  readonly model: string;
  readonly registry: string;
  readonly out: string;
  readonly startFrame: number;
  readonly leftBound: number;
  readonly rightBound: number;
  readonly layerGap?: number;
  readonly decoder: DecoderName | 'auto';
  readonly format: TableFormat;
  readonly stream?: boolean;
  readonly follow?: boolean;
  readonly idle: number;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter predict build8.mp4 --model runs/default_20261123_101500/export
  $ spatter predict build8.mp4 --model models:/line-3@champion --out verdicts --layer-gap 300 --json
  $ spatter predict data/ 'videos/*_left.mp4' crops.h5 --model models:/line-3/4 --resume
  $ spatter predict recording.ts --follow --idle 60 --model models:/line-3@champion
  $ ffmpeg -i rtsp://camera -c copy -f matroska - | spatter predict - --model models:/line-3@champion --stream

Writes <name>_predictions.csv (a row per crop), _frames.csv, _layers.csv, _verdict.json and _report.html for each video, HDF5 file or
folder of images. A prediction that was interrupted goes on where it was.`;

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

function seconds(text: string): number {
  if (!(Number(text) > 0)) throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return Number(text);
}

export function predictCommand(): Command {
  return new Command('predict')
    .description('judge videos with an exported model: probability per crop, verdict per layer, report')
    .argument(
      '<inputs...>',
      'videos, HDF5 files of crops, images of crops, folders, patterns; - is standard input',
    )
    .requiredOption(
      '--model <model>',
      'folder (or model.onnx) that spatter export wrote, or models:/NAME@ALIAS',
    )
    .addOption(registryOption())
    .option('-o, --out <dir>', 'folder for the files', 'predictions')
    .option('-s, --start-frame <n>', 'first frame looked at', wholeNumber, 0)
    .option('-l, --left-bound <x>', 'first column looked at', wholeNumber, 0)
    .option('-r, --right-bound <x>', 'one past the last column looked at', wholeNumber, 99999)
    .option(
      '--layer-gap <n>',
      'frames without spatter after which a new layer begins (default: the model’s)',
      wholeNumber,
    )
    .addOption(
      new Option('--decoder <name>', 'what reads the video')
        .choices(['auto', ...Object.keys(DECODERS)])
        .default('auto'),
    )
    .addOption(new Option('--format <format>', 'of the tables').choices(TABLE_FORMATS).default('csv'))
    .option('--stream', 'also print each crop as a line of JSON as soon as it is judged')
    .option('--follow', 'read a video while it is being recorded, and tell each layer when it is over')
    .option(
      '--idle <seconds>',
      'with --follow: without a new byte for so long, the recording has ended',
      seconds,
      30,
    )
    .option('--resume', 'leave what an interrupted call has finished with the same model')
    .option('--overwrite', 'replace files of an earlier prediction')
    .addHelpText('after', EXAMPLES)
    .action(action(predict));
}

async function predict(context: Context, options: Options, given: readonly string[]): Promise<Result> {
  const { predictInput, finishedBefore, stoppedWhileWriting } = await import('../../infer/predict-input.ts');
  const { predictionFiles } = await import('../../infer/predict-files.ts');
  const inputs = predictInputs(given);
  if (options.follow === true) requireOneVideo(inputs);
  const places = inputs.map((input) => ({ input, folder: options.out, format: options.format }));
  requireWritable(options.out);
  const classifier = await openModel(options.model, options);
  const results: Result[] = [];
  try {
    const rules = settings(options, inputs, classifier, context);
    const halfWritten = places.map((place) => stoppedWhileWriting(place, classifier, rules));
    const finished = places.map((place, i) =>
      options.resume === true && !halfWritten[i]! ? finishedBefore(place, classifier.model) : null,
    );
    const open = places.filter((_, i) => finished[i] === null && !halfWritten[i]!);
    const files = open.flatMap(({ input }) =>
      Object.values(predictionFiles(input.stem, options.out, options.format)),
    );
    refuseToOverwrite(files, options.overwrite === true);
    for (const [i, place] of places.entries()) {
      const before = finished[i];
      const { lines, result } = before ?? (await predictInput(place, classifier, rules));
      for (const line of lines) context.print(line);
      results.push(result);
    }
    for (const line of measuredLines(classifier.model.card)) context.print(line);
  } finally {
    await classifier.close();
  }
  return { videos: results };
}

/** Each crop as one line of JSON on standard output. */
function streamRows(crops: readonly PredictedCrop[], card: ModelCard): void {
  process.stdout.write(crops.map((crop) => `${JSON.stringify(cropRow(crop, card))}\n`).join(''));
}

/** Images and stored crops are cut already, so a model that knows no rules of cutting can judge them; and it knows no dark ones. */
const NO_CUTTING = { min_area: 0, max_area: 0, threshold: -1, layer_gap: LAYER_GAP_FRAMES };

/** @throws {SpatterError} USAGE */
function requireOneVideo(inputs: readonly PredictInput[]): void {
  const [input, more] = inputs;
  if (input?.kind === 'video' && input.name !== '-' && more === undefined) return;
  const message = `--follow reads one video file as it grows, got ${inputs.map(({ name }) => name).join(', ')}`;
  throw new SpatterError(
    'USAGE',
    message,
    'name one video; standard input is read as it comes without --follow',
  );
}

/** A layer that is over: as a line for people, or with --stream for machines. */
function tellLayer(
  layer: LayerVerdict | ClassLayerVerdict,
  { stream, json }: Options & { json?: boolean },
): void {
  if (stream === true) process.stdout.write(`${JSON.stringify(layer)}\n`);
  else if (json !== true) process.stdout.write(`layer ${layer.layer}: ${layer.verdict} – ${layer.reason}\n`);
}

/** What reading a video as it grows takes; Ctrl-C ends it with what was read so far. */
function following(options: Options) {
  if (options.follow !== true) return {};
  const stopped = interruptFlag(['SIGINT', 'SIGTERM']);
  const onLayer = (layer: LayerVerdict | ClassLayerVerdict) => tellLayer(layer, options);
  return { follow: { idleMs: 1000 * options.idle, stopped }, onLayer };
}

function settings(
  options: Options,
  inputs: readonly PredictInput[],
  { model }: Classifier,
  { progress }: Context,
) {
  const cuts = model.card.extraction !== null || inputs.some(({ kind }) => kind === 'video');
  const { min_area, max_area, threshold, layer_gap } = cuts ? extractionRules(model) : NO_CUTTING;
  const { leftBound, rightBound, startFrame, decoder, layerGap } = options;
  const rules = { leftBound, rightBound, minArea: min_area, maxArea: max_area, threshold };
  const stream = { onCrops: (crops: readonly PredictedCrop[]) => streamRows(crops, model.card) };
  const shared = {
    ...{ rules, startFrame, decoder, layerGap: layerGap ?? layer_gap, progress },
    ...following(options),
  };
  return options.stream === true ? { ...shared, ...stream } : shared;
}
