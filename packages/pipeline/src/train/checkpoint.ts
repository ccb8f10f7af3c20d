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

/** Faults named in a message; the rest is counted. */
const SHOWN_FAULTS = 3;

/**
 * Reads a model's parameters from a safetensors file, whatever else it holds.
 * @throws {SpatterError} CHECKPOINT_DAMAGED naming what is missing, unexpected or of another shape.
 */
export function loadWeights(path: string, parameters: State): State {
  const { tensors } = readTensors(path);
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith('optimizer.')));
  const wanted = [...parameters].filter(([name]) => !name.startsWith('optimizer.'));
  const faults = [
    ...wanted.flatMap(([name, { shape }]) => faultOf(name, shape, weights.get(name)?.shape)),
    ...[...weights.keys()].filter((name) => !parameters.has(name)).map((name) => `unexpected ${name}`),
  ];
  if (faults.length === 0) return weights;
  const more = faults.length > SHOWN_FAULTS ? ` and ${faults.length - SHOWN_FAULTS} more` : '';
  const shown = faults.slice(0, SHOWN_FAULTS).join(', ');
  const message = `${path} must hold the parameters of the model, but: ${shown}${more}`;
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
