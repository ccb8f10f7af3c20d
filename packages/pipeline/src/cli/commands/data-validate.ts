// `spatter data validate`: is the data set what its index says, and may it mislead?
import { join } from 'node:path';
import { Command } from 'commander';
import type { Validation } from '../../data/validate.ts';
import { refuseToOverwrite, writeFilesAtomic } from '../../util/atomic.ts';
import { action, type Context, type Result } from '../context.ts';
import { DATASET_ARGUMENT, namedIndex } from '../dataset-argument.ts';

interface Flags {
  readonly report?: string;
  readonly overwrite?: boolean;
  readonly strict?: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter data validate data/
  $ spatter data validate data/images.csv --report checks/
  $ spatter data validate data/ --strict --json

Checks the rows of the index against the HDF5 files, every crop's bytes against checksums.bin, and looks for damaged,
black and oddly sized crops, copies and lookalikes, uneven classes, and what a split would leak. Exit code 0 when no
errors were found (with --strict: no warnings either), 1 otherwise.`;

export function dataValidateCommand(): Command {
  return new Command('validate')
    .description('check a data set: missing, changed, damaged, black and doubled crops, balance, leaks')
    .argument('<index>', DATASET_ARGUMENT)
    .option('--report <dir>', 'write validation.json and validation.html into this folder')
    .option('--strict', 'fail on warnings too')
    .option('--overwrite', 'replace an earlier report')
    .addHelpText('after', EXAMPLES)
    .action(action(validate));
}

async function validate(context: Context, flags: Flags, path: string): Promise<Result> {
  const files = reportFiles(flags);
  refuseToOverwrite(files, flags.overwrite === true);
  const index = namedIndex(path);
  const { validateDataset } = await import('../../data/validate.ts');
  const validation = await validateDataset(index, context.progress);
  const failed = validation.errors > 0 || (flags.strict === true && validation.warnings > 0);
  await show(context, validation, failed);
  if (files.length > 0) {
    const { validationPage } = await import('../../report/validation-page.ts');
    const { pairJpegs } = await import('../../data/sample-crops.ts');
    const jpegs = await pairJpegs(index.root, validation);
    const json = `${JSON.stringify(validation, null, 2)}\n`;
    writeFilesAtomic([
      [files[0]!, json],
      [files[1]!, validationPage(join(index.root, index.name), validation, jpegs)],
    ]);
    context.print(`report ${files[1]!}`);
  }
  if (failed) process.exitCode = 1;
  return { passed: !failed, ...validation };
}

const reportFiles = ({ report }: Flags): string[] =>
  report === undefined ? [] : ['validation.json', 'validation.html'].map((name) => join(report, name));

async function show(context: Context, validation: Validation, failed: boolean): Promise<void> {
  const { terminalTable } = await import('../../report/terminal.ts');
  const { findings, rows, crops, errors, warnings, dataset_version: version } = validation;
  const table = findings.map(({ kind, severity, count }) => [severity, kind, String(count)]);
  if (table.length > 0)
    for (const line of terminalTable(['', 'finding', 'crops'], table)) context.print(line);
  for (const { severity, text, examples } of findings) {
    context.print(`${severity}: ${text}`);
    if (severity !== 'note') for (const example of examples) context.print(`    ${example}`);
  }
  context.print(`${rows} rows, ${crops} crops, version ${version.slice(0, 16)}`);
  context.print(`${failed ? 'FAILED' : 'passed'}: ${errors} kinds of errors, ${warnings} of warnings`);
}
