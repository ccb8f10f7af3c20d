// Loads the optional FFmpeg binding. Its licence is why it is optional: see docs/adr/0003-video-decoding.md.
import type * as AvConstants from 'node-av/constants';
import type * as AvLibrary from 'node-av/lib';
import { SpatterError } from '../util/errors.ts';

/** node-av's low-level FFmpeg classes and constants in one object. */
export type NodeAv = typeof AvLibrary & typeof AvConstants;

let loaded: Promise<NodeAv> | undefined;

/**
 * The FFmpeg binding, loaded once per thread.
 * @throws {SpatterError} DECODER_MISSING when the package is not installed or has no binary for this platform.
 */
export function loadNodeAv(): Promise<NodeAv> {
  return (loaded ??= importNodeAv());
}

async function importNodeAv(): Promise<NodeAv> {
  try {
    const [library, constants] = await Promise.all([import('node-av/lib'), import('node-av/constants')]);
    // Every message that matters comes back as a return code; FFmpeg's own chatter would break the one-line rule.
    library.Log.setLevel(constants.AV_LOG_QUIET);
    return { ...library, ...constants };
  } catch (cause) {
    throw new SpatterError(
      'DECODER_MISSING',
      'reading and writing video needs FFmpeg, and the node-av package could not be loaded',
      'run `npm install node-av`, or put the `ffmpeg` program on the PATH',
      { cause },
    );
  }
}
