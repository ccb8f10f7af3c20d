// `spatter predict`: videos to probabilities per crop, a verdict per layer and a report, with an exported model.
import { Command, InvalidArgumentError, Option } from 'commander';
import { extractionRules } from '../../export/exported-model.ts';
import type { Classifier } from '../../infer/classifier.ts';
import { openModel } from '../../infer/open-model.ts';
import { predictVideo, type Prediction } from '../../infer/predict-video.ts';
import { decimal } from '../../report/numbers.ts';
import { terminalTable } from '../../report/terminal.ts';
import { refuseToOverwrite, requireWritable } from '../../util/atomic.ts';
import { DECODERS, type DecoderName } from '../../video/decoder.ts';
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
  readonly overwrite?: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter predict build8.mp4 --model runs/default_20261123_101500/export
  $ spatter predict build8.mp4 --model models/line-3 --out verdicts --layer-gap 300 --json

Writes <video>_predictions.csv (a row per crop), <video>_layers.csv, <video>_verdict.json and <video>_report.html.`;

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

export function predictCommand(): Command {
  return new Command('predict')
    .description('judge videos with an exported model: probability per crop, verdict per layer, report')
    .argument('<videos...>', 'video files, in any format FFmpeg reads')
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
    .option('--overwrite', 'replace files of an earlier prediction')
    .addHelpText('after', EXAMPLES)
    .action(action(predict));
}

async function predict(context: Context, options: Options, videos: readonly string[]): Promise<Result> {
  const { predictionFiles, writePrediction } = await import('../../infer/predict-files.ts');
  const files = videos.flatMap((video) => Object.values(predictionFiles(video, options.out)));
  refuseToOverwrite(files, options.overwrite === true);
  requireWritable(options.out);
  const classifier = await openModel(options.model, options);
  const { model } = classifier;
  const results: Result[] = [];
  try {
    for (const video of videos) {
      const prediction = await predictVideo(video, classifier, settings(options, classifier, context));
      const verdict = writePrediction(video, options.out, prediction, model);
      for (const line of describe(video, prediction, verdict)) context.print(line);
      results.push(verdict);
    }
  } finally {
    await classifier.close();
  }
  return { videos: results };
}

function settings(options: Options, { model }: Classifier, { progress }: Context) {
  const { min_area, max_area, threshold, layer_gap } = extractionRules(model);
  const { leftBound, rightBound, startFrame, decoder, layerGap } = options;
  const rules = { leftBound, rightBound, minArea: min_area, maxArea: max_area, threshold };
  return { rules, startFrame, decoder, layerGap: layerGap ?? layer_gap, progress };
}

function describe(video: string, prediction: Prediction, result: Result): string[] {
  const { layers, damage } = prediction;
  const rows = layers.map((layer) => [
    String(layer.layer),
    layer.verdict,
    decimal(layer.meanProbability),
    layer.low === null ? '–' : `${decimal(layer.low)} … ${decimal(layer.high)}`,
    String(layer.crops),
  ]);
  return [
    `${video}: ${String(result['verdict'])} – ${String(result['reason'])}`,
    ...(damage === null
      ? []
      : [
          `warning: the video is damaged from frame ${damage.atFrame} on (${damage.message}); what could be decoded was judged`,
        ]),
    ...(rows.length === 0
      ? []
      : terminalTable(['layer', 'verdict', 'p(high)', '95 % interval', 'crops'], rows)),
    `report ${(result['files'] as { report: string }).report}`,
  ];
}
