// Checkpoints: one safetensors file holds the whole state, and where training stood in its metadata.
import { readFileSync } from 'node:fs';
import { loadSafetensors, saveSafetensors, TensorError, type State } from '@spatter/tensor';
import { writeFileAtomic } from '../util/atomic.ts';
import { SpatterError, fromSystemError } from '../util/errors.ts';
import type { Progress } from './progress.ts';

export interface Checkpoint {
  readonly state: State;
  readonly progress: Progress;
}

/**
 * Writes a checkpoint whole or not at all. Parameters carry PyTorch's `state_dict` names at the top level, optimiser
 * tensors lie under `optimizer.`; the bytes depend only on `state` and `progress`.
 */
export function saveCheckpoint(path: string, { state, progress }: Checkpoint): void {
  writeFileAtomic(
    path,
    saveSafetensors(state, { format: 'pt', 'spatter.progress': JSON.stringify(progress) }),
  );
}

/** @throws {SpatterError} FILE_NOT_FOUND, or CHECKPOINT_DAMAGED when the file is no checkpoint of ours. */
export function loadCheckpoint(path: string): Checkpoint {
  const { tensors, metadata } = readTensors(path);
  const text = metadata['spatter.progress'];
  if (text === undefined) {
    const message = `${path} must be a training checkpoint, but holds weights only (no spatter.progress)`;
    throw new SpatterError('CHECKPOINT_DAMAGED', message, 'name a file from a run directory');
  }
  return { state: tensors, progress: parseProgress(text, path) };
}

function parseProgress(text: string, path: string): Progress {
  try {
    return JSON.parse(text) as Progress;
  } catch (error) {
    throw damaged(path, 'its spatter.progress is no JSON', error);
  }
}

function readTensors(path: string): ReturnType<typeof loadSafetensors> {
  try {
    return loadSafetensors(readFileSync(path), path);
  } catch (error) {
    if (error instanceof TensorError) throw damaged(path, error.message, error);
    throw fromSystemError(error, path);
  }
}

function damaged(path: string, what: string, cause: unknown): SpatterError {
  const message = what.includes(path) ? what : `${path} must be a whole checkpoint, but ${what}`;
  const hint = 'name another checkpoint of the run, or a copy that is whole';
  return new SpatterError('CHECKPOINT_DAMAGED', message, hint, { cause });
}
