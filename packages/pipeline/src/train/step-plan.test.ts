// Tests of training features as the config switches them on: rates by position, averaged weights, and the same bytes after a kill.
import { beforeAll, describe, expect, it } from 'vitest';
import { averageName, saveSafetensors } from '@spatter/tensor';
import { composeConfig } from '../config/index.ts';
import type { Loader } from '../data/loader.ts';
import { buildStep } from './build.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LAST, train, type Training } from './loop.ts';
import { mixer } from './mix.ts';
import { startProgress } from './progress.ts';
import { judgedState, precisionNotices, stepPlan, stepsPerRun } from './step-plan.ts';

const SMALL = [
  'model=cnn',
  'model.architecture.width=2',
  'model.architecture.depth=1',
  'device=cpu',
  'threads=1',
];
const configOf = (...overrides: string[]) =>
  composeConfig({ overrides: [...SMALL, 'training.epochs=4', ...overrides] }).config;
const SCHEDULER = 'training.scheduler.enabled=true';

/** Rates of `batches` batches in each of four epochs. */
function rates(batches: number, ...overrides: string[]): number[] {
  const plan = stepPlan(configOf(...overrides), batches);
  const positions = [1, 2, 3, 4].flatMap((epoch) =>
    Array.from({ length: batches }, (_, batch) => ({ ...startProgress(0.001), epoch, batch })),
  );
  return positions.map((at) => plan(at).lr);
}

describe('the learning rate', () => {
  it('stays what the policies make it without a schedule by steps', () => {
    expect(new Set(rates(3, SCHEDULER))).toEqual(new Set([0.001]));
  });

  it('drops every few epochs', () => {
    const name = 'training.scheduler.name=step';
    expect(rates(2, SCHEDULER, name, 'training.scheduler.step_epochs=2')).toEqual([
      0.001, 0.001, 0.001, 0.001, 0.0005, 0.0005, 0.0005, 0.0005,
    ]);
  });

  it('warms up, falls along a cosine, and counts updates, not batches', () => {
    const cosine = rates(4, SCHEDULER, 'training.scheduler.name=cosine', 'training.accumulate=2');
    expect(cosine[4]).toBe(0.001);
    expect(cosine[0]).toBe(cosine[1]);
    expect(cosine[0]).toBeLessThan(cosine[2]!);
    expect(cosine.at(-1)).toBeLessThan(cosine[6]!);
    const cycle = rates(4, SCHEDULER, 'training.scheduler.name=one_cycle');
    expect(cycle[0]).toBeCloseTo(0.001 / 25, 12);
    expect(cycle.at(-1)).toBeCloseTo(0.001 / 25 / 10_000, 12);
  });

  it('needs a warm-up that ends', () => {
    const bad = [SCHEDULER, 'training.scheduler.name=cosine', 'training.scheduler.warmup_epochs=4'];
    expect(() => configOf(...bad)).toThrow(/warmup_epochs must be < training.epochs \(4\), got 4/);
    expect(() => configOf('training.class_weights=[1,2,3]')).toThrow(/one number for each of the 2 classes/);
  });
});

it('an optimiser step closes with every n-th batch and with the epoch', () => {
  const plan = stepPlan(configOf('training.accumulate=2'), 3);
  const updates = [0, 1, 2].map((batch) => plan({ ...startProgress(1), batch }).update);
  expect(updates).toEqual([false, true, true]);
});

/** Three batches an epoch that depend on the epoch. */
const loader = {
  length: 3,
  samples: 12,
  async *epoch(epoch: number, start = 0) {
    for (let i = start; i < 3; i++) {
      const x = Float32Array.from({ length: 4 * 1024 }, (_, k) => ((k * 7919 + epoch * 13 + i) % 251) / 250);
      yield await Promise.resolve({ x, y: Float32Array.of(0, 1, 1, 0), rows: new Uint32Array(4), size: 4 });
    }
  },
} as unknown as Loader;

