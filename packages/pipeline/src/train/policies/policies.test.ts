// Tests of the policies as pure functions: what they decide for a given history.
import { describe, expect, it } from 'vitest';
import { checkpointName, keepBest, keepEvery, keepTopK } from './checkpoints.ts';
import { earlyStopping } from './early-stopping.ts';
import type { Decision, EpochMetrics, Policy } from './policy.ts';
import { reduceOnPlateau } from './reduce-on-plateau.ts';

const epoch = (number: number, accuracy: number, loss = 1, lr = 0.1): EpochMetrics => ({
  epoch: number,
  train_loss: 1,
  train_accuracy: 0.5,
  val_loss: loss,
  val_accuracy: accuracy,
  lr,
});

function replay<M extends object>(policy: Policy<M>, history: readonly EpochMetrics[]): Decision[][] {
  let memory = policy.initial;
  return history.map((metrics) => {
    const result = policy.decide(JSON.parse(JSON.stringify(memory)) as M, metrics);
    memory = result.memory;
    return [...result.decisions];
  });
}

describe('checkpoint names', () => {
  it('carry the metrics as the reference does', () => {
    expect(checkpointName(epoch(7, 0.98765, 0.12341), true)).toBe('epoch007_loss0.1234_acc98.77.safetensors');
    expect(checkpointName(epoch(10, 0.5, 0.5), false)).toBe('epoch010_loss0.5000.safetensors');
  });
});

describe('keepTopK', () => {
  it('saves what ranks, deletes what falls out, keeps the earlier of equals', () => {
    const decisions = replay(keepTopK(2, 'val_accuracy', 'max'), [
      epoch(1, 0.5),
      epoch(2, 0.6),
      epoch(3, 0.4),
      epoch(4, 0.7),
      epoch(5, 0.6),
    ]);
    expect(decisions).toEqual([
      [{ kind: 'save', name: checkpointName(epoch(1, 0.5), true) }],
      [{ kind: 'save', name: checkpointName(epoch(2, 0.6), true) }],
      [],
      [
        { kind: 'save', name: checkpointName(epoch(4, 0.7), true) },
        { kind: 'delete', name: checkpointName(epoch(1, 0.5), true) },
      ],
      [],
    ]);
  });
});

describe('keepBest and keepEvery', () => {
  it('save on improvement and on every n-th epoch', () => {
    const history = [epoch(1, 0.5, 3), epoch(2, 0.5, 2), epoch(3, 0.5, 2)];
    expect(replay(keepBest('val_loss', 'min'), history).map((d) => d.length)).toEqual([1, 1, 0]);
    expect(replay(keepEvery(2), history).map((d) => d.length)).toEqual([0, 1, 0]);
  });
});

describe('earlyStopping', () => {
  it('stops after `patience` epochs without an improvement of more than min_delta', () => {
    const policy = earlyStopping('val_accuracy', 'max', 2, 0.01);
    const decisions = replay(policy, [epoch(1, 0.5), epoch(2, 0.52), epoch(3, 0.525), epoch(4, 0.52)]);
    expect(decisions.map((d) => d.map(({ kind }) => kind))).toEqual([[], [], [], ['stop']]);
  });
});

describe('reduceOnPlateau', () => {
  // torch 2.15: ReduceLROnPlateau(opt(lr=0.1), patience=1, factor=0.5, min_lr=0.03) over these losses gives these rates.
  it('follows torch', () => {
    const losses = [1, 0.99995, 1, 0.9, 0.9, 0.9, 0.9, 0.9];
    const policy = reduceOnPlateau('val_loss', 'min', 1, 0.5, 0.03);
    let [memory, lr] = [policy.initial, 0.1];
    const rates = losses.map((loss, i) => {
      const result = policy.decide(memory, epoch(i + 1, 0.5, loss, lr));
      memory = result.memory;
      for (const decision of result.decisions) if (decision.kind === 'set-lr') lr = decision.lr;
      return lr;
    });
    expect(rates).toEqual([0.1, 0.1, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03]);
  });
});
