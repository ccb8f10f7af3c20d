// The table of error codes and its page say the same.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HPO_ERRORS } from './errors.ts';

it('lists every error code in the reference', () => {
  const page = readFileSync(
    join(import.meta.dirname, '../../../docs/reference/hpo-compatibility.md'),
    'utf8',
  );
  const rows = [...page.matchAll(/^### `([A-Z_]+)`\n\n(.+)$/gm)].map((row) => [row[1], row[2]]);
  expect(Object.fromEntries(rows)).toEqual(HPO_ERRORS);
});
