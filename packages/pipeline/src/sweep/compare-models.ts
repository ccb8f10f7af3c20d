// The models of the catalogue side by side: each trained under the same budget, evaluated on the same test split, and measured.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeConfig, type Config } from '../config/index.ts';
import { openDataset } from '../data/open-dataset.ts';
import { modelCost, type ModelCost } from '../export/model-cost.ts';
import { chooseCheckpoint } from '../infer/choose-checkpoint.ts';
import { evaluateRun } from '../infer/evaluate-run.ts';
import { MODELS } from '../models/catalogue.ts';
import { buildModel, buildStep, inputShape } from '../train/build.ts';
import { tuningOf } from '../train/lowering-memory.ts';
import { mixer } from '../train/mix.ts';
import type { Statement } from '../report/page.ts';
import { createRunDirectory, openRunDirectory, type RunDirectory } from '../train/run-directory.ts';
import type { Tracking } from '../train/tracked-run.ts';
import { trainRun } from '../train/train-run.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { digestOf } from './plan.ts';

export type ModelName = keyof typeof MODELS;

/** One row of the comparison. Accuracies are shares; the interval is that of `spatter evaluate`, null where none can be given. */
export interface ComparedModel extends ModelCost {
  readonly model: ModelName;
  readonly run_dir: string;
  readonly test_accuracy: number;
  readonly test_accuracy_low: number | null;
  readonly test_accuracy_high: number | null;
  readonly best_baseline_accuracy: number | null;
  /** Share of test crops with a training neighbour in their recording; null where frames are not known. */
  readonly leak_share: number | null;
  /** Epochs that were trained, of those the config asks for. */
  readonly epochs: number;
  readonly of_epochs: number;
  /** Images per second that the train step takes, loading not counted. */
  readonly train_images_per_second: number;
}

export interface CompareSetting {
  readonly folder: string;
  readonly overrides: readonly string[];
  readonly configDirs: readonly string[];
  /** Seconds of training per model; null: until its epochs are done. */
  readonly seconds: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  readonly progress: ProgressFactory;
  readonly tracking: Tracking;
  readonly interrupted: () => boolean;
  /** Folder of the user's caches; null: none. */
  readonly cacheFolder: string | null;
}

/**
 * The models named, or all.
 * @throws {SpatterError} USAGE for a name that the catalogue lacks.
 */
export function chooseModels(names: readonly string[]): ModelName[] {
  const known = Object.keys(MODELS) as ModelName[];
  const unknown = names.find((name) => !known.some((model) => model === name));
  if (unknown !== undefined)
    throw new SpatterError(
      'USAGE',
      `${unknown} is no model of the catalogue`,
      `choose from ${known.join(', ')}`,
    );
  return names.length === 0 ? known : known.filter((model) => names.includes(model));
}

/** Trains, evaluates and measures one model; undefined when it was interrupted. What was measured before is not measured again. */
export async function compareModel(
  model: ModelName,
  setting: CompareSetting,
): Promise<ComparedModel | undefined> {
  const digest = digestOf([setting.seconds, setting.overrides, setting.configDirs]);
  const file = join(setting.folder, `${model}.json`);
  const known = readRow(file, digest);
  if (known !== undefined) return known;
  const run = openRun(model, setting);
  const progress = await train(run, setting);
  if (progress === undefined) return undefined;
  const { summary } = await evaluateRun(run, { progress: setting.progress });
  const { state } = chooseCheckpoint(run).checkpoint;
  const figure = (key: string) => (typeof summary[key] === 'number' ? summary[key] : null);
  const row: ComparedModel = {
    model,
    run_dir: run.path,
    test_accuracy: figure('test_accuracy') ?? NaN,
    test_accuracy_low: figure('test_accuracy_low'),
    test_accuracy_high: figure('test_accuracy_high'),
    best_baseline_accuracy: figure('best_baseline_accuracy'),
    leak_share: figure('leak_share'),
    epochs: progress.history.length,
    of_epochs: run.config.training.epochs,
    ...(await modelCost(buildModel(run.config), state, inputShape(run.config))),
    train_images_per_second: await trainSpeed(run, setting),
  };
  writeFileAtomic(file, `${JSON.stringify({ digest, row }, null, 2)}\n`);
  return row;
}

