// Tests of the schedules: the learning rates that torch 2.15's schedulers give.
import { describe, expect, it } from 'vitest';
import { SCHEDULES } from './catalogue.ts';
import type { Schedule } from './schedule.ts';

const CASES: readonly (readonly [name: string, schedule: Schedule, rates: readonly number[]])[] = [
  [
    'StepLR(step_size=3, gamma=0.5)',
    SCHEDULES.step({ lr: 0.1, stepSize: 3, gamma: 0.5 }),
    [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025],
  ],
  [
    'CosineAnnealingLR(T_max=8, eta_min=0.01)',
    SCHEDULES.cosine({ lr: 0.1, steps: 8, minLr: 0.01 }),
    [
      0.1, 0.0965745789630079, 0.08681980515339463, 0.07222075445642905, 0.055, 0.03777924554357096,
      0.023180194846605363, 0.013425421036992097, 0.01,
    ],
  ],
  [
    'LinearLR(0.1, total_iters=3), then CosineAnnealingLR(T_max=7, eta_min=0.02)',
    SCHEDULES.cosine({ lr: 0.2, steps: 10, warmup: 3, warmupFrom: 0.1, minLr: 0.02 }),
    [
      0.02, 0.08, 0.14, 0.2, 0.19108719811121772, 0.16611408216728601, 0.1300268840560683,
      0.08997311594393172, 0.053885917832713986, 0.028912801888782286,
    ],
  ],
  [
    'OneCycleLR(max_lr=0.5, total_steps=10)',
    SCHEDULES.one_cycle({ lr: 0.5, steps: 10 }),
    [
      0.02, 0.26, 0.5, 0.47524231600673683, 0.40587282697488153, 0.30563101096814466, 0.19437098903185537,
      0.09412917302511849, 0.024759683993263143, 2e-6,
    ],
  ],
  [
    'OneCycleLR(max_lr=0.3, total_steps=8, pct_start=0.5, div_factor=10, final_div_factor=100)',
    SCHEDULES.one_cycle({ lr: 0.3, steps: 8, rising: 0.5, startDivisor: 10, endDivisor: 100 }),
    [0.03, 0.0975, 0.2325, 0.3, 0.25610995116080415, 0.15015, 0.04419004883919586, 0.0003],
  ],
];

describe('learning rates', () => {
  it.each(CASES)('%s', (_name, schedule, rates) => {
    rates.forEach((rate, i) => expect(schedule(i), `step ${i}`).toBeCloseTo(rate, 14));
  });

  it('stay where they end', () => {
    expect(SCHEDULES.cosine({ lr: 1, steps: 5, minLr: 0.25 })(50)).toBe(0.25);
    expect(SCHEDULES.one_cycle({ lr: 1, steps: 5 })(50)).toBeCloseTo(4e-6, 14);
  });
});
