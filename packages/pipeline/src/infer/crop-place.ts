// Where a crop of a data set lies and when it was seen, as the tables of predictions begin.
import type { CropDataset } from '../data/crop-dataset.ts';
import type { CsvValue } from '../util/csv.ts';

export const CROP_PLACE = ['file', 'dataset', 'ds_idx', 'recording', 'frame'] as const;

/** The values of {@link CROP_PLACE} for a row of the index. */
export function cropPlace({ index, times }: CropDataset, row: number): CsvValue[] {
  return [
    index.files[index.file[row]!]!,
    index.datasets[index.dataset[row]!]!,
    index.dsIdx[row]!,
    times.recordings[times.recording[row]!]!.name,
    times.frame[row]!,
  ];
}
