// `spatter data verify`: re-checks what extractions wrote.
import { Command } from 'commander';
import { findRecords, verifyExtraction, type Verification } from '../../extract/verify-extraction.ts';
import { action, type Context, type Result } from '../context.ts';

const EXAMPLES = `
Examples:
  $ spatter data verify data/                       # every extraction in and below the folder
  $ spatter data verify data/build7_extraction.json --json

Checks that the ledger adds up, that no file changed since it was written, and that crops, sidecar, frame log, layers and
tracks agree: every JPEG is decoded and compared with its line. The exit code is 1 when anything is wrong.`;

export function dataVerifyCommand(): Command {
  return new Command('verify')
    .description('re-check extractions: ledger, digests, crops against sidecar and logs')
    .argument('<records...>', 'folders, or <video>_extraction.json files')
    .addHelpText('after', EXAMPLES)
    .action(action(run));
}

async function run(context: Context, _: object, inputs: readonly string[]): Promise<Result> {
  const results: Verification[] = [];
  for (const record of findRecords(inputs)) {
    const progress = context.progress('verify', 0, 'crops');
    try {
      results.push(await verifyExtraction(record, progress));
    } finally {
      progress.stop();
    }
    for (const line of lines(results.at(-1)!)) context.print(line);
  }
  const wrong = results.filter(({ problems }) => problems.length > 0).length;
  if (wrong > 0) process.exitCode = 1;
  return { verified: results.length - wrong, wrong, extractions: results };
}

/** Problems beyond these are only counted. */
const SHOWN = 20;

function lines({ record, crops, problems }: Verification): string[] {
  if (problems.length === 0) return [`ok     ${record}: all accounted for, ${crops} crops compared`];
  const rest = problems.length > SHOWN ? [`       … and ${problems.length - SHOWN} more`] : [];
  return [`WRONG  ${record}`, ...problems.slice(0, SHOWN).map((problem) => `       ${problem}`), ...rest];
}
