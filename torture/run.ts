// `npm run torture -- NAME [COUNT]`: kills, corrupts or floods NAME COUNT times and compares bytes. Ends with `N passed, M failed`.
import { Checks } from '../interop/checks.ts';

type Script = { run: (checks: Checks, count: number) => Promise<void> };

/** The catalogue: one file each, one line here. */
const SCRIPTS: Record<string, () => Promise<Script>> = {
  train: () => import('./train.ts'),
  extract: () => import('./extract.ts'),
  serve: () => import('./serve.ts'),
  registry: () => import('./registry.ts'),
  shortcuts: () => import('./shortcuts.ts'),
};

const name = process.argv[2] ?? '';
const load = SCRIPTS[name];
if (load === undefined) {
  console.log(`npm run torture -- NAME [COUNT], where NAME is one of: ${Object.keys(SCRIPTS).join(' ')}`);
  process.exitCode = name === '' ? 0 : 2;
} else {
  const checks = new Checks();
  await (await load()).run(checks, Number(process.argv[3] ?? 20));
  console.log(`${checks.passed} passed, ${checks.failed} failed`);
  process.exitCode = checks.failed === 0 ? 0 : 1;
}
