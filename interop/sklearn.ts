// Metrics against scikit-learn on random crops, half of them with many equal probabilities.
import { join } from 'node:path';
import { differences, type SklearnFile } from '../packages/pipeline/src/metrics/testing/sklearn.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

/** The version that made the committed fixture; needs Python ≥ 3.11. */
const REQUIREMENTS = ['scikit-learn==1.9.1', 'numpy==2.4.6'];

/** Compares 40 fresh cases, by seeds that the committed fixture does not use. */
export function run(checks: Checks): void {
  const seeds = Array.from({ length: 40 }, (_, i) => String(1000 + i));
  const script = join(import.meta.dirname, 'python', 'sklearn_metrics.py');
  const file = runPython<SklearnFile>(pythonWith(REQUIREMENTS), script, seeds);
  for (const one of file.cases) {
    const wrong = differences(one);
    checks.check(
      `scikit-learn ${file.scikit_learn}, seed ${one.seed}, ${one.label.length} crops`,
      wrong.length === 0,
      wrong.join('; '),
    );
  }
}
