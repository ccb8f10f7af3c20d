// Where a local store keeps artifacts: paths and file addresses of MLflow, and files put there without copying where the disk allows.
import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownTemporaryPath } from '../../util/atomic.ts';
import { SpatterError, fromSystemError } from '../../util/errors.ts';
import { makeFolder } from '../../util/make-folder.ts';

/**
 * The folder that an artifact address of MLflow names.
 * @throws {SpatterError} TRACKING_REFUSED for an address elsewhere, such as `s3://` or `mlflow-artifacts:`.
 */
export function localFolder(address: string): string {
  if (address.startsWith('file:')) return fileURLToPath(address);
  if (!/^[a-z][\w+-]+:/i.test(address)) return address;
  const message = `artifacts of this experiment lie at ${address}, which the database alone does not reach`;
  throw new SpatterError(
    'TRACKING_REFUSED',
    message,
    'log through its MLflow server, or to another experiment',
  );
}

/** Files of at least this many bytes are linked where they can be. */
const LINKED = 1 << 20;

/**
 * Puts `source` at `target`, whole or not at all. Large files become hard links where both lie on one disk: runs replace
 * such files and never change them, so a link keeps the bytes of this moment and takes no space.
 */
export function placeFile(source: string, target: string): void {
  const temporary = ownTemporaryPath(target);
  try {
    makeFolder(dirname(target));
    rmSync(temporary, { force: true });
    linkOrCopy(source, temporary);
    // Renaming one link of a file onto another of the same file does nothing and would leave the first.
    rmSync(target, { force: true });
    renameSync(temporary, target);
  } catch (error) {
    throw fromSystemError(error, existsSync(source) ? target : source);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    if (statSync(source).size < LINKED) copyFileSync(source, target);
    else linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}

/** Paths of the files under `folder`, relative, with `/`, sorted. */
export function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}
