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
import { shareOf, SPATTER_TYPES, type SpatterTypeName } from './spatter-types.ts';
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
    expect(names).toEqual(
      ['a', 'b', 'c'].flatMap((name) => [`${name}.mp4`, `${name}.truth.csv`, `${name}.truth.json`]),
    );
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
    expect(truth.plumes.columns.slice(0, 6)).toEqual(['frame', 'x', 'y', 'flow', 'power', 'type']);
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
      expect(new Set(set.map((each) => each.seed))).toEqual(new Set([5]));
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
    expect(columns).toEqual(['file', 'label', 'position', 'session', 'recording', 'flow']);
    expect(rows[1]).toEqual(['left_high_s1.h5', '1', 'left', '1', 'left_high_s1', '0.8']);
  });
});

describe('faults', () => {
  const lossy = small({ name: 'lossy', faults: { dropped: 0.1, duplicated: 0.1, torn: 0.1 } });

  it('are what the table of frames says: frames missing, doubled, torn, all others as without faults', () => {
    const renderer = createRenderer(lossy);
    const clean = createRenderer({ ...lossy, faults: { dropped: 0, duplicated: 0, torn: 0 } });
    const [one, other] = [new Uint8Array(320 * 180 * 3), new Uint8Array(320 * 180 * 3)];
    const seen = new Set<string>();
    renderer.shown.forEach(({ source, fault }, index) => {
      const before = index === 0 ? -1 : renderer.shown[index - 1]!.source;
      if (fault === 'none') expect(source - before).toBe(1);
      if (fault === 'duplicate') expect(source).toBe(before);
      if (fault === 'after_drop') expect(source - before).toBeGreaterThan(1);
      renderer.render(index, one);
      clean.render(source, other);
      expect(Buffer.compare(one, other) === 0).toBe(fault !== 'torn');
      seen.add(fault);
    });
    expect([...seen].sort()).toEqual(['after_drop', 'duplicate', 'none', 'torn']);
  });

  it('are counted in the truth, and every frame of the build is shown, doubled or lost', async () => {
    const out = fresh();
    await simulateRecording(lossy, out, { codec: 'mpeg4' });
    const truth = JSON.parse(readFileSync(recordingFiles(out, 'lossy').truth, 'utf8')) as Truth;
    const { dropped, duplicate, torn } = truth.faults;
    expect(Math.min(dropped, duplicate, torn)).toBeGreaterThan(0);
    expect(truth.frames - duplicate + dropped).toBe(frameCount(lossy));
    const { columns, rows } = readCsv(recordingFiles(out, 'lossy').frames);
    expect(rows).toHaveLength(truth.frames);
    const at = (name: string) => columns.indexOf(name);
    const burning = rows.filter((row) => row[at('state')] === 'burn').map((row) => Number(row[0]));
    expect(burning).toEqual(truth.plumes.rows.map(([frame]) => frame));
    for (const { start, end, layer } of truth.layers) {
      const within = rows.slice(start, end);
      expect(within.every((row) => ['burn', 'jump'].includes(row[at('state')]!))).toBe(true);
      expect(within.every((row) => row[at('layer')] === String(layer))).toBe(true);
      expect(rows[end]?.[at('state')] ?? 'pause').toBe('pause');
    }
  });

  it.each(['bytes', 'truncated'] as const)('damage files the same way each time: %s', async (damage) => {
    const [whole, one, two] = [fresh(), fresh(), fresh()];
    await simulateRecording(small(), whole, { codec: 'mpeg4' });
    for (const out of [one, two]) await simulateRecording(small({ damage }), out, { codec: 'mpeg4' });
    const [before, after] = [whole, one].map((out) => readFileSync(join(out, 'a.mp4')));
    expect(sameBytes(join(one, 'a.mp4'), join(two, 'a.mp4'))).toBe(true);
    const truth = JSON.parse(readFileSync(join(one, 'a.truth.json'), 'utf8')) as Truth;
    expect(truth.damage).toMatchObject({ kind: damage, bytes: after!.length, bytes_before: before!.length });
    const changed = [...after!.keys()].filter((i) => after![i] !== before![i]);
    const within = (i: number) =>
      truth.damage!.overwritten.some(([from, length]) => i >= from && i < from + length);
    expect(changed.every(within)).toBe(true);
    expect(damage === 'bytes' ? changed.length : before!.length - after!.length).toBeGreaterThan(100);
  });
});

describe('spatter types', () => {
  it('have shares that add up to 1 at any flow', () => {
    const names = Object.keys(SPATTER_TYPES) as SpatterTypeName[];
    for (const flow of [0, 0.3, 1]) {
      expect(names.reduce((sum, name) => sum + shareOf(name, flow), 0)).toBeCloseTo(1, 9);
    }
  });

  it.each([0.1, 0.9])('come as often as their shares say at flow %d', (flow) => {
    const { timeline } = createRenderer(
      small({ layerFlows: Array<number>(20).fill(flow), drift: 0, burnFrames: 500 }),
    );
    const types = timeline.burns.flatMap((burn) => (burn ? [burn.type] : []));
    for (const name of Object.keys(SPATTER_TYPES) as SpatterTypeName[]) {
      const share = types.filter((type) => type === name).length / types.length;
      expect(Math.abs(share - shareOf(name, flow))).toBeLessThan(0.04);
    }
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
    [{ fouling: [0, 2] as const }, 'fouling from 0 to 1, but got 2'],
    [{ exposure: 0 }, 'exposure from 0.01'],
    [{ faults: { dropped: 2, duplicated: 0, torn: 0 } }, 'share of dropped frames'],
  ])('%o', (wrong, message) => expect(() => small(wrong)).toThrow(message));

  it('refuses to replace any file without overwrite', () => {
    const out = fresh();
    writeFileSync(join(out, 'a.truth.json'), '{}');
    expect(() => prepareFolder(out, [small()], false, false)).toThrow('a.truth.json already exists');
    expect(() => prepareFolder(out, [small()], false, true)).not.toThrow();
  });
});
