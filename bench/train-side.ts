// Our side of the training benches, as a process: see peer.ts. Usage: train-side.ts '{"work": "train-lenet5", …}' (SideOptions)
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { compileTrainStep, LOSSES, OPTIMIZERS, saveSafetensors, type Model } from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import { COMPARED, TRAINING_WORKS, type SideOptions, type TrainingWork } from './training.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as SideOptions;
const { steps, stepsPerRun } = options;
const work = (TRAINING_WORKS as Readonly<Record<string, TrainingWork>>)[options.work];
const build = (MODELS as Readonly<Record<string, (options: never) => Model>>)[work?.model ?? ''];
if (work === undefined || build === undefined)
  throw new Error(`there must be a work and a model for "${options.work}"`);

const begun = performance.now();
const { architecture, inputShape } = work;
const size = options.batch ?? work.batch;
const step = compileTrainStep({
  model: build(architecture as never),
  loss: architecture['num_classes'] === 1 ? LOSSES.bce_with_logits : LOSSES.cross_entropy,
  optimizer: OPTIMIZERS.adam(),
  inputShape,
  threads: options.threads,
  device: options.device,
  precision: options.precision,
});
const pixels = size * inputShape[0] * inputShape[1] * inputShape[2];
const batches = {
  x: Float32Array.from({ length: stepsPerRun * pixels }, (_, i) => (((i % pixels) * 7919) % 256) / 255),
  y: Float32Array.from({ length: stepsPerRun * size }, (_, i) => (i % size) % 2),
  size,
};
const hypers = new Array<{ lr: number }>(stepsPerRun).fill({ lr: 1e-3 });
let state = step.initialState(0);
if (options.weights !== undefined) writeFileSync(options.weights, saveSafetensors(state));
const losses: number[] = [];
const train = async () => {
  const results = await step.runMany(state, batches, hypers);
  state = results.state;
  if (losses.length < COMPARED) losses.push(...results.steps.map(({ loss }) => loss));
};
await train();
const first_step_s = (performance.now() - begun) / 1000;
while (losses.length < COMPARED) await train();
const greeting = { version: process.version, first_step_s, losses: losses.slice(0, COMPARED) };
console.log(JSON.stringify(greeting));

for await (const word of createInterface(process.stdin)) {
  if (word === 'memory') {
    console.log(process.resourceUsage().maxRSS / 1024);
    continue;
  }
  const [start, before] = [performance.now(), process.cpuUsage()];
  for (let i = 0; i < steps; i += stepsPerRun) await train();
  const { user, system } = process.cpuUsage(before);
  const milliseconds = word === 'cpu' ? (user + system) / 1000 : performance.now() - start;
  console.log(milliseconds / (Math.ceil(steps / stepsPerRun) * stepsPerRun));
}
