// Tests of the shared ground: errors, atomic files, CSV, random streams.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { TENSOR_ERRORS } from '@spatter/tensor';
import { describe, expect, it } from 'vitest';
import { refuseToOverwrite, writeFileAtomic } from './atomic.ts';
import { readCsv, writeCsv } from './csv.ts';
import { ERRORS, SpatterError, fromSystemError } from './errors.ts';
import { integer, normal, permutation, randomStream, uniform } from './random.ts';
import { workerUrl } from './worker.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'spatter-util-'));

describe('errors', () => {
  it('lists exactly the table in docs/reference/errors.md', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/errors.md'), 'utf8');
    const rows = [...page.matchAll(/^### `(\w+)`\n\n(.*)$/gm)].map(([, code, text]) => [code, text]);
    expect(rows).toEqual([...Object.entries(ERRORS), ...Object.entries(TENSOR_ERRORS)]);
  });

  it('names the path and what to do for file-system failures', () => {
    const full = fromSystemError(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' }), 'a/b.h5');
    expect(full).toBeInstanceOf(SpatterError);
    expect(full).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('a/b.h5') as unknown });
    const other = new Error('else');
    expect(fromSystemError(other, 'x')).toBe(other);
  });
});

describe('atomic files', () => {
  it('replaces whole files and leaves nothing beside them', () => {
    const dir = folder();
    writeFileAtomic(join(dir, 'sub', 'a.txt'), 'one');
    writeFileAtomic(join(dir, 'sub', 'a.txt'), 'two');
    expect(readFileSync(join(dir, 'sub', 'a.txt'), 'utf8')).toBe('two');
    expect(readdirSync(join(dir, 'sub'))).toEqual(['a.txt']);
  });

  it('keeps the old file when writing fails', () => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), 'old');
    expect(() => writeFileAtomic(join(dir, 'file', 'child'), 'new')).toThrow(SpatterError);
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('old');
  });

  it('is whole when processes write it at once, and none of them fails', async () => {
    const [dir, atomic] = [
      folder(),
      pathToFileURL(join(import.meta.dirname, '../../dist/util/atomic.js')).href,
    ];
    const script = `import { writeFileAtomic } from '${atomic}';
      for (let i = 0; i < 100; i++) writeFileAtomic('same.txt', process.argv[1].repeat(100_000));`;
    const writer = (letter: string) =>
      new Promise<string>((resolve) => {
        const args = ['--input-type=module', '-e', script, letter];
        execFile(process.execPath, args, { cwd: dir }, (_, __, stderr) => resolve(stderr));
      });
    expect(await Promise.all([writer('a'), writer('b')])).toEqual(['', '']);
    expect(readFileSync(join(dir, 'same.txt'), 'utf8')).toMatch(/^(a{100000}|b{100000})$/);
    expect(readdirSync(dir)).toEqual(['same.txt']);
  });

  it('takes away what killed processes of this machine left of it, and nothing of others', () => {
    const path = join(folder(), 'a.txt');
    const { pid } = spawnSync(process.execPath, ['--version']);
    const left = (host: string, of: number) => join(dirname(path), `.a.txt.${host}.${of}.partial`);
    const others = [left('elsewhere', pid), left(hostname(), process.ppid)];
    for (const file of [left(hostname(), pid), ...others]) writeFileSync(file, 'half');
    writeFileAtomic(path, 'whole');
    expect(readdirSync(dirname(path)).sort()).toEqual(
      [...others.map((file) => basename(file)), 'a.txt'].sort(),
    );
  });

  it('refuses to overwrite unless told', () => {
    const path = join(folder(), 'x');
    writeFileSync(path, '');
    expect(() => refuseToOverwrite([path], false)).toThrow(/already exists/);
    refuseToOverwrite([path], true);
  });
});

describe('csv', () => {
  it('reads back what it wrote, quotes included', () => {
    const path = join(folder(), 't.csv');
    writeCsv(
      path,
      ['name', 'value'],
      [
        ['a,b', 1.5],
        ['say "x"', -2],
      ],
    );
    expect(readCsv(path)).toEqual({
      columns: ['name', 'value'],
      rows: [
        ['a,b', '1.5'],
        ['say "x"', '-2'],
      ],
    });
  });

  it('says which file is missing', () => {
    expect(() => readCsv('/nowhere/x.csv')).toThrow(/\/nowhere\/x\.csv/);
  });
});

describe('random streams', () => {
  it('depend on every key and on nothing else', () => {
    const first = (...keys: number[]) => randomStream(...keys)();
    expect(first(1, 2)).toBe(first(1, 2));
    expect(new Set([first(1, 2), first(2, 1), first(1), first(1, 2, 0)]).size).toBe(4);
  });

  it('have the right moments', () => {
    const random = randomStream(7);
    const draws = Array.from({ length: 20_000 }, () => [uniform(random), normal(random)] as const);
    const mean = (pick: 0 | 1) => draws.reduce((sum, draw) => sum + draw[pick], 0) / draws.length;
    const square = draws.reduce((sum, draw) => sum + draw[1] ** 2, 0) / draws.length;
    expect(mean(0)).toBeCloseTo(0.5, 1);
    expect(mean(1)).toBeCloseTo(0, 1);
    expect(square).toBeCloseTo(1, 1);
  });

  it('permute every index once', () => {
    const order = permutation(randomStream(3), 100);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    expect(integer(randomStream(1), 1)).toBe(0);
  });
});

describe('worker modules', () => {
  it('are the compiled twins when the caller is TypeScript', () => {
    expect(workerUrl('file:///p/src/data/a.ts', './b.worker.ts').href).toBe(
      'file:///p/dist/data/b.worker.js',
    );
    expect(workerUrl('file:///p/dist/data/a.js', './b.worker.ts').href).toBe(
      'file:///p/dist/data/b.worker.js',
    );
  });
});
