// Where the real recordings for tests lie; they are not part of the project.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder `data` of the shared recordings: under $SPATTER_SHARED, else beside the checkout; undefined when absent. */
export function sharedData(): string | undefined {
  const beside = ['../shared', '../../shared'].map((path) =>
    fileURLToPath(new URL(`../../../../../${path}`, import.meta.url)),
  );
  const roots = [process.env['SPATTER_SHARED'] ?? [], beside].flat();
  return roots.map((root) => `${root}/data`).find((folder) => existsSync(folder));
}
