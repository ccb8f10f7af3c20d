// `spatter simulate`: seeded spatter videos with ground truth, a ready-made set or a single recording.
import { Command, Option } from 'commander';
import { simulateAll } from '../../simulate/pool.ts';
import { PRESETS, presetNamed, withFrames } from '../../simulate/presets.ts';
import {
  flowLabel,
  frameCount,
  DAMAGES,
  POSITIONS,
  recipe,
  type Position,
  type Recipe,
} from '../../simulate/recipe.ts';
import { labelsFile, prepareFolder, recordingFiles, writeLabels } from '../../simulate/simulate.ts';
import { SpatterError } from '../../util/errors.ts';
import { CODECS, type CodecName } from '../../video/encoder-format.ts';
import { ENCODERS, type EncoderName } from '../../video/encoder.ts';
import { action, type Context, type Result } from '../context.ts';

interface Options {
  out: string;
  preset?: string;
  name?: string;
  flow?: number[];
  position: Position;
  session: number;
  layers?: number;
  drift?: number;
  exposure?: number;
  fouling?: number[];
  dropped?: number;
  duplicated?: number;
  torn?: number;
  damage: Recipe['damage'];
  report?: boolean;
  seed: number;
  frames?: number;
  codec: CodecName;
  encoder?: EncoderName;
  overwrite?: boolean;
}

interface Plan {
  readonly recipes: Recipe[];
  readonly labelled: boolean;
}

const EXAMPLES = `
Presets:
${Object.entries(PRESETS)
  .map(([name, { description }]) => `  ${name.padEnd(15)} ${description}`)
  .join('\n')}

Examples:
  $ spatter simulate --preset demo --out sim/
  $ spatter simulate --preset six-recordings --out sim/ --seed 7 --frames 3000
  $ spatter simulate --name test --flow 0.2 --position left --layers 3 --out sim/
  $ spatter simulate --name fading --flow 0.9,0.6,0.3 --out sim/ --codec h264
  $ spatter simulate --name murky --flow 0.8 --fouling 0,0.9 --dropped 0.02 --out sim/ --report
`;

export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Render seeded spatter videos with ground truth beside them.')
    .requiredOption('--out <folder>', 'folder for the videos; made if it is not there')
    .option('--preset <name>', 'a ready-made set of recordings')
    .option('--name <name>', 'a single recording of this name instead of a preset')
    .option('--flow <levels>', 'its gas flow, 0 to 1; one level, or one per layer: 0.8,0.2', numbers)
    .addOption(new Option('--position <side>', 'its camera position').choices(POSITIONS).default('mid'))
    .option('--session <n>', 'its filming day', wholeNumber, 1)
    .option('--layers <n>', 'its number of layers (default: 3, or as many as --flow has levels)', wholeNumber)
    .option('--drift <sd>', 'standard deviation of its flow within a layer (default: 0.06)', number)
    .option(
      '--exposure <x>',
      'its exposure, 1 being usual (default: drawn per session and recording)',
      number,
    )
    .option(
      '--fouling <levels>',
      'fouling of its window, 0 to 1; one level, or first and last: 0,0.8',
      numbers,
    )
    .option('--dropped <share>', 'probability that frames are lost (up to 5 in a row)', number)
    .option('--duplicated <share>', 'probability that a frame comes twice', number)
    .option('--torn <share>', 'probability that a frame comes torn', number)
    .addOption(
      new Option('--damage <kind>', 'overwrite bytes of its video, or cut it')
        .choices(DAMAGES)
        .default('none'),
    )
    .option('--report', 'also write report.html and report.json: what was rendered, beside real imagery')
    .option('--seed <n>', 'same seed, same bytes', wholeNumber, 1)
    .option('--frames <n>', 'frames per recording, roughly', wholeNumber)
    .addOption(new Option('--codec <name>', 'video codec').choices(Object.keys(CODECS)).default('mpeg4'))
    .addOption(new Option('--encoder <name>', 'who writes the video').choices(Object.keys(ENCODERS)))
    .option('--overwrite', 'replace files that are already there')
    .addHelpText('after', EXAMPLES)
    .action(action(simulate));
}

