// What a config leaves to the data, filled in; what contradicts the data, refused.
import { describe, expect, it } from 'vitest';
import { composeConfig, settleComposed, settledArchitecture, settledLoss } from './index.ts';
import type { DataFacts } from './settle.ts';

const TEN: DataFacts = { channels: 1, classes: 10, root: 'DIR' };
const TWO: DataFacts = { ...TEN, classes: 2 };
const CROPS: DataFacts = { ...TEN, classes: null };
const compose = (...overrides: string[]) => composeConfig({ overrides });
const settle = (facts: DataFacts, ...overrides: string[]) => {
  const { config } = settleComposed(compose(...overrides), facts);
  const { in_channels, num_classes } = config.model.architecture;
  return [in_channels, num_classes, config.training.loss];
};

describe('what the data decide', () => {
  it.each<[string, DataFacts, string[], [number, number, string]]>([
    ['ten classes', TEN, ['data=idx'], [1, 10, 'cross_entropy']],
    ['two classes', TWO, ['data=idx'], [1, 2, 'cross_entropy']],
    [
      'two classes, one output',
      TWO,
      ['data=idx', 'training.loss=bce_with_logits'],
      [1, 1, 'bce_with_logits'],
    ],
    ['colour', { ...TEN, channels: 3 }, ['data=folder_rgb'], [3, 10, 'cross_entropy']],
    [
      'what was said stays',
      TEN,
      ['data=idx', 'model.architecture.in_channels=3', 'model.architecture.num_classes=10'],
      [3, 10, 'cross_entropy'],
    ],
    ['crops as before', CROPS, [], [3, 1, 'bce_with_logits']],
    [
      'crops left open',
      CROPS,
      ['model.architecture={in_channels:null,num_classes:null}', 'training.loss=auto'],
      [1, 1, 'bce_with_logits'],
    ],
    [
      'crops under cross-entropy',
      CROPS,
      ['model.architecture.num_classes=null', 'training.loss=cross_entropy'],
      [3, 2, 'cross_entropy'],
    ],
  ])('%s', (_, facts, overrides, wanted) => {
    expect(settle(facts, ...overrides)).toEqual(wanted);
  });

  it('stands in the YAML that a run records', () => {
    const { yaml } = settleComposed(compose('data=idx'), TEN);
    expect(yaml).toMatch(/in_channels: 1\n\s+num_classes: 10\n/);
    expect(yaml).toMatch(/loss: cross_entropy\n/);
  });
});

describe('what contradicts the data', () => {
  it.each<[string[], RegExp]>([
    [
      ['model.architecture.num_classes=7'],
      /^model.architecture.num_classes must be 10 for the 10 classes in DIR, got 7$/,
    ],
    [
      ['training.loss=bce_with_logits'],
      /^training.loss must be cross_entropy or focal for the 10 classes in DIR, got bce_with_logits$/,
    ],
    [['data.split.kind=recording'], /^data.split.kind must be random with data.kind=idx, got recording/],
  ])('%s', (overrides, line) => {
    expect(() => settle(TEN, 'data=idx', ...overrides)).toThrow(
      expect.objectContaining({ code: 'CONFIG_VALUE', message: expect.stringMatching(line) as string }),
    );
  });

  it('a config that was never settled builds nothing', () => {
    const { config } = compose('data=idx');
    expect(() => settledArchitecture(config)).toThrow(/must be said in the config of a run/);
    expect(() => settledLoss(config)).toThrow(/must be said in the config of a run/);
  });
});
