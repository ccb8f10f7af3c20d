// What an export measures besides the test split: the temperature on validation, and what known samples look like.
import { imageFeatures } from '../data/image-features.ts';
import type { Dataset } from '../data/open-dataset.ts';
import { shortcutFeatures } from '../data/shortcut-features.ts';
import type { Batch } from '../data/batch.ts';
import type { ModelCard } from '../export/exported-model.ts';
import { fitDomain, outlying, outsideShare, type FeatureColumns } from '../metrics/domain.ts';
import { fitTemperature } from '../metrics/temperature.ts';
import type { SplitLogits } from '../train/validate.ts';

/** Training samples whose features are measured at most; they come shuffled, so the first are a fair share. */
const TRAIN_SAMPLES = 20_000;

/** The temperature for the logits of the validation split. */
export function calibrationOf({ logits, labels }: SplitLogits): ModelCard['calibration'] {
  const { temperature, before, after } = fitTemperature(labels, logits, logits.length / labels.length);
  const measured = { samples: labels.length, log_loss_before: before, log_loss_after: after };
  return { temperature, fitted_on: 'val', ...measured };
}

/**
 * The ranges of the features over training and validation samples, without those in which nothing is brighter than `dark`.
 * @param side of the network's input, pixels
 */
export async function domainOf(dataset: Dataset, side: number, dark: number): Promise<ModelCard['domain']> {
  const val = await featuresOf(dataset, 'val', { side, dark, most: Infinity });
  const train = await featuresOf(dataset, 'train', { side, dark, most: TRAIN_SAMPLES });
  const both = Object.keys(val).map((name) => [
    name,
    [...Array.from(train[name]!), ...Array.from(val[name]!)],
  ]);
  const domain = fitDomain(Object.fromEntries(both) as FeatureColumns, dataset.kind === 'crops');
  return { ...domain, outside_share: outsideShare(outlying(domain, val)) };
}

async function featuresOf(
  dataset: Dataset,
  part: 'train' | 'val',
  { side, dark, most }: { side: number; dark: number; most: number },
): Promise<FeatureColumns> {
  const loader = dataset.loader(part);
  const columns: Record<string, number[]> = {};
  let seen = 0;
  try {
    for await (const batch of loader.epoch(0)) {
      const found = columnsOf(dataset, batch, [loader.shape[0], side]);
      const length = batch.x.length / batch.size;
      const shows = (_: number, i: number) => !isDark(batch.x.subarray(i * length, (i + 1) * length), dark);
      for (const [name, values] of Object.entries(found))
        (columns[name] ??= []).push(...Array.from(values).filter(shows));
      seen += batch.size;
      if (seen >= most) break;
    }
    return columns;
  } finally {
    await loader.close();
  }
}

/** Shows nothing: prediction does not judge such a crop. */
function isDark(image: Float32Array, threshold: number): boolean {
  return image.every((value) => value * 255 <= threshold);
}

function columnsOf(
  dataset: Dataset,
  { x, size, rows }: Batch,
  [channels, side]: [number, number],
): FeatureColumns {
  const seen = { ...imageFeatures(x, size, { channels, side }) };
  if (dataset.kind !== 'crops') return seen;
  const { width, height } = shortcutFeatures(dataset.cache, dataset.times.area, rows);
  return { ...seen, width, height };
}
