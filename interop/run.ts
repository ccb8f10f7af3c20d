// `npm run interop -- NAME`: checks against the real programs from PyPI. Ends with `N passed, M failed`.
import { Checks } from './checks.ts';

type Script = { run: (checks: Checks) => Promise<void> | void };

/** The catalogue: one file each, one line here. */
const SCRIPTS: Record<string, () => Promise<Script>> = {
  optuna: () => import('./optuna.ts'),
  'optuna-workers': () => import('./optuna-workers.ts'),
  h5py: () => import('./h5py.ts'),
  pillow: () => import('./pillow.ts'),
  mlflow: () => import('./mlflow.ts'),
  hydra: () => import('./hydra.ts'),
  opencv: () => import('./opencv.ts'),
  sklearn: () => import('./sklearn.ts'),
  'mlflow-model': () => import('./mlflow-model.ts'),
  torch: () => import('./torch.ts'),
  'torch-cli': () => import('./torch-cli.ts'),
  digits: () => import('./digits.ts'),
};

const name = process.argv[2] ?? '';
const load = SCRIPTS[name];
if (load === undefined) {
  console.log(`npm run interop -- NAME, where NAME is one of: ${Object.keys(SCRIPTS).join(' ')}`);
  process.exitCode = name === '' ? 0 : 2;
} else {
  const checks = new Checks();
  await (await load()).run(checks);
  console.log(`${checks.passed} passed, ${checks.failed} failed`);
  process.exitCode = checks.failed === 0 ? 0 : 1;
}
