// The simulator against the rule it is made for: extraction keeps its plumes and rejects its recoater passes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { extractToFiles } from '../extract/extract-files.ts';
import { readCsv } from '../util/csv.ts';
import { POSITIONS, recipe } from './recipe.ts';
import { createRenderer } from './render.ts';
import { recordingFiles, simulateRecording } from './simulate.ts';

let out: string;
beforeAll(() => void (out = mkdtempSync(join(tmpdir(), 'spatter-simulated-'))));
afterAll(() => rmSync(out, { recursive: true }));

it.each(POSITIONS)(
  'gives crops where it burns, of real size, and none where the recoater passes: %s',
  async (position) => {
    const given = recipe({
      name: position,
      position,
      layerFlows: [0.3, 0.7],
      burnFrames: 90,
      pauseFrames: 40,
    });
    await simulateRecording(given, out, { codec: 'mpeg4' });
    const { files, ledger } = await extractToFiles(recordingFiles(out, position).video, out);
    const { columns, rows } = readCsv(files.sidecar!);
    const column = (name: string): number[] => rows.map((row) => Number(row[columns.indexOf(name)]));
    const { timeline, plume, frames } = createRenderer(given);
    // Spatter flies on for a frame after the laser goes off, and lights the pair before it comes on.
    const burning = Array.from({ length: frames }, (_, i) => i).filter(
      (i) => plume(i - 1) ?? plume(i) ?? plume(i + 1),
    );
    const withCrop = new Set(column('frame'));
    expect([...withCrop].every((frame) => burning.includes(frame))).toBe(true);
    expect(withCrop.size / burning.length).toBeGreaterThan(0.4);
    expect(withCrop.size / burning.length).toBeLessThan(0.85);
    expect(timeline.layers.every(({ recoater: [on, off] }) => off > on)).toBe(true);
    expect(ledger.rejected.blue).toBeGreaterThan(20);
    for (const side of [column('w'), column('h')]) {
      const middle = side.toSorted((a, b) => a - b)[side.length >> 1]!;
      expect(middle).toBeGreaterThan(60);
      expect(middle).toBeLessThan(200);
    }
  },
);
