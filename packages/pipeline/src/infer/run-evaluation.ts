// The document that `spatter evaluate` writes: the evaluation, and everything that says what it was measured on.
import type { Leak } from '../data/splits/leak.ts';
import type { SplitContract } from '../data/splits/split.ts';
import type { Evaluation } from '../metrics/evaluation.ts';
import type { Statement } from '../report/page.ts';

export interface RunEvaluation extends Evaluation {
  readonly run_dir: string;
  readonly checkpoint: string;
  readonly dataset: Readonly<Record<string, unknown>>;
  readonly split: SplitContract;
  /** Null where the frames of the crops are not known. */
  readonly leak: Leak | null;
  /** How all this was measured, in words; travels with an exported model. */
  readonly measured: readonly Statement[];
}
