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

/** Why a test that needs the recordings is skipped, for its title. */
export const NO_SHARED_DATA =
  'skipped: no recordings (put them in ../shared/data or name their parent in SPATTER_SHARED)';
