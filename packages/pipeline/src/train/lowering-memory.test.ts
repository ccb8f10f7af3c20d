// Tests of the memory of timed lowerings: a run keeps its own, a cache serves other runs, and a broken cache costs a line.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { composeConfig } from '../config/index.ts';
import { loweringMemory } from './lowering-memory.ts';

const root = mkdtempSync(join(tmpdir(), 'spatter-lowerings-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const folder = (): string => mkdtempSync(join(root, 'f-'));

function open(run: string, cacheFolder: string | null) {
  const notices: string[] = [];
  const memory = loweringMemory({ run, cacheFolder, onNotice: (line) => notices.push(line) });
  return { ...memory, notices };
}

const fileIn = (cache: string): string => join(cache, 'spatter', 'lowerings.json');

describe('the memory of timed lowerings', () => {
  it('serves other runs at the same place only, and the same run at any', () => {
    const [cache, run] = [folder(), folder()];
    const first = open(run, cache);
    first.record('here', 'conv', 'blocked', true);
    expect(open(folder(), cache).recall('here', 'conv')).toBe('blocked');
    expect(open(folder(), cache).recall('there', 'conv')).toBeUndefined();
    expect(open(run, null).recall('there', 'conv')).toBe('blocked');
  });

  it('prefers what the run was begun with to what the cache says now', () => {
    const [cache, run] = [folder(), folder()];
    open(run, cache).record('here', 'conv', 'blocked', true);
    open(folder(), cache).record('here', 'conv', 'columns', true);
    expect(open(run, cache).recall('here', 'conv')).toBe('blocked');
    expect(open(folder(), cache).recall('here', 'conv')).toBe('columns');
  });

  it('keeps what came from the cache in the run too', () => {
    const [cache, run] = [folder(), folder()];
    open(folder(), cache).record('here', 'conv', 'columns', true);
    open(run, cache).record('here', 'conv', 'columns', false);
    expect(open(run, null).recall('here', 'conv')).toBe('columns');
  });

  it.each([
    '{"format":',
    '[]',
    '{"format":"spatter lowerings 0","places":{}}',
    '{"format":"spatter lowerings 1","places":{"here":{"conv":1}}}',
  ])('ignores a broken or foreign cache with a line, and writes it anew: %s', (text) => {
    const cache = folder();
    open(folder(), cache).record('here', 'conv', 'columns', true);
    writeFileSync(fileIn(cache), text);
    const memory = open(folder(), cache);
    expect(memory.notices).toEqual([expect.stringContaining('it is ignored and written anew')]);
    expect(memory.recall('here', 'conv')).toBeUndefined();
    memory.record('here', 'conv', 'blocked', true);
    expect(open(folder(), cache).recall('here', 'conv')).toBe('blocked');
    expect(open(folder(), cache).notices).toEqual([]);
  });

  it('goes on with a line where the cache cannot be written', () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const run = folder();
    const memory = open(run, file);
    memory.record('here', 'conv', 'blocked', true);
    memory.record('here', 'other', 'blocked', true);
    expect(memory.notices).toEqual([expect.stringContaining('lowerings are not kept for other runs')]);
    expect(open(run, null).recall('here', 'other')).toBe('blocked');
  });

  it('is for float32', () => {
    const overrides = ['training.autotune=true', 'training.precision=fp16'];
    expect(() => composeConfig({ overrides })).toThrow(
      'training.precision must be fp32 with training.autotune=true, got fp16',
    );
  });

  it('refuses a run whose own file is damaged', () => {
    const run = folder();
    open(run, null).record('here', 'conv', 'blocked', true);
    const path = join(run, 'lowerings.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(5));
    expect(() => open(run, null)).toThrow(
      /must hold the lowerings that the run was begun with, but is damaged/,
    );
  });
});
