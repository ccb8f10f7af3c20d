// Tests that options of what is switched off are named, and no others.
import { describe, expect, it } from 'vitest';
import { composeConfig } from '../config/index.ts';
import { idleOptionNotices } from './idle-options.ts';

const notices = (...overrides: string[]) => idleOptionNotices(composeConfig({ overrides }).config, overrides);

describe('options of a part of the training', () => {
  it('are named where the part is off', () => {
    expect(notices('training.scheduler.name=cosine', 'training.grad_clip.max_norm=0.5')).toEqual([
      'training.scheduler is off, so training.scheduler.name=cosine changes nothing; add training.scheduler.enabled=true',
      'training.grad_clip is off, so training.grad_clip.max_norm=0.5 changes nothing; add training.grad_clip.enabled=true',
    ]);
    expect(
      notices('training.early_stopping.enabled=false', 'training.early_stopping.patience=2'),
    ).toHaveLength(1);
  });

  it('are not where it is on, or where nobody typed them', () => {
    expect(notices('training.scheduler.name=cosine', 'training.scheduler.enabled=true')).toEqual([]);
    expect(notices('data=idx', 'training.scheduler.enabled=false', 'training.epochs=3')).toEqual([]);
  });
});
