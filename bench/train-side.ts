// Our side of the training benches, as a process: see peer.ts. Usage: train-side.ts WORK THREADS STEPS
import { createInterface } from 'node:readline';
import { compileTrainStep, LOSSES, OPTIMIZERS, type Model } from '@spatter/tensor';
import { MODELS } from '../packages/pipeline/src/models/catalogue.ts';
import { TRAINING_WORKS, type TrainingWork } from './training.ts';

const [name = '', threads = '2', steps = '2'] = process.argv.slice(2);
const work = (TRAINING_WORKS as Readonly<Record<string, TrainingWork>>)[name];
const build = (MODELS as Readonly<Record<string, (options: never) => Model>>)[work?.model ?? ''];
if (work === undefined || build === undefined)
  throw new Error(`there must be a work and a model for "${name}"`);

const begun = performance.now();
const { architecture, inputShape, batch: size } = work;
const step = compileTrainStep({
  model: build(architecture as never),
  loss: architecture['num_classes'] === 1 ? LOSSES.bce_with_logits : LOSSES.cross_entropy,
  optimizer: OPTIMIZERS.adam(),
  inputShape,
  threads: Number(threads),
  device: 'cpu',
});
const pixels = size * inputShape[0] * inputShape[1] * inputShape[2];
const batch = {
  x: Float32Array.from({ length: pixels }, (_, i) => ((i * 7919) % 256) / 255),
  y: Float32Array.from({ length: size }, (_, i) => i % 2),
  size,
};
let state = step.initialState(0);
const train = async () => {
  ({ state } = await step.run(state, batch, { lr: 1e-3 }));
};
await train();
const greeting = { version: process.version, first_step_s: (performance.now() - begun) / 1000 };
console.log(JSON.stringify(greeting));

for await (const word of createInterface(process.stdin)) {
  if (word === 'memory') {
    console.log(process.resourceUsage().maxRSS / 1024);
    continue;
  }
  const start = performance.now();
  for (let i = 0; i < Number(steps); i++) await train();
  console.log((performance.now() - start) / Number(steps));
}
