// Every test file: property tests draw the same cases in every run (FC_SEED=n draws others); temporary folders and the runs that are tracked lie in a folder that goes.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll } from 'vitest';

fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 1) });

const folder = mkdtempSync(join(tmpdir(), 'spatter-tests-'));
// PostgreSQL's own user passes through to its cluster
chmodSync(folder, 0o711);
process.env['TMPDIR'] = folder;
process.env['MLFLOW_TRACKING_URI'] = `sqlite:///${folder}/mlflow.db`;
afterAll(() => {
  process.env['TMPDIR'] = join(folder, '..');
  rmSync(folder, { recursive: true, force: true });
});
