// The reference page equals what the schema says; with -u it is written anew.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { composeConfig } from './index.ts';
import { referencePage } from './testing/reference.ts';
import type { Tree } from './tree.ts';
import { schemaFields } from './validate.ts';

const PAGE = join(import.meta.dirname, '../../../../docs/reference/config.md');
const CONF = join(import.meta.dirname, '../../conf');

it('docs/reference/config.md lists every key with its default', async () => {
  const defaults = composeConfig({ overrides: [] }).config as unknown as Tree;
  const folders = readdirSync(CONF, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const groups = folders.map(
    ({ name }) =>
      [
        name,
        readdirSync(join(CONF, name))
          .filter((file) => file.endsWith('.yaml'))
          .map((file) => file.replace('.yaml', ''))
          .sort(),
      ] as const,
  );
  const text = referencePage({ defaults, groups: groups.sort(([a], [b]) => (a < b ? -1 : 1)) });
  const page = await format(text, { ...(await resolveConfig(PAGE)), filepath: PAGE });
  for (const { path } of schemaFields()) expect(page).toContain(`\`${path}\``);
  await expect(page).toMatchFileSnapshot(PAGE);
});
