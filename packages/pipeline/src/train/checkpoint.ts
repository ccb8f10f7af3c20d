// Checkpoints: one safetensors file holds the whole state, and where training stood in its metadata.
import { readFileSync } from 'node:fs';
import { loadSafetensors, saveSafetensors, type State } from '@spatter/tensor';
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
  const { tensors, metadata } = loadSafetensors(read(path), path);
  const text = metadata['spatter.progress'];
  if (text === undefined) {
    const message = `${path} must be a training checkpoint, but holds weights only (no spatter.progress)`;
    throw new SpatterError('CHECKPOINT_DAMAGED', message, 'name a file from a run directory');
  }
  return { state: tensors, progress: JSON.parse(text) as Progress };
}

/**
 * Reads a model's parameters from a safetensors file, whatever else it holds.
 * @throws {SpatterError} CHECKPOINT_DAMAGED naming what is missing, unexpected or of another shape.
 */
export function loadWeights(path: string, parameters: State): State {
  const { tensors } = loadSafetensors(read(path), path);
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith('optimizer.')));
  const wanted = [...parameters].filter(([name]) => !name.startsWith('optimizer.'));
  const faults = [
    ...wanted.flatMap(([name, { shape }]) => faultOf(name, shape, weights.get(name)?.shape)),
    ...[...weights.keys()].filter((name) => !parameters.has(name)).map((name) => `unexpected ${name}`),
  ];
  if (faults.length === 0) return weights;
  const message = `${path} must hold the parameters of the model, but: ${faults.join(', ')}`;
  throw new SpatterError(
    'CHECKPOINT_DAMAGED',
    message,
    'choose the model (model.name, model.architecture) it was made with',
  );
}

function faultOf(name: string, wanted: readonly number[], got: readonly number[] | undefined): string[] {
  if (got === undefined) return [`missing ${name}`];
  if (got.join() === wanted.join()) return [];
  return [`${name} is [${got.join(', ')}], not [${wanted.join(', ')}]`];
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fromSystemError(error, path);
  }
}
