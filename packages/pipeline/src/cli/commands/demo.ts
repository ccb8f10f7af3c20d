// `spatter demo`: the whole method on simulated builds, by the commands a user would type.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { PRESETS } from '../../simulate/presets.ts';
import { SpatterError } from '../../util/errors.ts';
import { action, type Context, type Result } from '../context.ts';

interface Options {
  readonly out: string;
  readonly seed: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

/** Runs one command line in this process and returns what the command returns. */
export type RunCommand = (args: readonly string[]) => Promise<Result>;

const DESCRIPTION =
  'the whole method in a couple of minutes: simulate recordings, extract, index, train, evaluate, export, judge an unseen build';

/** @param runCommand given by the catalogue, which knows the other commands. */
export function demoCommand(runCommand: RunCommand): Command {
  return new Command('demo')
    .description(DESCRIPTION)
    .option('-o, --out <dir>', 'folder for everything the demo makes', 'spatter-demo')
    .option('--seed <n>', 'seed of the simulated recordings', '1')
    .addHelpText('after', '\nExamples:\n  $ spatter demo\n  $ spatter demo --out /tmp/demo --seed 7')
    .action(action<Options>((context, options) => demo(context, options, runCommand)));
}

interface Step {
  readonly title: string;
  readonly args: readonly string[];
}

/** The command lines of the demo, in order. */
export function demoSteps({ out, seed }: Pick<Options, 'out' | 'seed'>): Step[] {
  const at = (...parts: string[]) => join(out, ...parts);
  const names = PRESETS.demo.recipes(Number(seed)).map(({ name }) => name);
  const videos = names.map((name) => at('videos', `${name}.mp4`));
  const crops = names.map((name) => at('data', `${name}.h5`));
  const labels = at('videos', 'labels.csv');
  return [
    {
      title: 'Simulate twelve labelled recordings',
      args: ['simulate', '--preset', 'demo', '--seed', seed, '--out', at('videos')],
    },
    {
      title: 'Simulate a build whose gas flow fails on the way',
      args: ['simulate', '--preset', 'unseen-build', '--seed', seed, '--out', at('videos')],
    },
    { title: 'Extract spatter crops', args: ['extract', ...videos, '--out', at('data')] },
    { title: 'Index the crops', args: ['data', 'index', ...crops, '--labels', labels, '--out', at('data')] },
    {
      title: 'Train LeNet5 on some of the recordings',
      args: [
        'train',
        '+experiment=demo',
        `paths.data_root=${at('data')}`,
        `paths.run_dir=${at('run')}`,
        `tracking.uri=sqlite:///${at('mlflow.db')}`,
        '--no-evaluate',
      ],
    },
    { title: 'Evaluate on recordings it has never seen', args: ['evaluate', at('run')] },
    { title: 'Export to ONNX, checked', args: ['export', at('run'), '--out', at('model')] },
    {
      title: 'Judge the unseen build',
      args: ['predict', at('videos', 'unseen_build.mp4'), '--model', at('model'), '--out', at('verdict')],
    },
  ];
}

async function demo(context: Context, options: Options, runCommand: RunCommand): Promise<Result> {
  requireNew(options.out);
  const flags = [
    ...(options.quiet === true ? ['--quiet'] : []),
    ...(options.json === true ? ['--json'] : []),
  ];
  const began = performance.now();
  const steps: Record<string, Result> = {};
  for (const [i, { title, args }] of demoSteps(options).entries()) {
    context.print(`\n${i + 1}. ${title}\n   $ spatter ${abridged(args)}`);
    const result = await runCommand([...args, ...flags]);
    steps[`${i + 1}_${args[0]!}`] = result;
    if (result['finished'] === false) return { out: options.out, finished: false, steps };
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  context.print(`\nDone in ${seconds} s. Look at:`);
  context.print(
    `  ${join(options.out, 'run', 'evaluation', 'report.html')}      how good the model is, and how that was measured`,
  );
  context.print(
    `  ${join(options.out, 'verdict', 'unseen_build_report.html')}  the verdict on the unseen build`,
  );
  return { out: options.out, seconds, steps };
}

function requireNew(folder: string): void {
  if (!existsSync(folder)) return;
  throw new SpatterError(
    'OUTPUT_EXISTS',
    `${folder} already exists`,
    'delete it, or name another folder with --out',
  );
}

/** Long lists of files are shortened for the eye. */
function abridged(args: readonly string[]): string {
  const files = args.filter((arg) => /\.(mp4|h5)$/.test(arg));
  if (files.length < 3) return args.join(' ');
  const pattern = files[0]!.replace(/[^/\\]+(?=\.)/, '*');
  return args
    .filter((arg) => arg === files[0] || !files.includes(arg))
    .map((arg) => (arg === files[0] ? pattern : arg))
    .join(' ');
}
