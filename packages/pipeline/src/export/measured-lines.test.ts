// The lines beside a model's score.
import { describe, expect, it } from 'vitest';
import { measuredLines } from './measured-lines.ts';

describe('measuredLines', () => {
  const measured = [
    { topic: 'Split', text: 'By recording.' },
    { topic: 'Leak', text: '3.0 % of the test crops.', warn: true },
  ];

  it('gives the score with split, leak and baseline, then what limits it', () => {
    const evaluation = {
      ...{ test_accuracy: 0.918, split: 'recording' },
      ...{ leak_share: 0.03, best_baseline_accuracy: 0.678 },
    };
    expect(measuredLines({ evaluation, measured })).toEqual([
      'the model’s test accuracy: 91.8 % (split recording, leak 3.0 %, best trivial baseline 67.8 %)',
      '  leak: 3.0 % of the test crops.',
    ]);
  });

  it('says what is not known', () => {
    const [line] = measuredLines({ evaluation: { test_accuracy: 0.5, leak_share: null }, measured });
    expect(line).toContain('split unknown, leak unknown, best trivial baseline unknown');
  });
});
