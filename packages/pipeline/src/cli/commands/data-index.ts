// `spatter data index`: lists and labels the crops of HDF5 files.
import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { composeConfig } from '../../config/index.ts';
import type { LabelSource } from '../../data/build-index-labels.ts';
import { buildIndex, type BuiltIndex, type Inspection } from '../../data/build-index.ts';
import { slotsIn } from '../../data/crop-facts.ts';
import { readIndex, type CropIndex } from '../../data/crop-index.ts';
import { digestsOf, readDigests } from '../../data/dataset-version.ts';
import { cacheNotices, openCache } from '../../data/open-cache.ts';
import { placeCrops } from '../../data/packed-cache-plan.ts';
import { placeName } from '../../data/quarantine.ts';
import { cropTimes } from '../../data/sidecar.ts';
import { splitName, surveySplits, type SplitSurvey } from '../../data/survey-splits.ts';
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
  $ spatter data index data/*.h5            # labels of the manifest, or from names such as left_low_0.h5
  $ spatter data index data/monday.h5 data/tuesday.h5 --labels 0,1
  $ spatter data index data/*.h5 --labels data/labels.csv --out data/
  $ spatter data index data/*.h5 --labels data/labels.csv --seed 7 --overwrite --json

Labels are whole numbers; 0 is low gas flow and 1 high where names tell. Files that spatter extract wrote with a manifest
say their label or gas flow themselves. labels.csv has the columns file,label and, if wanted,
position,session,build,machine,recording. Writes images.csv (shuffled as pandas does with the seed), unshuffled_images.csv and
recordings.csv, checksums.bin (what spatter data validate compares with), and splits.json: how each split would divide the crops,
and how much of its test part leaks. The packed cache (every crop decoded once) goes to .cache beside the index; damaged
crops are found then, left out, and listed in quarantine.csv. --no-cache leaves both to the first training.`;

function seed(text: string): number {
  if (/^\d+$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.');
}

export function dataIndexCommand(): Command {
  return new Command('index')
    .description('list and label the crops of HDF5 files: images.csv, unshuffled_images.csv, recordings.csv')
    .argument('<files...>', 'HDF5 files as `spatter extract` writes them, in the order of the rows')
    .option(
      '-l, --labels <labels>',
      'labels in file order (0,1,0,1) or a CSV; default: from the files, or their names',
    )
    .option('-o, --out <dir>', 'folder for the CSVs (default: that of the first file)')
    .option('--seed <n>', 'seed of the shuffle', seed, 42)
    .option('--no-cache', 'do not build the packed cache now')
    .option('--overwrite', 'replace an earlier index')
    .addHelpText('after', EXAMPLES)
    .action(action(runIndex));
}

async function runIndex(context: Context, flags: IndexFlags, files: readonly string[]): Promise<Result> {
  const looked: Looked = { black: 0, enlarged: null };
  const inspect = (index: CropIndex) => look(context, flags.cache, index, looked);
  const built = await buildIndex({ ...flags, files, inspect });
  for (const line of describeIndex(built)) context.print(line);
  if (looked.black > 0)
    context.print(`${looked.black} crops are black: nothing in them is brighter than 20 of 255`);
  const { index, recordings, paths, version, quarantined } = built;
  const shuffled = readIndex(paths.images);
  const splits = surveySplits(shuffled, cropTimes(shuffled), flags.seed);
  writeFileAtomic(paths.splits, `${JSON.stringify(splits, null, 2)}\n`);
  for (const line of describeSplits(splits)) context.print(line);
  // The cache holds what the index lists: where crops were left out, it is made anew.
  if (flags.cache && quarantined.length > 0) await openCache(index, cacheSize(), context.progress);
  const classes = Object.fromEntries(crops(index.label).map(([label, count]) => [String(label), count]));
  return {
    ...{ images: paths.images, unshuffled_images: paths.unshuffled, recordings_csv: paths.recordings },
    ...{ crops: index.length, classes, seed: flags.seed, labels_inferred: built.labelSource !== 'given' },
    labels_from: built.labelSource,
    ...{ dataset_version: version, quarantined: quarantined.map(placeName), black_crops: looked.black },
    ...{ splits, enlarged_crops: looked.enlarged },
    files: index.files.map((file, i) => ({ file, label: built.labels[i]!.label })),
    recordings: recordings.map(({ name, file, label, position, session, build, machine, gasFlow }) => {
      const circumstances = { position, session, build, machine, gas_flow: gasFlow };
      return { recording: name, file, label, ...circumstances };
    }),
  };
}

interface Looked {
  black: number;
  /** Null where no cache was built. */
  enlarged: number | null;
}

