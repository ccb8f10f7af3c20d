// The video that the benches of extraction read.
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_SHARED_DATA, sharedData } from '../packages/pipeline/src/util/testing/shared.ts';

/** The weld recording, or a simulated one. */
export function weldOrSimulated(): string {
  const data = sharedData();
  if (data !== undefined) return join(data, 'weld-robot-mig-1/03-22-23-0001-06.avi');
  console.log(`weld recording ${NO_SHARED_DATA}; a simulated one instead`);
  const folder = mkdtempSync(join(tmpdir(), 'spatter-bench-'));
  const spatter = join(import.meta.dirname, '../packages/pipeline/bin/spatter.js');
  const options = ['--name', 'bench', '--flow', '0.2', '--frames', '800', '--codec', 'h264'];
  execFileSync(process.execPath, [spatter, 'simulate', '--out', folder, ...options], { stdio: 'ignore' });
  return join(folder, 'bench.mp4');
}
