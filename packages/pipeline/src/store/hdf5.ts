// The HDF5 library compiled to WebAssembly: loading, opening, heap blocks, and its errors as ours.
import { existsSync, statSync } from 'node:fs';
import type * as h5wasm from 'h5wasm/node';
import { finalPath } from '../util/atomic.ts';
import { SpatterError } from '../util/errors.ts';

/** The library: `module` is its low-level C interface, one per thread, shared by all files open in it. */
export interface Hdf5 {
  readonly module: Awaited<typeof h5wasm.ready>;
  readonly File: typeof h5wasm.File;
}

let loaded: Promise<Hdf5> | undefined;

/** Loads the library once, on first use (4 MB), and makes every failure inside it throw: by default it prints and goes on. */
export function loadHdf5(): Promise<Hdf5> {
  loaded ??= import('h5wasm/node').then(async ({ File, ready }) => {
    const module = await ready;
    module.activate_throwing_error_handler();
    return { module, File };
  });
  return loaded;
}

/** `w` replaces the file, `a` changes it, `r` reads it. Files are written so that HDF5 1.6 and newer open them. */
export function openHdf5(hdf5: Hdf5, path: string, mode: 'r' | 'a' | 'w'): h5wasm.File {
  if (mode !== 'w' && !existsSync(path)) {
    throw new SpatterError('FILE_NOT_FOUND', `${path}: no such file or folder`, 'check the path');
  }
  if (existsSync(path) && statSync(path).isDirectory()) {
    throw new SpatterError('IO', `${path} must be an HDF5 file, it is a folder`, 'name a file, not a folder');
  }
  return guard(path, () => new hdf5.File(path, mode, { libver: ['earliest', 'latest'] }));
}

/** Runs `work` on the library; what it throws becomes a {@link SpatterError} that names `path`. */
export function guard<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explain(error, path);
  }
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof SpatterError || !(error instanceof Error)) return error;
  if (!error.message.startsWith('HDF5-DIAG')) return error;
  const system = /errno = \d+, error message = '([^']+)'/.exec(error.message)?.[1];
  if (system === undefined) return damaged(path, innermostReason(error.message));
  const message = `${finalPath(path)}: ${system}`;
  if (system.startsWith('No space left') || system.startsWith('Disk quota')) {
    return new SpatterError('DISK_FULL', message, 'free some space and run the same command again');
  }
  return new SpatterError('IO', message, 'check the permissions of the path');
}

/** The last frame of HDF5's error stack says what went wrong first. */
function innermostReason(stack: string): string {
  const frames = [...stack.matchAll(/#\d+: .*? line \d+ in \w+\(\): (.*)/g)].map((frame) => frame[1]);
  return frames.at(-1) ?? 'HDF5 failed';
}

/** The error for a file that is not HDF5, or no longer. */
export function damaged(path: string, reason: string): SpatterError {
  return new SpatterError(
    'HDF5_DAMAGED',
    `${path} must be a whole HDF5 file: ${reason}`,
    'copy it again from its source, or extract it again from the video',
  );
}

/** Lends `bytes` of the library's heap to `work` and frees them after. The heap may move in any call: look at HEAPU8 anew. */
export function withHeap<T>(hdf5: Hdf5, bytes: number, work: (pointer: number) => T): T {
  const pointer = hdf5.module._malloc(bytes);
  if (pointer === 0) throw new RangeError(`HDF5 could not allocate ${bytes} bytes`);
  try {
    return work(pointer);
  } finally {
    hdf5.module._free(pointer);
  }
}
