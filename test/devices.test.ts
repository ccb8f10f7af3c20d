// The contract of devices: every primitive, and a train step of every network at tiny size. SPATTER_DEVICES names the devices (cpu when unset); .ci/run adds webgpu where a software GPU is at hand.
import { describe, expect, it } from 'vitest';
import { compileTrainStep, LOSSES, OPTIMIZERS, type Model, type StepResult } from '@spatter/tensor';
import { MODELS, type AnyModelOptions } from '../packages/pipeline/src/models/catalogue.ts';
import { interpret } from '../packages/tensor/src/interpret/interpret.ts';
import type { PrimitiveName } from '../packages/tensor/src/ir/primitives.ts';
import { lower } from '../packages/tensor/src/onnx/lower.ts';
import { resolveDevice, type Device } from '../packages/tensor/src/runtime/devices.ts';
import { openSession } from '../packages/tensor/src/runtime/session.ts';
import { CASES, instantiate } from '../packages/tensor/src/testing/cases.ts';

const devices = (process.env['SPATTER_DEVICES'] ?? 'cpu').split(',').map(resolveDevice);

/** GPUs compute exp, log and the like less exactly than processors; share of the largest value. */
const TOLERANCE: Readonly<Record<Device, number>> = { cpu: 2e-6, cuda: 2e-5, mps: 1e-4, webgpu: 1e-4 };

/** Small forms of the networks: 32 pixels, few channels, nothing dropped. */
const TINY: AnyModelOptions = {
  ...{ in_channels: 1, num_classes: 2, width: 8, stem: 'small' },
  ...{ image: 32, patch: 8, blocks: 2, dropout: 0, drop_path: 0 },
};
const SIZE = 4;
const SIDE = 32;

const examples = (Object.keys(CASES) as PrimitiveName[]).flatMap((name) =>
  CASES[name].map((example, i) => [name, i, example] as const),
);

const opened = (build: (options: AnyModelOptions) => Model, device: Device) =>
  compileTrainStep({
    model: build(TINY),
    loss: LOSSES.cross_entropy,
    optimizer: OPTIMIZERS.sgd({ momentum: 0.9 }),
    inputShape: [1, SIDE, SIDE],
    device,
    threads: 1,
  });

const batch = {
  x: Float32Array.from({ length: SIZE * SIDE * SIDE }, (_, i) => ((i * 7919) % 256) / 255),
  y: Float32Array.of(0, 1, 1, 0),
  size: SIZE,
};

async function steps(
  build: (options: AnyModelOptions) => Model,
  device: Device,
): Promise<readonly [StepResult, StepResult]> {
  const step = opened(build, device);
  const first = await step.run(step.initialState(1), batch, { lr: 1e-3 });
  const second = await step.run(first.state, batch, { lr: 1e-3 });
  await step.dispose();
  return [first, second];
}

describe.each(devices)('device %s', (device) => {
  it.each(examples)('computes %s, case %i', async (_name, _i, example) => {
    const { output, feeds } = instantiate(example);
    const [expected] = interpret([output], feeds);
    const session = await openSession(lower({ outputs: { output }, target: device }), { device, threads: 1 });
    const actual = (await session.run(feeds)).get('output')!;
    await session.dispose();
    expect(actual.shape).toEqual(output.shape);
    const scale = Math.max(...expected!.values.map(Math.abs));
    for (const [i, value] of expected!.values.entries())
      expect(Math.abs(Number(actual.data[i]) - value), `element ${i}`).toBeLessThanOrEqual(
        TOLERANCE[device] * scale,
      );
  });

  it.each(Object.entries(MODELS))('trains %s as the processor does', async (_name, build) => {
    const [expected, actual] = [await steps(build, 'cpu'), await steps(build, device)];
    expect(Math.abs(actual[0].loss - expected[0].loss)).toBeLessThan(100 * TOLERANCE[device]);
    // Normalisation over few values magnifies rounding, so the step after the update is compared loosely.
    expect(Math.abs(actual[1].loss - expected[1].loss)).toBeLessThan(0.05);
  });

  it('trains several batches in one run with the bytes of one by one', async () => {
    const step = opened(MODELS.cnn, device);
    const hypers = [{ lr: 0.1 }, { lr: 0.01 }];
    const twice = { x: twoOf(batch.x), y: twoOf(batch.y), size: SIZE };
    const together = await step.runMany(step.initialState(1), twice, hypers);
    const first = await step.run(step.initialState(1), batch, hypers[0]!);
    const second = await step.run(first.state, batch, hypers[1]!);
    await step.dispose();
    expect(together.steps.map(({ loss }) => loss)).toEqual([first.loss, second.loss]);
    expect(together.state).toEqual(second.state);
  });
});

function twoOf(values: Float32Array): Float32Array {
  const both = new Float32Array(2 * values.length);
  both.set(values);
  both.set(values, values.length);
  return both;
}
