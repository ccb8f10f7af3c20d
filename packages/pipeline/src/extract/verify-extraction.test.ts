// `verifyExtraction` agrees with whole and damaged videos, and finds every change.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLIP, damagedClip, emptyFolder } from '../video/testing/clip.ts';
import { extractToFiles } from './extract-files.ts';
import { findRecords, verifyExtraction } from './verify-extraction.ts';

async function extracted(video = CLIP, mode: 'corrected' | 'legacy' = 'corrected'): Promise<string> {
  const folder = emptyFolder();
  await extractToFiles(video, folder, { minArea: 60, maxArea: 3000, mode });
  return folder;
}

const verify = (folder: string) => verifyExtraction(join(folder, 'clip_extraction.json'));

describe('verification', () => {
  it.each(['corrected', 'legacy'] as const)('agrees with a whole video, mode %s', async (mode) => {
    const folder = await extracted(CLIP, mode);
    expect(findRecords([folder])).toEqual([join(folder, 'clip_extraction.json')]);
    expect(await verify(folder)).toMatchObject({ video: 'clip.mp4', crops: 229, problems: [] });
  });

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 8000)],
    ['overwritten in the middle', (bytes: Buffer) => bytes.fill(0xa5, 6000, 6600)],
  ])('accounts for every frame of a video that is %s', async (_, damage) => {
    const folder = await extracted(damagedClip(damage));
    const text = readFileSync(join(folder, 'clip_extraction.json'), 'utf8');
    const { frames } = JSON.parse(text) as { frames: Record<string, number> };
    expect(frames['in_file']).toBe(90);
    expect(frames['unreadable']).toBe(90 - frames['decoded']!);
    expect(await verify(folder)).toMatchObject({ problems: [] });
  });

  it('finds a changed record, line, picture and table', async () => {
    const changes: [string, (bytes: Buffer) => Buffer | string, RegExp][] = [
      ['clip_extraction.json', (b) => b.toString().replace(/"kept": \d+/, '"kept": 3'), /found = kept.*3/],
      [
        'clip_extraction.json',
        (b) => b.toString().replace('"in_file": 90', '"in_file": 91').replace('readable": 0', 'readable": 1'),
        /^the record was changed since it was written$/,
      ],
      ['clip_extraction.json', () => '{ "format": 1', /must be the record of an extraction/],
      ['clip_crops.csv', (b) => b.toString().replace(/\nclip_0,7,.*/, ''), /lines of .*crops\.csv/],
      [
        'clip.h5',
        (b) => b.fill(0x55, b.length - 9000, b.length - 8000),
        /HDF5_DAMAGED|JPEG_DAMAGED|the mean/,
      ],
      ['clip_layer_table.csv', (b) => b.toString().replace(/,229,/, ',228,'), /crops of layer 0/],
      ['clip_spatter_at_frame.csv', (b) => b.toString().replace(/\n50,\d+/, '\n50,77'), /frame 50 has/],
    ];
    for (const [name, change, problem] of changes) {
      const folder = await extracted();
      const path = join(folder, name);
      writeFileSync(path, change(readFileSync(path)));
      const { problems } = await verify(folder);
      expect(problems.join('\n'), name).toMatch(problem);
    }
    const folder = await extracted();
    appendFileSync(join(folder, 'clip_tracks.csv'), '\n');
    expect((await verify(folder)).problems).toEqual([expect.stringMatching(/clip_tracks\.csv .*changed/)]);
  });

  it('says when there is nothing to check', () => {
    expect(() => findRecords([emptyFolder()])).toThrow(/_extraction\.json/);
  });
});
