// `spatter sweep report`: a sweep on one self-contained page, and as a table.
import { join } from 'node:path';
import { Command } from 'commander';
import { chooseSweep } from '../../sweep/choose-plan.ts';
import type { SweepSummary } from '../../sweep/summary.ts';
import { writeFileAtomic } from '../../util/atomic.ts';
import { trialBasis } from '../../sweep/trial-attributes.ts';
import { action, type Context, type Result } from '../context.ts';

interface Options {
  readonly storage?: string;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  $ spatter sweep report runs/sweep_default_20261123_101500
  $ spatter sweep report runs/line3 --storage postgresql://spatter@db/sweeps --json

Writes report.html and trials.csv into the sweep; may be called while it still runs.`;

export function sweepReportCommand(): Command {
  return new Command('report')
    .description('draw a sweep on one page: history, importance, parallel coordinates, slices, front')
    .argument('<sweep>', 'directory of the sweep')
    .option('--storage <address>', 'where the study lies (default: as the sweep was begun)')
    .option('-o, --out <file>', 'the page (default: report.html in the sweep)')
    .addHelpText('after', EXAMPLES)
    .action(action<Options>((context, options, sweep: string) => report(context, options, sweep)));
}

async function report(context: Context, options: Options, sweep: string): Promise<Result> {
  const { readStudy } = await import('../../sweep/study.ts');
  const { reportSweep } = await import('../../sweep/sweep-report.ts');
  const { trialsCsv } = await import('../../sweep/trials-csv.ts');
  const { plan, address } = await chooseSweep({
    overrides: [],
    configDirs: [],
    resume: sweep,
    study: undefined,
    storage: options.storage ?? process.env['SPATTER_STORAGE'],
    env: process.env,
    now: new Date(),
  });
  const study = await readStudy(address, plan.study);
  try {
    const { summary, importance, html } = await reportSweep(study, plan);
    const page = options.out ?? join(sweep, 'report.html');
    writeFileAtomic(page, html);
    writeFileAtomic(join(sweep, 'trials.csv'), trialsCsv(summary));
    printTable(context, summary);
    if (summary.chosen !== null)
      context.print(`* values of the validation part: ${trialBasis(summary.chosen)}`);
    context.print(`page: ${page}`);
    return { page, ...summary, importance: importance.map((shares) => Object.fromEntries(shares)) };
  } finally {
    await study.storage.close();
  }
}

const ROWS = 15;

/** The best trials first. */
function printTable({ print }: Context, { rows, objectives, front, chosen }: SweepSummary): void {
  const sign = objectives[0]!.direction === 'maximize' ? -1 : 1;
  const done = rows.filter(({ state }) => state === 'COMPLETE');
  done.sort((a, b) => sign * (a.values![0]! - b.values![0]!));
  print(['trial', ...objectives.map(({ name }) => name.padStart(12)), ' parameters'].join(' '));
  for (const { number, values, params } of done.slice(0, ROWS)) {
    const mark = number === chosen?.number ? '*' : front.includes(number) ? '+' : ' ';
    const figures = values!.map((value) => String(Number(value.toPrecision(6))).padStart(12));
    const chosenParams = Object.entries(params).map(
      ([key, value]) => `${key.split('.').at(-1)!}=${short(value)}`,
    );
    print(`${mark}${String(number).padStart(4)} ${figures.join(' ')}  ${chosenParams.join(' ')}`);
  }
  if (done.length > ROWS) print(`… ${done.length - ROWS} more in trials.csv`);
}

const short = (value: unknown): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(3))) : String(value);
