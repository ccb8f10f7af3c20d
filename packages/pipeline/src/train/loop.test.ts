// The loop as a pure machine: a kill at any moment and a resume give the same files as an uninterrupted run.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOSS_SCALE, type HostTensor, type State } from '@spatter/tensor';
import type { Batch } from '../data/batch.ts';
import type { Loader } from '../data/loader.ts';
import type { Checkpoint } from './checkpoint.ts';
import { LEAST_SCALE } from './finite-loss.ts';
import { LAST, train, type Training } from './loop.ts';
import { keepBest, keepEvery, keepTopK } from './policies/checkpoints.ts';
import { earlyStopping } from './policies/early-stopping.ts';
import type { EpochMetrics, Policy } from './policies/policy.ts';
import { reduceOnPlateau } from './policies/reduce-on-plateau.ts';
import { startProgress } from './progress.ts';
import { skippedBatches } from './step-plan.ts';

const BATCHES = 3;

function stateOf(value: number): State {
  return new Map([['w', { dtype: 'float32', shape: [1], data: Float32Array.of(value) }]]);
}
const valueOf = (state: State) => state.get('w')!.data[0] as number;

/** A "model" whose weight drifts with the batch's first input and the learning rate. */
const step: Training['step'] = {
  runMany: (state, { x, size }, hypers) => {
    let value = valueOf(state);
    const steps = hypers.map(({ lr }, i) => {
      value = Math.fround(value + lr * x[(i * x.length) / hypers.length]!);
      const logits = Float32Array.from({ length: size }, (_, k) => Math.sin(value * 50 + k));
      return { loss: Math.cos(value), logits };
    });
    return Promise.resolve({ state: stateOf(value), steps });
  },
};

function batchOf(epoch: number, index: number): Batch {
  const x = Float32Array.of(epoch * 0.37 + index * 0.11, 0);
  return { x, y: Float32Array.of(0, 1), rows: Uint32Array.of(0, 1), size: 2 };
}

const loader = {
  length: BATCHES,
  samples: 2 * BATCHES,
  shape: [1, 1, 1],
  async *epoch(epoch: number, start = 0) {
    for (let i = start; i < BATCHES; i++) yield await Promise.resolve(batchOf(epoch, i));
  },
} as unknown as Loader;

const POLICIES = new Map<string, Policy>([
  ['top_k', keepTopK(2, 'val_accuracy', 'max') as unknown as Policy],
  ['best', keepBest('val_loss', 'min') as unknown as Policy],
  ['every', keepEvery(2) as unknown as Policy],
  ['plateau', reduceOnPlateau('val_loss', 'min', 1, 0.5, 0.001) as unknown as Policy],
  ['stop', earlyStopping('val_accuracy', 'max', 3, 0) as unknown as Policy],
]);

class Killed extends Error {}

/** A disk that survives kills, and a run that is killed after `effects` writes or batches. */
function machine(disk: Map<string, string>, effects: number, stepsPerRun = 1): Training {
  let left = effects;
  const effect = () => {
    if (left-- <= 0) throw new Killed();
  };
  return {
    epochs: 6,
    step,
    loader,
    hyper: ({ lr }) => ({ lr }),
    validate: (state) =>
      Promise.resolve({ loss: Math.sin(valueOf(state) * 3), accuracy: (valueOf(state) * 7) % 1 }),
    policies: POLICIES,
    save: (name, { state, progress }) => {
      effect();
      disk.set(name, JSON.stringify({ value: valueOf(state), progress }));
    },
    remove: (name) => {
      effect();
      disk.delete(name);
    },
    stepsPerRun,
    saveEvery: 2,
    onBatch: effect,
    onEpoch: () => undefined,
    interrupted: () => false,
  };
}

function resumePoint(disk: Map<string, string>): Checkpoint {
  const text = disk.get(LAST);
  if (text === undefined) return { state: stateOf(0), progress: startProgress(0.1) };
  const { value, progress } = JSON.parse(text) as { value: number; progress: Checkpoint['progress'] };
  return { state: stateOf(value), progress };
}

