// docs/reference/api.md says what the server's OpenAPI document says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { apiPage } from '../scripts/build-api-reference.ts';

it('the API reference is the one that `npm run build:api` writes', async () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/reference/api.md'), 'utf8');
  expect(page).toBe(await apiPage());
});
