// Files of the simulator: the same bytes for the same seed on any number of threads, truth and labels, bad input.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsv } from '../util/csv.ts';
import { simulateAll } from './pool.ts';
import { PRESETS, presetNamed, withFrames } from './presets.ts';
import { flowLabel, frameCount, recipe, type Recipe } from './recipe.ts';
import { createRenderer } from './render.ts';
import { labelsFile, prepareFolder, recordingFiles, simulateRecording, writeLabels } from './simulate.ts';
import type { Truth } from './truth.ts';

let root: string;
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'spatter-simulate-'))));
afterAll(() => rmSync(root, { recursive: true }));

const small = (given: Partial<Recipe> = {}): Recipe =>
  recipe({
    name: 'a',
    layerFlows: [0.2, 0.8],
    burnFrames: 20,
    pauseFrames: 32,
    width: 320,
    height: 180,
    ...given,
  });

function fresh(): string {
  return mkdtempSync(join(root, 'out-'));
}

function sameBytes(one: string, other: string): boolean {
  return readFileSync(one).equals(readFileSync(other));
}

describe('simulateAll', () => {
  it('writes the same bytes on one thread and on three, and other bytes for another seed', async () => {
    const recipes = [small(), small({ name: 'b' }), small({ name: 'c', position: 'left' })];
    const [one, three] = [fresh(), fresh()];
    let progress = 0;
    await simulateAll(recipes, one, { codec: 'mpeg4' }, (frames) => (progress = frames), 1);
    await simulateAll(recipes, three, { codec: 'mpeg4' }, () => {}, 3);
    expect(progress).toBe(3 * frameCount(recipes[0]!));
    const names = readdirSync(one).sort();
    expect(names).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name}.mp4`, `${name}.truth.json`]));
    for (const name of names) expect(sameBytes(join(one, name), join(three, name))).toBe(true);
    await simulateRecording(small({ seed: 2 }), three, { codec: 'mpeg4' });
    expect(sameBytes(join(one, 'a.mp4'), join(three, 'a.mp4'))).toBe(false);
  });

  it('stops all threads at the first failure, with its error, and leaves no partial file', async () => {
    const out = fresh();
    const recipes = [small({ name: 'taken', burnFrames: 1 }), small({ name: 'b', burnFrames: 3000 })];
    prepareFolder(join(out, 'taken.mp4', 'in-the-way'), [], false, false);
    await expect(simulateAll(recipes, out, { codec: 'mpeg4' }, () => {}, 2)).rejects.toMatchObject({
      code: 'IO',
    });
    expect(readdirSync(out)).toEqual(['taken.mp4']);
  });
});

describe('truth', () => {
  it('tells what the frames show', async () => {
    const out = fresh();
    const given = small();
    await simulateRecording(given, out, { codec: 'mpeg4' });
    const truth = JSON.parse(readFileSync(recordingFiles(out, 'a').truth, 'utf8')) as Truth;
    const { plume } = createRenderer(given);
    expect(truth).toMatchObject({
      name: 'a',
      seed: 1,
      label: 1,
      position: 'mid',
      frames: 104,
      layer_flows: [0.2, 0.8],
    });
    expect(truth.layers.map(({ start, end }) => [start, end])).toEqual([
      [0, 20],
      [52, 72],
    ]);
    expect(truth.plumes.columns).toEqual(['frame', 'x', 'y', 'flow', 'power']);
    const burning = Array.from({ length: 104 }, (_, i) => i).filter((i) => plume(i) !== undefined);
    expect(truth.plumes.rows.map(([frame]) => frame)).toEqual(burning);
    expect(
      burning.every((frame) => truth.layers.some(({ start, end }) => frame >= start && frame < end)),
    ).toBe(true);
    for (const [frame, x, y, flow] of truth.plumes.rows) {
      expect(plume(frame)!.x).toBeCloseTo(x, 0);
      expect(plume(frame)!.y).toBeCloseTo(y, 0);
      expect(Math.abs(flow - truth.layers[frame < 52 ? 0 : 1]!.flow)).toBeLessThan(0.3);
    }
  });
});

describe('presets', () => {
  it.each(Object.entries(PRESETS))(
    '%s: distinct recordings of one label each',
    (_, { recipes, labelled }) => {
      const set = recipes(5);
      expect(new Set(set.map(({ name }) => name)).size).toBe(set.length);
      if (labelled) for (const each of set) expect(new Set(each.layerFlows).size).toBe(1);
    },
  );

  it('demo holds every position and flow in every session', () => {
    const set = PRESETS.demo.recipes(1);
    expect(set).toHaveLength(12);
    const cells = set.map((each) => `${each.position} ${flowLabel(each)} ${each.session}`);
    expect(new Set(cells).size).toBe(12);
  });

  it('suggests the nearest name', () => {
    expect(() => presetNamed('dmo')).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: 'did you mean demo?' }) as Error,
    );
  });

  it('cut to a number of frames', () => {
    const cut = withFrames(small({ burnFrames: 300, pauseFrames: 100 }), 80);
    expect([cut.burnFrames, cut.pauseFrames, frameCount(cut)]).toEqual([30, 10, 80]);
    expect(() => withFrames(small(), 1)).toThrow('burning frames from 1');
  });

  it('write labels named after the HDF5 files', () => {
    const out = fresh();
    writeLabels(out, PRESETS.demo.recipes(1).slice(0, 2));
    const { columns, rows } = readCsv(labelsFile(out));
    expect(columns).toEqual(['file', 'label', 'position', 'session', 'recording']);
    expect(rows[1]).toEqual(['left_high_s1.h5', '1', 'left', '1', 'left_high_s1']);
  });
});

describe('bad input', () => {
  it.each([
    [{ name: '../a' }, 'name of letters'],
    [{ layerFlows: [] }, 'at least one layer'],
    [{ layerFlows: [1.2] }, 'flow from 0 to 1, but got 1.2'],
    [{ width: 321 }, 'even width'],
    [{ seed: -1 }, 'seed from 0'],
    [{ burnFrames: 0 }, 'burning frames from 1'],
  ])('%o', (wrong, message) => expect(() => small(wrong)).toThrow(message));

  it('refuses to replace any file without overwrite', () => {
    const out = fresh();
    writeFileSync(join(out, 'a.truth.json'), '{}');
    expect(() => prepareFolder(out, [small()], false, false)).toThrow('a.truth.json already exists');
    expect(() => prepareFolder(out, [small()], false, true)).not.toThrow();
  });
});
