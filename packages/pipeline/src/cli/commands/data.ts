// `spatter data`: what a data set is made of. `index` lists and labels the crops of HDF5 files.
import { relative } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { buildIndex, type BuiltIndex } from '../../data/build-index.ts';
import { action, type Context, type Result } from '../context.ts';

interface IndexFlags {
  labels?: string;
  out?: string;
  seed: number;
  overwrite?: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter data index data/*.h5                                 # labels from names such as left_low_0.h5
  $ spatter data index data/monday.h5 data/tuesday.h5 --labels 0,1
  $ spatter data index data/*.h5 --labels data/labels.csv --out data/
  $ spatter data index data/*.h5 --labels data/labels.csv --seed 7 --overwrite --json

Labels are whole numbers; 0 is low gas flow and 1 high where names tell. labels.csv has the columns file,label and, if
wanted, position,session,recording. Writes images.csv (shuffled as pandas does with the seed), unshuffled_images.csv and
recordings.csv.`;

function seed(text: string): number {
  if (/^\d+$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.');
}

export function dataCommand(): Command {
  return new Command('data').description('make and inspect data sets of crops').addCommand(indexCommand());
}

function indexCommand(): Command {
  return new Command('index')
    .description('list and label the crops of HDF5 files: images.csv, unshuffled_images.csv, recordings.csv')
    .argument('<files...>', 'HDF5 files as `spatter extract` writes them, in the order of the rows')
    .option('-l, --labels <labels>', 'labels in file order (0,1,0,1) or a CSV; default: from the file names')
    .option('-o, --out <dir>', 'folder for the CSVs (default: that of the first file)')
    .option('--seed <n>', 'seed of the shuffle', seed, 42)
    .option('--overwrite', 'replace an earlier index')
    .addHelpText('after', EXAMPLES)
    .action(action(runIndex));
}

async function runIndex(context: Context, flags: IndexFlags, files: readonly string[]): Promise<Result> {
  const built = await buildIndex({ ...flags, files });
  for (const line of describeIndex(built, flags.labels === undefined)) context.print(line);
  const { index, recordings, paths } = built;
  const classes = Object.fromEntries(crops(index.label).map(([label, count]) => [String(label), count]));
  return {
    ...{ images: paths.images, unshuffled_images: paths.unshuffled, recordings_csv: paths.recordings },
    ...{ crops: index.length, classes, seed: flags.seed, labels_inferred: flags.labels === undefined },
    files: index.files.map((file, i) => ({ file, label: built.labels[i]!.label })),
    recordings: recordings.map(({ name, file, label, position, session }) => {
      return { recording: name, file, label, position, session };
    }),
  };
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
