// `npm run build:api`: writes docs/reference/api.md from the OpenAPI document of the server.
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { apiReference } from './api-reference.ts';
import { writeFileAtomic } from '../packages/pipeline/src/util/atomic.ts';

const path = join(import.meta.dirname, '../docs/reference/api.md');

/** The page's text, as it lies in the repository. */
export async function apiPage(): Promise<string> {
  return format(apiReference(), { ...(await resolveConfig(path)), parser: 'markdown' });
}

if (process.argv[1] === import.meta.filename) writeFileAtomic(path, await apiPage());