/** Decodes every crop into the packed cache, so that damage shows before anything is written; or reads the bytes alone. */
async function look(context: Context, pack: boolean, index: CropIndex, looked: Looked): Promise<Inspection> {
  if (!pack) return { digests: await digestAll(context, index), damaged: [] };
  const options = { ...cacheSize(), residentBytes: 0, tolerant: true };
  const cache = await openCache(index, options, context.progress);
  for (const line of cacheNotices(cache)) context.print(line);
  looked.enlarged = cache.enlarged;
  looked.black = slotsIn(cache.facts, 'black').length;
  return { digests: digestsOf(cache.facts), damaged: slotsIn(cache.facts, 'damaged') };
}

async function digestAll({ progress }: Context, index: CropIndex): Promise<Uint32Array> {
  const places = placeCrops(index);
  const bar = progress('reading', places.count, 'crops');
  try {
    return await readDigests(index.root, places, (done) => bar.update(done));
  } finally {
    bar.stop();
  }
}

/** What training with the default `data` config packs. */
function cacheSize() {
  const { resize, transforms } = composeConfig({ overrides: [] }).config.data;
  return { resize, resizeFactor: transforms.resize_factor, channels: 1 } as const;
}

function describeSplits(splits: readonly SplitSurvey[]): string[] {
  return splits.map(({ kind, group, contract, leak, obstacle }) => {
    const name = splitName({ kind, group });
    if (contract === null) return `split ${name}: not possible: ${obstacle ?? ''}`;
    const { train, val, test, dropped } = contract.rows;
    const sizes = `train ${train}, val ${val}, test ${test}${dropped > 0 ? `, dropped ${dropped}` : ''}`;
    const share = leak === null ? 'leak unknown (no sidecar)' : `leak ${percent(leak.near_share)}`;
    return `split ${name}: ${sizes}; ${share}`;
  });
}

/** [label, number of crops] in order of the labels. */
function crops(labels: Uint8Array): [number, number][] {
  const counts = new Array<number>(256).fill(0);
  for (const label of labels) counts[label]!++;
  return counts.flatMap((count, label): [number, number][] => (count > 0 ? [[label, count]] : []));
}

const LABELS_FROM: Record<LabelSource, string> = {
  given: 'labels:',
  facts: 'labels from what the files say of their recordings (--labels sets others):',
  names: 'labels from the file names (--labels sets others):',
};

function describeIndex({ index, recordings, labels, paths, ...rest }: BuiltIndex): string[] {
  const perFile = index.files.map((file, i) => {
    const { label, position } = labels[i]!;
    const rows = index.file.reduce((sum, each) => sum + Number(each === i), 0);
    return `  ${file}: label ${label}, ${rows} crops${position === null ? '' : `, ${position}`}`;
  });
  const classes = crops(index.label).map(([label, count]) => `${count} of class ${label}`);
  return [
    LABELS_FROM[rest.labelSource],
    ...perFile,
    ...quarantineLines(rest),
    `${index.length} crops (${classes.join(', ')}) in ${recordings.length} recordings`,
    ...(rest.version === null ? [] : [`data set version ${rest.version.slice(0, 16)}`]),
    `wrote ${[paths.images, paths.unshuffled, paths.recordings].map((path) => relative('.', path)).join(', ')}`,
  ];
}

function quarantineLines({ quarantined }: Pick<BuiltIndex, 'quarantined'>): string[] {
  if (quarantined.length === 0) return [];
  const named = quarantined.slice(0, 3).map(placeName).join(', ');
  const more = quarantined.length > 3 ? ` and ${quarantined.length - 3} more` : '';
  return [`left out ${quarantined.length} damaged crops (${named}${more}); quarantine.csv lists them`];
}
