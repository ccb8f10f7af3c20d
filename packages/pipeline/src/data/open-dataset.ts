// Opens what a config's `data` section describes, wherever the samples come from.
import type { Config } from '../config/index.ts';
import type { DataFacts } from '../config/settle.ts';
import type { ProgressFactory } from '../util/progress.ts';
import { openCropDataset, type CropDataset } from './crop-dataset.ts';
import { DATASETS } from './dataset.ts';
import { folderClasses } from './images/class-folders.ts';
import { readFolderImages } from './images/folder-images.ts';
import { readIdxImages, idxClasses } from './images/idx-images.ts';
import { imageDataset, type ImageDataset } from './images/image-dataset.ts';

export type Dataset = CropDataset | ImageDataset;

interface Source {
  /** Names of the classes, from a quick look; null where the config says how many outputs there are. */
  readonly classes: (root: string) => readonly string[] | null;
  readonly open: (config: Config, progress: ProgressFactory) => Promise<Dataset>;
}

/** The catalogue of places that samples come from. */
const SOURCES = {
  crops: { classes: () => null, open: openCropDataset },
  idx: { classes: idxClasses, open: openIdx },
  folder: { classes: folderClasses, open: openFolder },
} as const satisfies Record<(typeof DATASETS)[keyof typeof DATASETS]['source'], Source>;

/** Opens the data set of `config`. What has to be prepared or read shows its progress. */
export function openDataset(config: Config, progress: ProgressFactory): Promise<Dataset> {
  return SOURCES[DATASETS[config.data.kind].source].open(config, progress);
}

/** What a look at the data says about the network that fits them. */
export function dataFacts({ data }: Config): DataFacts {
  const { source, channels } = DATASETS[data.kind];
  return { channels, classes: SOURCES[source].classes(data.root)?.length ?? null, root: data.root };
}

function openIdx(config: Config): Promise<ImageDataset> {
  const { root, resize } = config.data;
  return Promise.resolve().then(() => imageDataset(config, readIdxImages(root, resize)));
}

async function openFolder(config: Config, progress: ProgressFactory): Promise<ImageDataset> {
  const { root, resize, kind } = config.data;
  let stop = (): void => undefined;
  const onRead = (images: number) => {
    const bar = progress('reading', images, 'images');
    stop = () => bar.stop();
    return (done: number) => bar.update(done);
  };
  try {
    const options = { size: resize, channels: DATASETS[kind].channels, onRead };
    return imageDataset(config, await readFolderImages(root, options));
  } finally {
    stop();
  }
}
