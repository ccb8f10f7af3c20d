// DOCUMENTATION_INDEX.md and AGENT_CONTEXT.json say what the code and the pages say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeProject } from '../scripts/describe.ts';

const root = join(import.meta.dirname, '..');
const files = await describeProject();

it.each(Object.entries(files))('%s is what `npm run describe` writes', (path, content) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(content);
});

it('tells of every page that it has a sentence to say', () => {
  const lines = files['DOCUMENTATION_INDEX.md']!.split('\n').filter((line) => line.startsWith('- ['));
  expect(lines.length).toBeGreaterThan(15);
  for (const line of lines) expect(line).toMatch(/\): \S.*\.$/);
});