async function simulate(context: Context, options: Options): Promise<Result> {
  const plan = planOf(options);
  const { out, codec, encoder, frames } = options;
  const recipes = frames === undefined ? plan.recipes : plan.recipes.map((each) => withFrames(each, frames));
  prepareFolder(out, recipes, plan.labelled, options.overwrite === true);
  const total = recipes.reduce((sum, each) => sum + frameCount(each), 0);
  const bar = context.progress('simulate', total, 'frames');
  try {
    await simulateAll(recipes, out, encoder ? { codec, encoder } : { codec }, (done) => bar.update(done));
  } finally {
    bar.stop();
  }
  if (plan.labelled) writeLabels(out, recipes);
  const report = options.report === true ? await drawReport(out, recipes, options.overwrite === true) : null;
  context.print(`${recipes.length} recordings, ${total} frames in ${out}`);
  return {
    out,
    seed: options.seed,
    frames: total,
    labels: plan.labelled ? labelsFile(out) : null,
    report,
    recordings: recipes.map((each) => ({
      name: each.name,
      ...recordingFiles(out, each.name),
      label: flowLabel(each),
      position: each.position,
      session: each.session,
      frames: frameCount(each),
      layers: each.layerFlows.length,
    })),
  };
}

/** Loaded only here: pages draw with a library that takes its time to start. */
async function drawReport(out: string, recipes: readonly Recipe[], overwrite: boolean) {
  const { writeReport } = await import('../../simulate/report.ts');
  return writeReport(out, recipes, overwrite);
}

function planOf(options: Options): Plan {
  const { preset, name, seed } = options;
  if ((preset === undefined) === (name === undefined)) {
    throw new SpatterError(
      'USAGE',
      'simulate needs either --preset or --name',
      'see spatter simulate --help',
    );
  }
  if (preset === undefined) return { recipes: [singleRecipe(name!, options)], labelled: false };
  const { labelled, recipes } = presetNamed(preset);
  return { labelled, recipes: recipes(seed) };
}

function singleRecipe(name: string, options: Options): Recipe {
  const { flow, layers, position, session, seed, damage } = options;
  if (flow === undefined)
    throw new SpatterError('USAGE', '--name needs --flow', 'add for example --flow 0.2');
  const count = layers ?? (flow.length > 1 ? flow.length : 3);
  if (flow.length > 1 && flow.length !== count) {
    throw new SpatterError(
      'USAGE',
      `--flow must have one level or one per layer (${count}), but got ${flow.length}`,
      'change --flow or --layers',
    );
  }
  const layerFlows = Array.from({ length: count }, (_, layer) => flow[layer % flow.length]!);
  return recipe({ name, position, session, seed, layerFlows, damage, ...lookOf(options) });
}

/** What was said of light and faults; what was not keeps the recipe's own values. */
function lookOf({
  drift,
  exposure,
  fouling,
  dropped = 0,
  duplicated = 0,
  torn = 0,
}: Options): Partial<Recipe> {
  if (fouling !== undefined && fouling.length > 2) {
    throw new SpatterError(
      'USAGE',
      `--fouling must be one level, or the first and the last, but got ${fouling.length}`,
      'for example --fouling 0,0.8',
    );
  }
  return {
    ...(drift === undefined ? {} : { drift }),
    ...(exposure === undefined ? {} : { exposure }),
    ...(fouling === undefined ? {} : { fouling: [fouling[0]!, fouling.at(-1)!] as const }),
    faults: { dropped, duplicated, torn },
  };
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new SpatterError(
    'USAGE',
    `a whole number is needed here, but got ${text}`,
    'see spatter simulate --help',
  );
}

function number(text: string): number {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  throw new SpatterError('USAGE', `a number is needed here, but got ${text}`, 'see spatter simulate --help');
}

function numbers(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.every((value) => Number.isFinite(value))) return values;
  throw new SpatterError(
    'USAGE',
    `levels must be numbers from 0 to 1, but got ${text}`,
    'for example --flow 0.8,0.2',
  );
}