const FEATURES: Record<string, string[]> = {
  accumulate: ['training.accumulate=2'],
  ema: ['training.ema.enabled=true'],
  dropout: ['model.architecture.dropout=0.3'],
  focal: ['training.loss=focal', 'training.class_weights=[1,3]'],
  mixup: ['training.mixup_alpha=0.4'],
  cutmix: ['training.cutmix_alpha=1'],
  step: [SCHEDULER, 'training.scheduler.name=step', 'training.scheduler.step_epochs=1'],
  cosine: [SCHEDULER, 'training.scheduler.name=cosine'],
  one_cycle: [SCHEDULER, 'training.scheduler.name=one_cycle'],
  fp16: ['training.precision=fp16'],
  nesterov: ['training.optimizer.name=sgd', 'training.optimizer.nesterov=true'],
};

class Killed extends Error {}

/** The last file of a run of two epochs that dies after each number of batches in `kills`. */
async function finish(overrides: string[], kills: readonly number[], saveEvery = 1): Promise<Buffer> {
  const config = configOf('training.epochs=2', 'training.scheduler.warmup_epochs=0.5', ...overrides);
  const step = buildStep(config);
  let last: Checkpoint = { state: step.initialState(1), progress: startProgress(0.01) };
  for (const kill of [...kills, Infinity]) {
    let left = kill;
    const run: Training = {
      epochs: 2,
      step,
      loader,
      mix: mixer(config),
      hyper: stepPlan(config, loader.length),
      validate: () => Promise.resolve({ loss: 1, accuracy: 0.5 }),
      policies: new Map(),
      save: (name, checkpoint) => {
        if (name === LAST) last = checkpoint;
      },
      remove: () => undefined,
      stepsPerRun: stepsPerRun(config),
      saveEvery,
      onBatch: () => {
        if (left-- <= 0) throw new Killed();
      },
      onEpoch: () => undefined,
      interrupted: () => false,
    };
    await train(run, last).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
  }
  await step.dispose();
  return Buffer.from(saveSafetensors(last.state, { progress: JSON.stringify(last.progress) }));
}

describe('a killed run ends with the same bytes', () => {
  let plain: Buffer;
  beforeAll(async () => {
    plain = await finish([], []);
  });

  it.each(Object.entries(FEATURES))('with %s', async (_name, overrides) => {
    const whole = await finish(overrides, []);
    expect(whole.equals(plain)).toBe(false);
    expect((await finish(overrides, [0, 2])).equals(whole)).toBe(true);
  });
});

describe('several batches in one run', () => {
  it.each(['ema', 'dropout', 'mixup', 'cosine', 'fp16'])(
    'end with the same bytes as one by one, with %s',
    async (name) => {
      const together = [...FEATURES[name]!, 'training.steps_per_run=2'];
      const apart = await finish(FEATURES[name]!, [], 0);
      expect((await finish(together, [], 0)).equals(apart)).toBe(true);
      expect((await finish(together, [1], 2)).equals(await finish(FEATURES[name]!, [], 2))).toBe(true);
    },
  );

  it('are left to the processor by name, and refused where gradients wait', () => {
    expect(stepsPerRun(configOf())).toBe(1);
    expect(stepsPerRun(configOf('training.steps_per_run=5'))).toBe(5);
    expect(() => configOf('training.steps_per_run=2', 'training.accumulate=2')).toThrow(
      'training.steps_per_run must be 1 with training.accumulate=2, got 2',
    );
  });
});

it('half precision on the processor is remarked on', () => {
  expect(precisionNotices(configOf())).toEqual([]);
  expect(precisionNotices(configOf('training.precision=fp16'))).toEqual([
    'training.precision=fp16 is slower than fp32 on the processor: it is meant for GPUs',
  ]);
});

it('the averaged weights are judged where the config says so', () => {
  const config = configOf('training.ema.enabled=true');
  const state = buildStep(config).initialState(1);
  const moved = new Map(state).set('head.bias', { dtype: 'float32', shape: [1], data: Float32Array.of(9) });
  expect(judgedState(moved, config).get('head.bias')).toBe(state.get(averageName('head.bias')));
  expect(judgedState(moved, configOf('training.ema.enabled=true', 'training.ema.use=false'))).toBe(moved);
});
