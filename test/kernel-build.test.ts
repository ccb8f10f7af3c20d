// The committed kernel is what its source compiles to.
import { expect, it } from 'vitest';
import { KERNEL_BASE64 } from '../packages/pipeline/src/extract/kernel.generated.ts';
import { compileKernel } from '../scripts/build-kernel.ts';

it('packages/pipeline/src/extract/kernel.generated.ts is up to date (npm run build:kernel)', async () => {
  expect(KERNEL_BASE64).toBe((await compileKernel()).toString('base64'));
});
