// Whether the ffmpeg program can be tested here.
import { execFileSync } from 'node:child_process';

/** Why it cannot; undefined where it can. */
export const FFMPEG_MISSING = whyMissing();

function whyMissing(): string | undefined {
  try {
    execFileSync('ffprobe', ['-version']);
    return undefined;
  } catch {
    return 'ffmpeg is not on the PATH';
  }
}
