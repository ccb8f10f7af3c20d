// The document that `spatter evaluate` writes: the evaluation, and everything that says what it was measured on.
import type { IndexOrder } from '../data/index-order.ts';
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
  /** How the rows of the index are ordered; null for a split that does not go by it. */
  readonly index_order: IndexOrder | null;
  /** How all this was measured, in words; travels with an exported model. */
  readonly measured: readonly Statement[];
}
