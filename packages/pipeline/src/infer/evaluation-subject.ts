// What is evaluated – a checkpoint and what its network says about the test split – and what an evaluation comes down to.
import type { Statement } from '../report/page.ts';
import type { Checkpoint } from '../train/checkpoint.ts';
import type { RunDirectory } from '../train/run-directory.ts';
import type { SplitLogits } from '../train/validate.ts';

export interface EvaluationSubject {
  readonly run: RunDirectory;
  /** File of the checkpoint. */
  readonly path: string;
  readonly checkpoint: Checkpoint;
  /** Of the test split. */
  readonly logits: SplitLogits;
}

/** What an evaluation comes down to; all of it is in the run's `evaluation/evaluation.json`. */
export interface EvaluatedRun {
  /** For people: never the accuracy alone. */
  readonly headline: readonly string[];
  /** For machines: the flat results of `train` and `evaluate` with --json. */
  readonly summary: Readonly<Record<string, unknown>>;
  /** How all this was measured, in words; travels with an exported model. */
  readonly measured: readonly Statement[];
}

/** Resamples behind every interval. */
export const RESAMPLES = 2000;
