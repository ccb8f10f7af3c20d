// Says of a file that FFmpeg refuses what a person can do something about: it is empty, or an MP4 whose recording was cut off.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A box begins with its length and its name, and with a 64-bit length behind them where the first is 1. */
const HEADER = 16;

/** What is wrong with the file at `path`, or undefined where FFmpeg's own words must do. */
export function whyUnreadable(path: string): string | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0) return 'it is empty';
    const names = boxes(file, size);
    if (names[0] !== 'ftyp' || names.includes('moov')) return undefined;
    return 'it is an MP4 whose index (moov), which is written last, is missing: the recording was cut off or lost bytes';
  } finally {
    closeSync(file);
  }
}

/** Names of the boxes that the file begins with, as far as their lengths make sense. */
function boxes(file: number, size: number): string[] {
  const names: string[] = [];
  const header = Buffer.alloc(HEADER);
  for (let at = 0; at + HEADER <= size;) {
    readSync(file, header, 0, HEADER, at);
    names.push(header.toString('latin1', 4, 8));
    const length = header.readUInt32BE(0);
    const whole = length === 1 ? Number(header.readBigUInt64BE(8)) : length;
    if (whole < 8) break;
    at += whole;
  }
  return names;
}
