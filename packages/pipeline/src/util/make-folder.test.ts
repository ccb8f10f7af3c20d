// Folders are made with those above them, and where none can be made it is said at once.
import { existsSync, mkdtempSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeWritableFolder, writeFileAtomic } from './atomic.ts';
import { makeFolder } from './make-folder.ts';

const empty = () => mkdtempSync(join(tmpdir(), 'spatter-folder-'));

it('makes a folder and those above it, also when it is there', () => {
  const folder = join(empty(), 'a', 'b', 'c');
  makeFolder(folder);
  makeFolder(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
});

it('takes links to folders, and refuses files, links to nothing and what lies below files', () => {
  const folder = empty();
  const [file, link, gone] = [join(folder, 'file'), join(folder, 'link'), join(folder, 'gone')];
  writeFileSync(file, '');
  symlinkSync(empty(), link);
  symlinkSync(join(folder, 'nowhere'), gone);
  makeFolder(link);
  makeFolder(join(link, 'x'));
  for (const [path, code] of [
    [file, 'EEXIST'],
    [gone, 'EEXIST'],
    [join(file, 'x'), 'ENOTDIR'],
  ] as const) {
    expect(() => makeFolder(path)).toThrow(expect.objectContaining({ code }));
    expect(() => makeWritableFolder(path)).toThrow(expect.objectContaining({ code: 'IO' }));
  }
});

it.skipIf(!existsSync('/proc/self'))('ends with one line where the file system takes no folders', () => {
  for (const path of ['/proc/spatter', '/proc/spatter/a/b']) {
    const refusal: unknown = expect.objectContaining({
      code: 'IO',
      message: expect.stringMatching(/^\/proc\/spatter: [^\n]*$/) as unknown,
    });
    expect(() => makeFolder(path)).toThrow(refusal);
    expect(() => writeFileAtomic(join(path, 'x.csv'), '')).toThrow(refusal);
  }
});
