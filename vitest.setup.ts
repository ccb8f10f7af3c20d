// Every test file: property tests draw the same cases in every run (FC_SEED=n draws others); runs that tests start are tracked in a folder that goes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll } from 'vitest';

fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 1) });

const folder = mkdtempSync(join(tmpdir(), 'spatter-tracking-'));
process.env['MLFLOW_TRACKING_URI'] = `sqlite:///${folder}/mlflow.db`;
afterAll(() => rmSync(folder, { recursive: true, force: true }));
