// How the crops of a run were parted, in the terms of the report.
import type { CropDataset } from '../data/crop-dataset.ts';
import { orderWords } from '../data/index-order.ts';
import type { SplitFacts } from '../report/measured.ts';

/** The split in the words of the report. */
export function splitFacts({ split, times, leak, order }: CropDataset): SplitFacts {
  const recordings = (rows: Uint32Array) => new Set(rows.map((row) => times.recording[row]!)).size;
  return {
    contract: split.contract.kind as SplitFacts['contract'],
    train_crops: split.train.length,
    test_crops: split.test.length,
    train_recordings: recordings(split.train),
    test_recordings: recordings(split.test),
    leak,
    ...(order === null ? {} : { order: orderWords(order) }),
  };
}
