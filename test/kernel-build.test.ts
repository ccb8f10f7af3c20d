// The committed kernels are what their sources compile to.
import { expect, it } from 'vitest';
import { KERNEL_BASE64 } from '../packages/pipeline/src/extract/kernel.generated.ts';
import { RESIZE_BASE64 } from '../packages/pipeline/src/data/transforms/resize.generated.ts';
import { PLANES_BASE64 } from '../packages/pipeline/src/video/planes.generated.ts';
import { compileKernel } from '../scripts/build-kernel.ts';

it.each([
  ['kernel.ts', KERNEL_BASE64],
  ['planes.ts', PLANES_BASE64],
  ['resize.ts', RESIZE_BASE64],
])('the kernel compiled from assembly/%s is up to date (npm run build:kernel)', async (entry, committed) => {
  expect(committed).toBe((await compileKernel(entry)).toString('base64'));
});
