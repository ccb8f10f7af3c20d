// `spatter data diff`: what changed between two versions of a data set.
import { Command } from 'commander';
import type { DatasetDiff } from '../../data/dataset-diff.ts';
import { action, type Context, type Result } from '../context.ts';
import { DATASET_ARGUMENT, namedIndex } from '../dataset-argument.ts';

const EXAMPLES = `
Examples:
  $ spatter data diff data-monday/ data-friday/
  $ spatter data diff old/images.csv data/ --json

Crops are told apart by file, dataset and row. Bytes are compared by the checksums that spatter data index recorded; the
HDF5 files of an old version need not exist any more. Without checksums all crops are read. Run spatter data validate
first if files may have changed since. Exit code 0: the same version, 1: they differ (or the comparison failed).`;

export function dataDiffCommand(): Command {
  return new Command('diff')
    .description('compare two versions of a data set: crops added, removed, relabelled, with other bytes')
    .argument('<older>', DATASET_ARGUMENT)
    .argument('<newer>', DATASET_ARGUMENT)
    .addHelpText('after', EXAMPLES)
    .action(action(diff));
}

async function diff(context: Context, _: object, older: string, newer: string): Promise<Result> {
  const { diffDatasets } = await import('../../data/dataset-diff.ts');
  const result = await diffDatasets(namedIndex(older), namedIndex(newer), context.progress);
  for (const line of describe(result)) context.print(line);
  if (!result.same) process.exitCode = 1;
  return { ...result };
}

function describe(result: DatasetDiff): string[] {
  const { same, versions, crops } = result;
  const changes = (['added', 'removed', 'relabelled', 'changed_bytes'] as const).flatMap((kind) => {
    const { crops: n, classes, examples } = result[kind];
    if (n === 0) return [];
    const split = Object.entries(classes).map(([label, each]) => `${each} of class ${label}`);
    return [
      `${kind.replace('_', ' ')}: ${n} crops (${split.join(', ')})`,
      ...examples.map((name) => `    ${name}`),
    ];
  });
  const { moved } = result;
  const movedLine = `${moved} of the added are crops that were removed, under another file, dataset or row`;
  const sides = `${versions[0].slice(0, 16)} (${crops[0]} crops), ${versions[1].slice(0, 16)} (${crops[1]} crops)`;
  return [
    ...changes,
    ...(moved > 0 ? [movedLine] : []),
    `${same ? 'the same version' : 'different versions'}: ${sides}`,
  ];
}
