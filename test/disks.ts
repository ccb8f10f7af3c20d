// File systems that refuse: a small one to fill up, and a folder that cannot be written to. Mounting needs root on Linux.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function mount(folder: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0;
}

function unmount(folder: string): void {
  spawnSync('umount', [folder]);
  rmdirSync(folder);
}

function whyNotMounted(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'skipped: mounting needs root on Linux';
  const folder = mkdtempSync(join(tmpdir(), 'spatter-mount-'));
  const mounted = mount(folder, 'size=64k');
  if (mounted) unmount(folder);
  else rmdirSync(folder);
  return mounted ? undefined : 'skipped: this machine does not let root mount a tmpfs';
}

/** Why tests with a file system of their own cannot run here; undefined when they can. */
export const NO_MOUNT = whyNotMounted();

/** An empty disk of `bytes` at `path`. `leave` empties it and then fills it up to so many free bytes. */
export function limitedDisk(path: string, bytes: number) {
  const ballast = 'ballast';
  mkdirSync(path);
  if (!mount(path, `size=${bytes}`)) throw new Error(`cannot mount a tmpfs at ${path}`);
  return {
    path,
    ballast,
    leave: (free: number) => {
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
      writeFileSync(join(path, ballast), Buffer.alloc(bytes - free));
    },
    remove: () => unmount(path),
  };
}

/** A folder that this user cannot write into: root can everywhere but on a read-only file system. */
export function readOnlyFolder(path: string) {
  mkdirSync(path);
  if (NO_MOUNT !== undefined) chmodSync(path, 0o555);
  else if (!mount(path, 'ro')) throw new Error(`cannot mount a tmpfs at ${path}`);
  const remove = (): void => (NO_MOUNT === undefined ? unmount(path) : rmSync(path, { recursive: true }));
  return { path, remove };
}
