// Every decoder against the contract; both against the pixels OpenCV read from real recordings.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_SHARED_DATA, sharedData } from '../util/testing/shared.ts';
import { openVideo } from './decoder.ts';
import { frameMd5s } from './testing/clip.ts';
import { decoderContract } from './testing/decoder-contract.ts';

function missing(check: () => unknown, reason: string): string | undefined {
  try {
    check();
    return undefined;
  } catch {
    return reason;
  }
}

decoderContract('node-av');
decoderContract(
  'ffmpeg',
  missing(() => execFileSync('ffprobe', ['-version']), 'ffmpeg is not on the PATH'),
);

describe('decoder choice', () => {
  it('says both ways out when there is no ffmpeg program', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '';
    try {
      const failure = openVideo(join(import.meta.dirname, 'testing/fixtures/clip.mp4'), {
        decoder: 'ffmpeg',
      });
      await expect(failure).rejects.toMatchObject({
        code: 'DECODER_MISSING',
        hint: expect.stringContaining('node-av') as unknown,
      });
    } finally {
      process.env['PATH'] = path;
    }
  });
});

const data = sharedData();
describe.skipIf(data === undefined)(
  `real recordings${data === undefined ? `, ${NO_SHARED_DATA}` : ''}`,
  () => {
    it.each(['weld-robot-mig-1', 'motion-car'])('%s has the pixels OpenCV read', async (folder) => {
      const text = readFileSync(join(data!, folder, 'reference_meta.json'), 'utf8');
      const meta = JSON.parse(text) as { video: string; frame_md5: string[] };
      const reader = await openVideo(join(data!, folder, meta.video));
      expect(await frameMd5s(reader)).toEqual(meta.frame_md5);
      await reader.close();
    });
  },
);
