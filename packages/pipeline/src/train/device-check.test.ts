// Tests of the short training that `spatter doctor` runs: the processor agrees with itself, bit for bit.
import { expect, it } from 'vitest';
import { checkDevice } from './device-check.ts';

it('finds that the processor works, by the clock it is given', async () => {
  let time = 0;
  const check = await checkDevice('cpu', 50, () => (time += 10));
  expect(check).toMatchObject({ works: true, loss_difference: 0, first_step_s: 0.01 });
  expect(check.steps).toBeGreaterThanOrEqual(3);
  expect(check.images_per_second).toBeGreaterThan(0);
});
