// Every spatter command line in README and the guides names a command and options that exist, and every link leads somewhere.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { planJobs } from '../packages/pipeline/src/config/index.ts';
import { program } from '../packages/pipeline/src/cli/main.ts';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'bench/README.md', 'bench/gpu.md'].concat(
  ['guides', 'reference', 'adr'].flatMap((folder) =>
    readdirSync(join(root, 'docs', folder)).map((name) => join('docs', folder, name)),
  ),
);
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

interface Line {
  readonly page: string;
  readonly words: readonly string[];
}

const codeBlocks = (page: string) =>
  [...textOf(page).matchAll(/^```[^]*?^```/gm)].map(([block]) => block).join('\n');

/** Lines of code blocks that start with `spatter` or `npx spatter`, comments cut off. */
function documentedLines(): Line[] {
  return pages.flatMap((page) =>
    [...codeBlocks(page).matchAll(/^(?:\$ )?(?:npx )?spatter ([a-z].*)$/gm)].map(([, line]) => ({
      page,
      words: line!
        .replace(/\s+#.*$/, '')
        .replaceAll(/["']/g, '')
        .split(/\s+/)
        .filter((word) => word !== ''),
    })),
  );
}

function commandOf(words: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  let command: Command = program();
  let at = 0;
  while (command.commands.length > 0) {
    const next = command.commands.find((child) => child.name() === words[at]);
    // A command may do something itself beside having sub-commands, as `spatter sweep` does.
    if (next === undefined && command.registeredArguments.length > 0) break;
    if (next === undefined) return undefined;
    command = next;
    at++;
  }
  return { command, rest: words.slice(at) };
}

const lines = documentedLines();

describe('documented command lines', () => {
  it('are found', () => expect(lines.length).toBeGreaterThan(8));

  it.each(lines.map(({ page, words }) => [`${page}: spatter ${words.join(' ')}`, words] as const))(
    '%s',
    (_, words) => {
      const found = commandOf(words);
      expect(found, 'no such command').toBeDefined();
      const { operands, unknown } = found!.command.parseOptions([...found!.rest]);
      expect(unknown).toEqual([]);
      const overrides = operands.filter((word) => word.includes('='));
      const multirun = found!.command.opts()['multirun'] === true;
      if (found!.command.name() === 'train') planJobs({ overrides, multirun, name: 'train', cwd: root });
    },
  );
});

describe('links', () => {
  it.each(pages)('of %s lead to files', (page) => {
    const targets = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => target!,
    );
    for (const target of targets) expect(existsSync(join(root, dirname(page), target)), target).toBe(true);
  });
});
