// What the examples with a train step of their own share: the loop around the step, and one network read out of its state.
import {
  compileForward,
  compileStep,
  OPTIMIZERS,
  type Layer,
  type Objective,
  type State,
  type Step,
} from '@spatter/tensor';
import { SIDE, type Digits } from './drawn-digits.ts';

/** Says what a step of the run is trained with. */
export type Draw = (step: number) => Parameters<Step['run']>[1];

/** Trains by Adam for `steps` steps, the rate falling to 0 over the second half; the state before and after. */
export async function trainSteps(
  objective: Objective,
  draw: Draw,
  { steps, rate }: { readonly steps: number; readonly rate: number },
): Promise<{ before: State; after: State }> {
  const step = compileStep({ objective, optimizer: OPTIMIZERS.adam({}), device: 'cpu', threads: 2 });
  const before = step.initialState(1);
  let after = before;
  for (let i = 0; i < steps; i++) {
    const lr = rate * Math.min(1, (steps - i) / (steps / 2));
    const result = await step.run(after, draw(i), { lr });
    after = result.state;
    if ((i + 1) % 100 === 0) process.stdout.write(`step ${i + 1}, loss ${result.loss.toFixed(3)}\n`);
  }
  await step.dispose();
  return { before, after };
}

/** What `network`, whose state stands under `prefix`, says of every image: [N, outputs]. */
export async function outputsOf(
  network: Layer,
  prefix: string,
  state: State,
  { images, labels }: Digits,
): Promise<Float32Array> {
  const own = [...state].flatMap(([name, tensor]) =>
    name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor] as const] : [],
  );
  const model = { name: prefix, ...network };
  const forward = compileForward({ model, inputShape: [1, SIDE, SIDE], device: 'cpu', threads: 2 });
  const outputs = await forward.run(new Map(own), images, labels.length);
  await forward.dispose();
  return outputs;
}
