// Nothing that runs here leaves usage reports of a library behind, or sends them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BIN, temporaryFolder } from './cli.ts';

it('ONNX Runtime keeps no device id and no events while it trains', () => {
  const home = temporaryFolder();
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
  delete env['ORT_DISABLE_TELEMETRY'];
  const { status } = spawnSync(process.execPath, [BIN, 'doctor'], { env, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(existsSync(join(home, 'cache', 'Microsoft'))).toBe(false);
  expect(existsSync(join(home, '.cache', 'Microsoft'))).toBe(false);
}, 60_000);
