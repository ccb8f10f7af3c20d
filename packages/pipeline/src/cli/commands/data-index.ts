// `spatter data index`: lists and labels the crops of HDF5 files.
import { join, relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { composeConfig } from '../../config/index.ts';
import { buildIndex, type BuiltIndex } from '../../data/build-index.ts';
import { readIndex, type CropIndex } from '../../data/crop-index.ts';
import { cacheNotices, openCache } from '../../data/open-cache.ts';
import { cropTimes } from '../../data/sidecar.ts';
import { surveySplits, type SplitSurvey } from '../../data/survey-splits.ts';
import { percent } from '../../report/numbers.ts';
import { writeFileAtomic } from '../../util/atomic.ts';
import { action, type Context, type Result } from '../context.ts';

interface IndexFlags {
  labels?: string;
  out?: string;
  seed: number;
  overwrite?: boolean;
  cache: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter data index data/*.h5                                 # labels from names such as left_low_0.h5
  $ spatter data index data/monday.h5 data/tuesday.h5 --labels 0,1
  $ spatter data index data/*.h5 --labels data/labels.csv --out data/
  $ spatter data index data/*.h5 --labels data/labels.csv --seed 7 --overwrite --json

Labels are whole numbers; 0 is low gas flow and 1 high where names tell. labels.csv has the columns file,label and, if
wanted, position,session,recording. Writes images.csv (shuffled as pandas does with the seed), unshuffled_images.csv and
recordings.csv, and splits.json: how each split would divide the crops, and how much of its test part leaks. The packed
cache (every crop decoded once) goes to .cache beside the index; --no-cache leaves it to the first training.`;

function seed(text: string): number {
  if (/^\d+$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.');
}

export function dataIndexCommand(): Command {
  return new Command('index')
    .description('list and label the crops of HDF5 files: images.csv, unshuffled_images.csv, recordings.csv')
    .argument('<files...>', 'HDF5 files as `spatter extract` writes them, in the order of the rows')
    .option('-l, --labels <labels>', 'labels in file order (0,1,0,1) or a CSV; default: from the file names')
    .option('-o, --out <dir>', 'folder for the CSVs (default: that of the first file)')
    .option('--seed <n>', 'seed of the shuffle', seed, 42)
    .option('--no-cache', 'do not build the packed cache now')
    .option('--overwrite', 'replace an earlier index')
    .addHelpText('after', EXAMPLES)
    .action(action(runIndex));
}

async function runIndex(context: Context, flags: IndexFlags, files: readonly string[]): Promise<Result> {
  const built = await buildIndex({ ...flags, files });
  for (const line of describeIndex(built, flags.labels === undefined)) context.print(line);
  const { index, recordings, paths } = built;
  const shuffled = readIndex(paths.images);
  const splits = surveySplits(shuffled, cropTimes(shuffled), flags.seed);
  writeFileAtomic(join(index.root, 'splits.json'), `${JSON.stringify(splits, null, 2)}\n`);
  for (const line of describeSplits(splits)) context.print(line);
  const enlarged = flags.cache ? await packCrops(context, index) : null;
  const classes = Object.fromEntries(crops(index.label).map(([label, count]) => [String(label), count]));
  return {
    ...{ images: paths.images, unshuffled_images: paths.unshuffled, recordings_csv: paths.recordings },
    ...{ crops: index.length, classes, seed: flags.seed, labels_inferred: flags.labels === undefined },
    ...{ splits, enlarged_crops: enlarged },
    files: index.files.map((file, i) => ({ file, label: built.labels[i]!.label })),
    recordings: recordings.map(({ name, file, label, position, session }) => {
      return { recording: name, file, label, position, session };
    }),
  };
}

/** Builds the packed cache that training with the default `data` config reads; returns the number of enlarged crops. */
async function packCrops(context: Context, index: CropIndex): Promise<number> {
  const { resize, transforms } = composeConfig({ overrides: [] }).config.data;
  const size = { resize, resizeFactor: transforms.resize_factor, channels: 1 } as const;
  const cache = await openCache(index, size, context.progress);
  for (const line of cacheNotices(cache)) context.print(line);
  return cache.enlarged;
}

function describeSplits(splits: readonly SplitSurvey[]): string[] {
  return splits.map(({ kind, contract, leak, obstacle }) => {
    if (contract === null) return `split ${kind}: not possible: ${obstacle ?? ''}`;
    const { train, val, test, dropped } = contract.rows;
    const sizes = `train ${train}, val ${val}, test ${test}${dropped > 0 ? `, dropped ${dropped}` : ''}`;
    const share = leak === null ? 'leak unknown (no sidecar)' : `leak ${percent(leak.near_share)}`;
    return `split ${kind}: ${sizes}; ${share}`;
  });
}

/** [label, number of crops] in order of the labels. */
function crops(labels: Uint8Array): [number, number][] {
  const counts = new Array<number>(256).fill(0);
  for (const label of labels) counts[label]!++;
  return counts.flatMap((count, label): [number, number][] => (count > 0 ? [[label, count]] : []));
}

function describeIndex({ index, recordings, labels, paths }: BuiltIndex, inferred: boolean): string[] {
  const perFile = index.files.map((file, i) => {
    const { label, position } = labels[i]!;
    const rows = index.file.reduce((sum, each) => sum + Number(each === i), 0);
    return `  ${file}: label ${label}, ${rows} crops${position === null ? '' : `, ${position}`}`;
  });
  const classes = crops(index.label).map(([label, count]) => `${count} of class ${label}`);
  return [
    inferred ? 'labels from the file names (--labels sets others):' : 'labels:',
    ...perFile,
    `${index.length} crops (${classes.join(', ')}) in ${recordings.length} recordings`,
    `wrote ${[paths.images, paths.unshuffled, paths.recordings].map((path) => relative('.', path)).join(', ')}`,
  ];
}
