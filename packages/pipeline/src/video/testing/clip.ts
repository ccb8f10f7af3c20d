// A small H.264 video with B-frames and what OpenCV sees in it; made by interop/python/opencv_clip.py.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VideoReader } from '../reader.ts';

/** 90 frames, 160 × 120. */
export const CLIP = join(import.meta.dirname, 'fixtures/clip.mp4');

/** Accepted contours of the clip, areas 60…3000: rows [frame, x, y, w, h, area, MD5 of the crop's BGR bytes]. */
interface Reference {
  readonly counts: Readonly<Record<string, number>>;
  readonly rows: readonly (readonly [number, number, number, number, number, number, string])[];
}

interface ClipReference {
  readonly frame_md5: readonly string[];
  readonly whole: Reference;
  readonly bounded: Reference & { readonly left: number; readonly right: number };
}

export function clipReference(): ClipReference {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/clip.json'), 'utf8')) as ClipReference;
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** MD5s of the next `limit` frames. */
export async function frameMd5s(reader: VideoReader, limit = Infinity): Promise<string[]> {
  const frame = new Uint8Array(reader.info.width * reader.info.height * 3);
  const sums: string[] = [];
  while (sums.length < limit && (await reader.read(frame))) sums.push(md5(frame));
  return sums;
}

export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'spatter-video-'));
}

/** A copy of the clip that `change` has damaged. */
export function damagedClip(change: (bytes: Buffer) => Buffer): string {
  const path = join(emptyFolder(), 'clip.mp4');
  writeFileSync(path, change(readFileSync(CLIP)));
  return path;
}
