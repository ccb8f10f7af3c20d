// Real images: on scikit-learn's scanned digits, LeNet5 trained by `spatter train` reads as many as the same LeNet5 trained by PyTorch.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spatterJson, trainArgs } from '../examples/idx-benchmark.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';
import { interpreter } from './torch.ts';

/** Its wheel holds the images (UCI's optical recognition of handwritten digits, CC BY 4.0): nothing else is downloaded. */
const REQUIREMENTS = ['scikit-learn==1.9.1', 'numpy==2.4.6'];
const EPOCHS = 20;
const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1);
/** Means may differ by this many standard errors of their difference: 0.3 % of equal pairs do by more. */
const ERRORS = 3;
const LEAST = 0.9;

const script = join(import.meta.dirname, 'python', 'digits.py');

export function run(checks: Checks): void {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-digits-'));
  try {
    runPython(pythonWith(REQUIREMENTS), script, ['write', folder]);
    const ours = SEEDS.map((seed) => testAccuracy(folder, seed));
    const theirs = runPython<number[]>(interpreter(), script, ['train', folder, ...[EPOCHS, ...SEEDS].map(String)]); // prettier-ignore
    checks.check(`spatter reads ${told(ours)}`, mean(ours) > LEAST);
    checks.check(`PyTorch reads ${told(theirs)}`, mean(theirs) > LEAST);
    const error = Math.hypot(deviation(ours), deviation(theirs)) / Math.sqrt(SEEDS.length);
    const apart = mean(ours) - mean(theirs);
    checks.check(
      `apart ${(100 * apart).toFixed(2)} points, standard error ${(100 * error).toFixed(2)}`,
      Math.abs(apart) <= ERRORS * error,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function testAccuracy(folder: string, seed: number): number {
  const run = join(folder, `run-${seed}`);
  const args = [...trainArgs(folder, run, EPOCHS), `seed=${seed}`, 'device=cpu', 'threads=1'];
  const result = spatterJson([...args, 'tracking.enabled=false']);
  rmSync(run, { recursive: true });
  return result['test_accuracy'] as number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation over seeds. */
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

const told = (values: readonly number[]): string =>
  `${(100 * mean(values)).toFixed(2)} ± ${(100 * deviation(values)).toFixed(2)} % of 500 unseen digits, ${values.length} seeds`;
