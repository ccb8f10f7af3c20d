// The lines beside a model's score.
import { describe, expect, it } from 'vitest';
import { measuredLines } from './measured-lines.ts';

describe('measuredLines', () => {
  const measured = [
    { topic: 'Split', text: 'By recording.' },
    { topic: 'Leak', text: '3.0 % of the test crops.', warn: true },
    { topic: 'Interval', text: 'From blocks.' },
  ];

  it('gives the score, then its split and leak, marked where they limit it', () => {
    expect(measuredLines({ evaluation: { test_accuracy: 0.918 }, measured })).toEqual([
      'the model’s test accuracy: 91.8 %',
      '  split: By recording.',
      '  ! leak: 3.0 % of the test crops.',
    ]);
  });

  it('gives what qualifies it where no score is known', () => {
    expect(measuredLines({ evaluation: {}, measured })).toHaveLength(2);
  });
});
