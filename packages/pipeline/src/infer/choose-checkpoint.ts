// Which checkpoint of a run stands for it: the one asked for, else the best, else the last; with the averaged weights where the run says so.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadCheckpoint, type Checkpoint } from '../train/checkpoint.ts';
import { judgedState } from '../train/step-plan.ts';
import { checkpointFolder, type RunDirectory } from '../train/run-directory.ts';
import { SpatterError } from '../util/errors.ts';

/** @throws {SpatterError} RUN_NOT_FOUND when the run has no such checkpoint. */
export function chooseCheckpoint(run: RunDirectory, name?: string): { path: string; checkpoint: Checkpoint } {
  const candidates = name === undefined ? ['best.safetensors', 'last.safetensors'] : [name];
  const paths = candidates.map((file) => join(checkpointFolder(run.path), file));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path !== undefined) {
    const checkpoint = loadCheckpoint(path);
    return { path, checkpoint: { ...checkpoint, state: judgedState(checkpoint.state, run.config) } };
  }
  const message = `${run.path} has no checkpoint ${candidates.join(' or ')} yet`;
  throw new SpatterError('RUN_NOT_FOUND', message, `train it first: spatter train --resume ${run.path}`);
}