async function runToEnd(kills: readonly number[], stepsPerRun = 1): Promise<Map<string, string>> {
  const disk = new Map<string, string>();
  for (const effects of [...kills, Infinity]) {
    try {
      await train(machine(disk, effects, stepsPerRun), resumePoint(disk));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
  return disk;
}

const sorted = (disk: Map<string, string>) => [...disk].sort(([a], [b]) => a.localeCompare(b));

describe('the training loop', () => {
  it('leaves the same files after any kills and resumes as without, however many steps a run has', async () => {
    const whole = sorted(await runToEnd([]));
    expect(whole.map(([name]) => name)).toContain(LAST);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(25), { maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        async (kills, steps) => {
          expect(sorted(await runToEnd(kills, steps))).toEqual(whole);
        },
      ),
    );
  });

  it('writes one row of history per epoch and stops when a policy says so', async () => {
    const disk = new Map<string, string>();
    const { progress } = await train(machine(disk, Infinity), resumePoint(disk));
    expect(progress.history.map(({ epoch }) => epoch)).toEqual(progress.history.map((_, i) => i + 1));
    expect(progress.stopped === null ? progress.history.length : 0).toSatisfy(
      (n: number) => n === 6 || n === 0,
    );
  });

  it('saves and returns when interrupted', async () => {
    const disk = new Map<string, string>();
    const run = { ...machine(disk, Infinity), interrupted: () => true };
    const { progress } = await train(run, resumePoint(disk));
    expect(progress).toMatchObject({ epoch: 1, batch: 1 });
    expect(resumePoint(disk).progress).toEqual(progress);
  });

  it('tells after an epoch how many of its batches half precision left out', async () => {
    const lines: string[] = [];
    const skipped = skippedBatches((line) => lines.push(line));
    let batches = 0;
    const half: Training['step'] = {
      runMany: async (...given) => {
        const { state, steps } = await step.runMany(...given);
        return { state, steps: steps.map((each) => ({ ...each, skipped: [1, 4, 5].includes(++batches) })) };
      },
    };
    const told = { onSkipped: skipped.add, onEpoch: ({ epoch }: EpochMetrics) => skipped.tell(epoch) };
    const disk = new Map<string, string>();
    await train({ ...machine(disk, Infinity), ...told, step: half, epochs: 3 }, resumePoint(disk));
    expect(lines).toEqual([
      expect.stringMatching(/^epoch 1: 1 batch changed no weights, since loss or gradients overflowed/),
      expect.stringMatching(/^epoch 2: 2 batches changed no weights/),
    ]);
  });

  describe('in half precision', () => {
    const scaleOf = (value: number): HostTensor => ({
      dtype: 'float32',
      shape: [],
      data: Float32Array.of(value),
    });
    /** Leaves out the batches, counted from 1 over all epochs, that `overflows` names, and halves the scale. */
    const half = (overflows: (batch: number) => boolean): Training['step'] => {
      let batches = 0;
      return {
        runMany: async (state, ...given) => {
          const { state: next, steps } = await step.runMany(state, ...given);
          const skipped = overflows(++batches);
          const before = state.get(LOSS_SCALE)!.data[0] as number;
          const scale = scaleOf(skipped ? before / 2 : before);
          return {
            state: new Map(skipped ? state : next).set(LOSS_SCALE, scale),
            steps: steps.map((each) => ({ ...each, skipped, ...(skipped && { loss: NaN }) })),
          };
        },
      };
    };
    const start = (): Checkpoint => {
      const state = new Map(stateOf(0)).set(LOSS_SCALE, scaleOf(2 ** 16));
      return { state, progress: startProgress(0.1) };
    };
    const trained = (overflows: (batch: number) => boolean) =>
      train({ ...machine(new Map(), Infinity), step: half(overflows), policies: new Map() }, start());

    it('goes on past batches without a loss, which count for nothing', async () => {
      const { state, progress } = await trained((batch) => batch % 3 === 2);
      expect(progress.history.map(({ train_loss }) => Number.isFinite(train_loss))).toEqual(new Array(6).fill(true)); // prettier-ignore
      expect(state.get(LOSS_SCALE)!.data[0]).toBe(2 ** 10);
    });

    it('ends when the scale has fallen to nothing, and when a whole epoch has no loss', async () => {
      const wrong = {
        code: 'LOSS_NOT_FINITE',
        hint: expect.stringMatching(/^train with training.precision=fp32/) as unknown,
      };
      await expect(trained(() => true)).rejects.toMatchObject({
        ...wrong,
        message: expect.stringMatching(
          /every batch of epoch 1 overflowed, with the loss scale at 8192$/,
        ) as unknown,
      });
      const low = {
        ...start(),
        state: new Map(stateOf(0)).set(LOSS_SCALE, scaleOf(LEAST_SCALE)),
      };
      const run = { ...machine(new Map(), Infinity), step: half((batch) => batch === 2) };
      await expect(train(run, low)).rejects.toMatchObject({
        ...wrong,
        message: expect.stringMatching(
          /epoch 1, batch 2 overflowed, until the loss scale was 0.00003/,
        ) as unknown,
      });
    });
  });

  it('ends with one line when the loss is not finite, and keeps what was saved', async () => {
    const disk = new Map<string, string>();
    const broken: Training['step'] = {
      runMany: (state) => Promise.resolve({ state, steps: [{ loss: NaN, logits: new Float32Array(2) }] }),
    };
    const run = { ...machine(disk, Infinity), step: broken };
    await expect(train(run, resumePoint(disk))).rejects.toMatchObject({
      code: 'LOSS_NOT_FINITE',
      message: 'the loss became NaN in epoch 1, batch 1',
    });
  });
});
