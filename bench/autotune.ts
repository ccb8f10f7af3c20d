// Train steps whose lowerings were timed on this machine against those that shapes decide, in turn in one process.
import { compileTrainStep, LOSSES, OPTIMIZERS, type Model, type TrainStep } from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import { median, type BenchResult } from './result.ts';
import { TRAINING_WORKS, type TrainingWork } from './training.ts';

const THREADS = 2;
const ROUNDS = 10;
const WORKS = ['train-resnet18', 'train-efficientnet-b0'] as const;

/** Seconds to the first step, and a step to take. */
async function begun(step: TrainStep, { inputShape, batch: size }: TrainingWork) {
  const pixels = size * inputShape[0] * inputShape[1] * inputShape[2];
  const batch = {
    x: Float32Array.from({ length: pixels }, (_, i) => ((i * 7919) % 256) / 255),
    y: Float32Array.from({ length: size }, (_, i) => i % 2),
    size,
  };
  const state = step.initialState(0);
  const timed = async () => {
    const start = performance.now();
    await step.run(state, batch, { lr: 1e-3 });
    return performance.now() - start;
  };
  return { first: (await timed()) / 1000, timed };
}

async function compare(name: (typeof WORKS)[number]) {
  const work = TRAINING_WORKS[name];
  const model = (MODELS as Readonly<Record<string, (options: never) => Model>>)[work.model]!;
  const answers = new Map<string, string>();
  const options = {
    model: model(work.architecture as never),
    inputShape: work.inputShape,
    loss: LOSSES.cross_entropy,
    optimizer: OPTIMIZERS.adam(),
    device: 'cpu',
    threads: THREADS,
  } as const;
  const memory = {
    recall: () => undefined,
    record: (_place: string, question: string, answer: string) => void answers.set(question, answer),
  };
  const [tuned, plain] = [compileTrainStep({ ...options, tuning: { memory } }), compileTrainStep(options)];
  const [mine, peer] = [await begun(tuned, work), await begun(plain, work)];
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    times[0].push(await mine.timed());
    times[1].push(await peer.timed());
  }
  await Promise.all([tuned.dispose(), plain.dispose()]);
  const [ours, theirs] = [median(times[0]), median(times[1])];
  const best = { ours: Math.min(...times[0]), theirs: Math.min(...times[1]) };
  const other = [...answers.values()].filter((answer) => answer !== 'by shape').length;
  console.log(
    `${name}: timed ${ours.toFixed(0)} ms, by shape ${theirs.toFixed(0)} ms a step (best ${best.ours.toFixed(0)}, ${best.theirs.toFixed(0)}); ` +
      `first step after ${mine.first.toFixed(1)} and ${peer.first.toFixed(1)} s; ${answers.size} questions, ${other} with another answer`,
  );
  return { ours, theirs, best };
}

export async function run(): Promise<BenchResult> {
  const [resnet, efficientnet] = [await compare(WORKS[0]), await compare(WORKS[1])];
  return {
    ratio: resnet.theirs / resnet.ours,
    ours: resnet.ours,
    peer: resnet.theirs,
    unit: 'ms/step of ResNet18',
    peer_version: 'lowerings by shape',
    ratio_of_best: resnet.best.theirs / resnet.best.ours,
    ratio_efficientnet_b0: efficientnet.theirs / efficientnet.ours,
    ratio_of_best_efficientnet_b0: efficientnet.best.theirs / efficientnet.best.ours,
    threads: THREADS,
    node: process.version,
  };
}
