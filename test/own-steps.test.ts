// The examples with a train step of their own, for a few steps: what follows a gradient learns, what is not to follow one does as its method says.
import { describe, expect, it } from 'vitest';
import type { Objective, State } from '@spatter/tensor';
import { draw as drawPairs, momentumContrast } from '../examples/contrastive.ts';
import { drawnDigits } from '../examples/drawn-digits.ts';
import { draw as drawLabelled, meanTeacher } from '../examples/mean-teacher.ts';
import { trainSteps, type Draw } from '../examples/own-step.ts';

const digits = drawnDigits(100, 11);
const METHODS: readonly (readonly [Objective, Draw, { leader: string; follower: string; rate: number }])[] = [
  [momentumContrast, (i) => drawPairs(digits, i), { leader: 'query', follower: 'key', rate: 0.99 }],
  [meanTeacher, (i) => drawLabelled(digits, digits, i, 1), { leader: 'student', follower: 'teacher', rate: 0.97 }], // prettier-ignore
];

const first = (state: State, name: string) => Number(state.get(name)!.data[0]);

describe('a train step of your own', () => {
  it.each(METHODS)('$name', async (objective, draw, { leader, follower, rate }) => {
    const { before, after } = await trainSteps(objective, draw, { steps: 1, rate: 0.01 });
    for (const { data } of after.values())
      expect([...data].every((value) => Number.isFinite(Number(value)))).toBe(true);
    const weight = objective.parameters[0]!.name.slice(leader.length);
    const [led, followed] = [`${leader}${weight}`, `${follower}${weight}`];
    expect(first(after, led)).not.toBe(first(before, led));
    expect(first(after, followed)).toBeCloseTo(
      rate * first(before, followed) + (1 - rate) * first(after, led),
      6,
    );
  });

  it('keeps a queue of what the second network said, the newest first', async () => {
    const [objective, draw] = METHODS[0]!;
    const { before, after } = await trainSteps(objective, draw, { steps: 1, rate: 0.01 });
    const queue = (state: State) => state.get('queue')!.data as Float32Array;
    const row = (state: State, i: number) => queue(state).subarray(32 * i, 32 * (i + 1));
    const length = Math.hypot(...row(before, 0));
    // A batch of 128 came in front of what was the newest.
    row(after, 128).forEach((value, k) => expect(value).toBeCloseTo(row(before, 0)[k]! / length, 5));
    expect(Math.hypot(...row(after, 0))).toBeCloseTo(1, 4);
  });
});
