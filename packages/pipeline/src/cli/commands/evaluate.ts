// `spatter evaluate`: a run's best checkpoint on its test split, with everything that qualifies the score.
import { Command } from 'commander';
import { logEvaluation } from '../../infer/log-evaluation.ts';
import { openRunDirectory } from '../../train/run-directory.ts';
import { action, type Context, type Result } from '../context.ts';
import { withTracking } from '../tracking.ts';

const EXAMPLES = `
Examples:
  $ spatter evaluate runs/default_20261123_101500
  $ spatter evaluate runs/default_20261123_101500 --checkpoint last.safetensors --json

Writes evaluation/ into the run: evaluation.json, predictions.csv, report.html and its charts as SVG.`;

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measure a run on its test split: split contract, leak, baselines, intervals, plots')
    .argument('<run>', 'run directory')
    .option('--checkpoint <file>', 'a file of the run’s checkpoints (default: best.safetensors)')
    .addHelpText('after', EXAMPLES)
    .action(action(evaluateOne));
}

async function evaluateOne(
  context: Context,
  options: { checkpoint?: string },
  path: string,
): Promise<Result> {
  const { checkpoint } = options;
  const { progress } = context;
  const run = openRunDirectory(path);
  const { evaluateRun } = await import('../../infer/evaluate-run.ts');
  const evaluation = await evaluateRun(
    run,
    checkpoint === undefined ? { progress } : { progress, checkpoint },
  );
  for (const line of evaluation.headline) context.print(line);
  await withTracking(run, 'spatter evaluate', (tracking) => logEvaluation(tracking, run, evaluation.summary));
  return { ...evaluation.summary };
}
