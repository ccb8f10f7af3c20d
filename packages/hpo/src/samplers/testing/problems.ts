// Objectives with known minima, for comparing samplers.
import type { Trial } from '../../study/trial.ts';

/** Two parameters; the minimum is 0.397887 (Branin, 1972). */
export function branin(trial: Trial): number {
  const x = trial.suggestFloat('x', -5, 10);
  const y = trial.suggestFloat('y', 0, 15);
  const a = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
  return a ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

const ALPHA = [1, 1.2, 3, 3.2];
const A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const P = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];

/** Six parameters; the minimum is −3.32237 (Hartman, 1973). */
export function hartmann6(trial: Trial): number {
  const x = Array.from({ length: 6 }, (_, i) => trial.suggestFloat(`x${i}`, 0, 1));
  const hills = ALPHA.map((height, k) => {
    const distance = x.reduce((sum, value, i) => sum + A[k]![i]! * (value - 1e-4 * P[k]![i]!) ** 2, 0);
    return height * Math.exp(-distance);
  });
  return -hills.reduce((sum, hill) => sum + hill, 0);
}

/** Every kind of parameter, and a constraint on one. */
export function mixed(trial: Trial): number {
  const x = trial.suggestFloat('x', -1, 2);
  const lr = trial.suggestFloat('lr', 1e-5, 1e-1, { log: true });
  const drop = trial.suggestFloat('drop', 0, 0.5, { step: 0.1 });
  const depth = trial.suggestInt('depth', 1, 9, { step: 2 });
  const width = trial.suggestInt('width', 1, 64, { log: true });
  const kind = trial.suggestCategorical('kind', ['sgd', 'adam', null]);
  trial.setConstraint('narrow', width - 40);
  return (x - 1) ** 2 + (Math.log10(lr) + 3) ** 2 + drop + depth / width + (kind === 'adam' ? 0 : 1);
}

/** Two objectives over every kind of parameter, coarse enough for ties, and two constraints that often fail. */
export function crowded(trial: Trial): readonly [number, number] {
  const x = trial.suggestFloat('x', -1, 2);
  const lr = trial.suggestFloat('lr', 1e-5, 1e-1, { log: true });
  const drop = trial.suggestFloat('drop', 0, 0.5, { step: 0.1 });
  const depth = trial.suggestInt('depth', 1, 9, { step: 2 });
  const width = trial.suggestInt('width', 1, 64, { log: true });
  const kind = trial.suggestCategorical('kind', ['sgd', 'adam', null]);
  const act = trial.suggestCategorical('act', [true, false]);
  trial.setConstraint('narrow', width - 20);
  trial.setConstraint('shallow', depth - 5);
  const fit = Math.floor(4 * ((x - 1) ** 2 + (Math.log10(lr) + 3) ** 2)) + (kind === 'adam' ? 0 : 1);
  const cost = depth * Math.floor(Math.log2(width)) + Math.round(drop * 10) + (act ? 2 : 0);
  return [fit + 1 / depth, cost];
}

/** Two objectives on six parameters; the front is convex in the first problem and concave in the second (Zitzler et al., 2000). */
export function zdt(problem: 1 | 2): (trial: Trial) => readonly [number, number] {
  return (trial) => {
    const x = Array.from({ length: 6 }, (_, i) => trial.suggestFloat(`x${i}`, 0, 1));
    const g = 1 + (9 * x.slice(1).reduce((sum, value) => sum + value, 0)) / 5;
    const ratio = x[0]! / g;
    return [x[0]!, g * (problem === 1 ? 1 - Math.sqrt(ratio) : 1 - ratio * ratio)];
  };
}

/** Reports a noisy learning curve of 27 steps, and stops when told to. */
export async function learning(trial: Trial, stop: () => never): Promise<number> {
  const x = trial.suggestFloat('x', 0, 1);
  for (let step = 0; step < 27; step++) {
    const value = x + 2 / (1 + step) + 0.3 * Math.sin(40 * x + step);
    trial.report(trial.number % 9 === 8 && step > 20 ? NaN : value, step);
    if (await trial.shouldPrune()) stop();
  }
  return x;
}
