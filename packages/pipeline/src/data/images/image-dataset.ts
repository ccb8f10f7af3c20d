// A data set of labelled images, with the same loaders as one of crops.
import type { Config } from '../../config/index.ts';
import { partLoader, type BaseDataset } from '../part-loader.ts';
import { splitImages } from './image-split.ts';
import type { LabelledImages } from './labelled-images.ts';

export interface ImageDataset extends BaseDataset {
  readonly kind: 'images';
  readonly images: LabelledImages;
  readonly classes: readonly string[];
}

/** @throws {SpatterError} SPLIT_IMPOSSIBLE. */
export function imageDataset(config: Config, images: LabelledImages): ImageDataset {
  const { train, val, test, seed } = config.data.split;
  const { root, size, channels, planes, labels, classes, hash } = images;
  const split = splitImages(images, [train, val, test], seed);
  const slots = Uint32Array.from(labels, (_, row) => row);
  const cache = { path: root, size, channels, data: planes, slots };
  return {
    kind: 'images',
    images,
    classes,
    labels,
    split,
    basis: { split: split.contract.kind, val_leak_share: null, leak_share: null },
    notices: images.notices ?? [],
    description: { hash, images: labels.length, classes, root },
    loader: (part) => partLoader(config, { cache, labels, split }, part),
  };
}
