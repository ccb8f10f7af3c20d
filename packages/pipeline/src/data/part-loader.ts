// What every data set offers the training loop, and the loader of one of its parts.
import type { Config } from '../config/index.ts';
import type { BatchSpec } from './batch.ts';
import { createLoader, type Loader } from './loader.ts';
import type { Part, Split } from './splits/split.ts';
import type { TransformKind } from './transforms/sample.ts';

/** What scores on a data set rest on; shares are null where the frames of the crops are not known. */
export interface DataBasis {
  /** Kind of the split. */
  readonly split: string;
  /** Share of val and test crops with a training crop near in time in the same recording. */
  readonly val_leak_share: number | null;
  readonly leak_share: number | null;
}

/** Samples with labels, divided into parts. */
export interface BaseDataset {
  /** Label of every row. */
  readonly labels: Uint8Array;
  readonly split: Split;
  readonly basis: DataBasis;
  /** What a run pins: a hash over the data, and counts. JSON-able. */
  readonly description: { hash: string } & Record<string, unknown>;
  /** Lines for people about what is odd in the data. */
  readonly notices: readonly string[];
  /** Batches of one part: augmented and shuffled for `train`, in order and as `data.evaluation` says otherwise. */
  readonly loader: (part: Part) => Loader;
}

/** @throws {SpatterError} DATA_EMPTY for a part without rows. */
export function partLoader(
  { data, training, seed }: Config,
  { cache, labels, split }: Pick<BatchSpec, 'cache' | 'labels'> & { readonly split: Split },
  part: Part,
): Loader {
  const evaluation = `eval-${data.evaluation}` as const;
  const kind: TransformKind = part === 'train' ? 'train' : evaluation;
  return createLoader({
    cache,
    rows: split[part],
    labels,
    batchSize: training.batch_size,
    shuffle: part === 'train',
    seed,
    transform: { kind, resize: data.resize, rotationDegrees: data.transforms.rotation_degrees },
    prefetch: Math.max(1, data.prefetch),
  });
}