function readRow(file: string, digest: string): ComparedModel | undefined {
  if (!existsSync(file)) return undefined;
  const known = JSON.parse(readFileSync(file, 'utf8')) as { digest: string; row: ComparedModel };
  if (known.digest === digest) return known.row;
  throw new SpatterError(
    'OUTPUT_EXISTS',
    `${file} holds a comparison under another budget or config`,
    'name another --out',
  );
}

function openRun(
  model: ModelName,
  { folder, overrides, configDirs, env, now }: CompareSetting,
): RunDirectory {
  const path = join(folder, model);
  if (existsSync(join(path, 'config.yaml'))) return openRunDirectory(path);
  const own = [`model=${model}`, `paths.run_dir='${path}'`];
  return createRunDirectory(composeConfig({ overrides: [...overrides, ...own], configDirs, env }), now());
}

/** Trains until the epochs are done or the seconds are over. Undefined when the user asked to stop. */
async function train(run: RunDirectory, setting: CompareSetting) {
  const { seconds, progress, tracking, interrupted, cacheFolder } = setting;
  // From the first batch on: reading the data, and packing it for the first network, is no training.
  let end: number | undefined;
  const isOver = (): boolean =>
    performance.now() > (end ??= performance.now() + (seconds ?? Infinity) * 1000);
  const trained = await trainRun(run, {
    progress,
    cacheFolder,
    onEpoch: () => undefined,
    onNotice: () => undefined,
    interrupted: () => interrupted() || isOver(),
    tracking,
  });
  return interrupted() ? undefined : trained;
}

/** Steps before the clock starts, and the time they are measured for, in ms. */
const WARM_UP = 3;
const MEASURED = 1500;

/** Images per second of the compiled train step on one batch of the data. */
async function trainSpeed(run: RunDirectory, { progress, cacheFolder }: CompareSetting): Promise<number> {
  const loader = (await openDataset(run.config, progress)).loader('train');
  const tuning = tuningOf(run, { cacheFolder, onNotice: () => undefined });
  const step = buildStep(run.config, undefined, tuning);
  try {
    for await (const drawn of loader.epoch(1)) {
      const batch = mixer(run.config)(drawn, { epoch: 1, batch: 0 });
      let state = step.initialState(run.config.seed);
      const advance = async () => {
        ({ state } = await step.run(state, batch, { lr: run.config.training.optimizer.lr }));
      };
      for (let i = 0; i < WARM_UP; i++) await advance();
      const began = performance.now();
      let steps = 0;
      for (; steps < 2 || performance.now() - began < MEASURED; steps++) await advance();
      return (steps * batch.size * 1000) / (performance.now() - began);
    }
    return NaN;
  } finally {
    await Promise.all([step.dispose(), loader.close()]);
  }
}

/** How a comparison was made, in words. */
export function compareStatements(
  { training, data, seed }: Config,
  rows: readonly ComparedModel[],
  seconds: number | null,
): Statement[] {
  const cut = rows.filter(({ epochs, of_epochs }) => epochs < of_epochs).map(({ model }) => model);
  const baselines = rows.flatMap(({ best_baseline_accuracy: best }) => best ?? []);
  return [
    {
      topic: 'Budget',
      text: `${training.epochs} epochs at most${seconds === null ? '' : ` or ${seconds} s of training`}, ${training.optimizer.name} at ${training.optimizer.lr}, batches of ${training.batch_size}, seed ${seed}: the same for every network, tuned for none`,
    },
    ...(cut.length > 0
      ? [{ topic: 'Cut short', text: `fewer epochs than that: ${cut.join(', ')}`, warn: true }]
      : []),
    {
      topic: 'Accuracy',
      text: `on the test split (${data.split.kind}), with the interval of spatter evaluate; one run each, so that small differences mean little`,
      warn: true,
    },
    ...(baselines.length > 0
      ? [
          {
            topic: 'Baseline',
            text: `the best trivial one reaches ${(100 * baselines[0]!).toFixed(1)} % on the same crops`,
          },
        ]
      : []),
    {
      topic: 'Latency',
      text: 'the exported network, one crop, one CPU thread of this machine; MACs are multiply-adds of convolutions and matrix products',
    },
    { topic: 'Speed', text: `train step alone, in batches of ${training.batch_size}, loading not counted` },
  ];
}
