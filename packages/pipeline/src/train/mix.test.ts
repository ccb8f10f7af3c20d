// Tests of blended batches: which pixels and labels they hold, that they depend on the position alone, and the draws.
import { describe, expect, it } from 'vitest';
import { composeConfig, type Config } from '../config/index.ts';
import { beta, randomStream } from '../util/random.ts';
import { mixer, softLabels } from './mix.ts';

const SIDE = 8;
const configOf = (...overrides: string[]): Config =>
  composeConfig({ overrides: ['model=cnn', `data.resize=${SIDE}`, ...overrides] }).config;
const CLASSES = [
  'model.architecture.num_classes=3',
  'training.loss=cross_entropy',
  'model.architecture.in_channels=1',
];

/** Image i holds i everywhere; labels 0, 1, 2, 0, 1. */
function batchOf(size = 5, channels = 2) {
  const length = channels * SIDE * SIDE;
  const x = Float32Array.from({ length: size * length }, (_, k) => Math.floor(k / length));
  return { x, y: Float32Array.from({ length: size }, (_, i) => i % 3), rows: new Uint32Array(size), size };
}
const imageOf = (x: Float32Array, i: number) =>
  Array.from(x.subarray((i * x.length) / 5, ((i + 1) * x.length) / 5));
const at = (batch: number) => ({ epoch: 2, batch });

describe('mixup', () => {
  const mix = mixer(configOf(...CLASSES, 'training.mixup_alpha=1'));

  it('blends pixels and labels of a pair by one share, which is at least one half', () => {
    const batch = batchOf();
    const { x, y } = mix(batch, at(0));
    const share = y[0]!;
    expect(share).toBeGreaterThan(0.5);
    expect(share).toBeLessThan(1);
    for (const i of [0, 1, 2, 3, 4]) {
      const wanted = share * i + (1 - share) * (4 - i);
      for (const value of imageOf(x, i)) expect(value).toBeCloseTo(wanted, 5);
    }
    const labels = [0, 1, 2, 0, 1];
    const shares = labels.map((label, i) =>
      [0, 1, 2].map((k) => share * Number(k === label) + (1 - share) * Number(k === labels[4 - i])),
    );
    shares.flat().forEach((value, k) => expect(y[k]).toBeCloseTo(value, 6));
    expect(Array.from(batch.y)).toEqual(labels);
  });

  it('depends on seed, epoch and batch alone', () => {
    const shares = [0, 1, 2, 0].map((batch) => mix(batchOf(), at(batch)).y[0]);
    expect(shares[3]).toBe(shares[0]);
    expect(new Set(shares).size).toBe(3);
    const other = mixer(configOf(...CLASSES, 'training.mixup_alpha=1', 'seed=7'));
    expect(other(batchOf(), at(0)).y[0]).not.toBe(shares[0]);
  });

  it('of two classes gives labels between 0 and 1', () => {
    const config = configOf('training.mixup_alpha=1');
    expect(softLabels(config)).toBeUndefined();
    const { y } = mixer(config)({ ...batchOf(), y: Float32Array.of(0, 1, 1, 1, 1) }, at(0));
    expect(y[1]).toBe(1);
    expect(y[0]! + y[4]!).toBeCloseTo(1, 6);
    expect(y[4]).toBeGreaterThan(0.5);
  });

  it('is off by default: batches go through as they are', () => {
    const batch = batchOf();
    expect(mixer(configOf())(batch, at(0))).toBe(batch);
    expect(softLabels(configOf(...CLASSES))).toBeUndefined();
  });
});

describe('cutmix', () => {
  it('swaps one box in all channels of a pair; the labels are the shares of pixels', () => {
    const mix = mixer(configOf(...CLASSES, 'training.cutmix_alpha=1'));
    let cut = 0;
    for (let index = 0; index < 20; index++) {
      const { x, y } = mix(batchOf(), at(index));
      const [first, last] = [imageOf(x, 0), imageOf(x, 4)];
      const own = first.filter((value) => value === 0).length / first.length;
      expect(y[0]).toBeCloseTo(own, 6);
      first.forEach((value, k) => expect(value + last[k]!).toBe(4));
      const plane = first.length / 2;
      expect(first.slice(plane)).toEqual(first.slice(0, plane));
      expect(new Set(imageOf(x, 2))).toEqual(new Set([2]));
      const taken = first.slice(0, plane).flatMap((value, k) => (value === 4 ? [k] : []));
      const [rows, columns] = [taken.map((k) => Math.floor(k / SIDE)), taken.map((k) => k % SIDE)];
      expect(new Set(rows).size * new Set(columns).size).toBe(taken.length);
      cut += Number(taken.length > 0);
    }
    expect(cut).toBeGreaterThan(10);
  });

  it('with mixup shares the batches', () => {
    const mix = mixer(configOf(...CLASSES, 'training.cutmix_alpha=1', 'training.mixup_alpha=0.4'));
    const whole = (index: number) => imageOf(mix(batchOf(), at(index)).x, 0).every((v) => v === 0 || v === 4);
    const cuts = Array.from({ length: 40 }, (_, index) => whole(index)).filter(Boolean).length;
    expect(cuts).toBeGreaterThan(8);
    expect(cuts).toBeLessThan(32);
  });
});

it.each([
  [0.2, 1 / 5.6],
  [1, 1 / 12],
  [5, 1 / 44],
])('shares are drawn from Beta(α, α): mean 1/2, variance 1 / 4(2α + 1), α = %d', (alpha, variance) => {
  const random = randomStream(3);
  const draws = Array.from({ length: 20_000 }, () => beta(random, alpha));
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  expect(mean).toBeCloseTo(0.5, 2);
  expect(draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length).toBeCloseTo(variance, 2);
  expect(draws.every((draw) => draw >= 0 && draw <= 1)).toBe(true);
});
