// Names of outputs: as the video where that is clear, below folders where it is not, and the same again when videos are added.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIP } from '../video/testing/clip.ts';
import { extractToFiles } from './extract-files.ts';
import { outputNames } from './output-names.ts';

const names = (...paths: string[]) => outputNames(paths, (name) => `/nowhere/${name}.json`);

describe('output names', () => {
  it('are those of the videos where no two are equal', () => {
    expect(names('a/one.mp4', 'b/two.x.avi')).toEqual(['one', 'two.x']);
  });

  it('say the folders where two are, as far up as needed, and upper case does not tell them apart', () => {
    expect(names('mon/cam.mp4', 'tue/cam.mp4', 'tue/other.mp4')).toEqual(['mon_cam', 'tue_cam', 'other']);
    expect(names('mon/cam.mp4', 'tue/Cam.mp4')).toEqual(['mon_cam', 'tue_Cam']);
    expect(names('/w1/mon/cam.mp4', '/w2/mon/cam.mp4')).toEqual(['w1_mon_cam', 'w2_mon_cam']);
    expect(names('/cam.mp4', '/cam.avi')).toEqual(['cam_mp4', 'cam_avi']);
    expect(names('/mon/cam.mp4', '/tue/cam.mp4', '/w/tue_cam.mp4')).toEqual([
      'mon_cam',
      'tue_cam_mp4',
      'tue_cam',
    ]);
  });

  it('are numbered where even the folders spell the same', () => {
    const found = names('/a_b/c.mp4', '/a/b/c.mp4', '/a/b_c.mp4', '/a_b_c.mp4', '/b/a_b_c.mp4', '/a_b/c.avi');
    expect(new Set(found).size).toBe(found.length);
  });

  it('stay when videos of the same name are added, or are left away again', async () => {
    const root = mkdtempSync(join(tmpdir(), 'spatter-names-'));
    const video = (day: string): string => {
      const path = join(root, day, 'cam.mp4');
      mkdirSync(join(root, day));
      writeFileSync(path, Buffer.concat([readFileSync(CLIP), Buffer.from(day)]));
      return path;
    };
    const days = ['mon', 'tue', 'wed'];
    const [mon, tue, wed] = days.map(video) as [string, string, string];
    const out = join(root, 'data');
    const named = (...paths: string[]) => outputNames(paths, (name) => join(out, `${name}_extraction.json`));
    const extract = async (...paths: string[]): Promise<void> => {
      for (const [i, name] of named(...paths).entries()) {
        await extractToFiles(paths[i]!, out, { name, capture: false });
      }
    };
    expect(named(mon)).toEqual(['cam']);
    await extract(mon);
    expect(named(mon, tue)).toEqual(['cam', 'tue_cam']);
    await extract(mon, tue);
    expect(named(tue)).toEqual(['tue_cam']);
    expect(named(wed, tue, mon)).toEqual(['wed_cam', 'tue_cam', 'cam']);
  });
});
