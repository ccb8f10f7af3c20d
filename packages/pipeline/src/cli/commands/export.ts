// `spatter export`: a run's best checkpoint as ONNX with its preprocessing, checked against the trained network.
import { Command } from 'commander';
import { EXPORT_TOLERANCE } from '../../export/exported-model.ts';
import { measuredLines } from '../../export/measured-lines.ts';
import { logExport } from '../../infer/log-evaluation.ts';
import { openRunDirectory } from '../../train/run-directory.ts';
import { action, type Context, type Result } from '../context.ts';
import { withTracking } from '../tracking.ts';

interface Options {
  readonly out?: string;
  readonly checkpoint?: string;
  readonly weights?: string;
  readonly overwrite?: boolean;
  readonly licence?: string;
}

const EXAMPLES = `
Examples:
  $ spatter export runs/default_20261123_101500
  $ spatter export runs/default_20261123_101500 --out models/line-3 --overwrite
  $ spatter export runs/default_20261123_101500 --weights lenet5.safetensors

Writes model.onnx, model.json (preprocessing, threshold, calibration, labels, scores), golden crops with the outputs they must
give, and the files MLflow wants. The ONNX file is run over the whole test split first; when a probability differs by more than ${EXPORT_TOLERANCE} from the trained network’s, or a decision changes, nothing is written.`;

export function exportCommand(): Command {
  return new Command('export')
    .description('write a run’s best checkpoint as ONNX, checked against the trained network')
    .argument('<run>', 'run directory')
    .option('-o, --out <dir>', 'folder of the exported model (default: export in the run directory)')
    .option('--checkpoint <file>', 'a file of the run’s checkpoints (default: best.safetensors)')
    .option(
      '--weights <file>',
      'also write the network’s weights alone as .safetensors, for load_state_dict in PyTorch',
    )
    .option('--licence <terms>', 'terms of use, such as an SPDX identifier, for the model card')
    .option('--overwrite', 'replace an earlier export')
    .addHelpText('after', EXAMPLES)
    .action(action(exportOne));
}

async function exportOne(context: Context, options: Options, path: string): Promise<Result> {
  const { overwrite = false, ...rest } = options;
  const { exportRun } = await import('../../infer/export-run.ts');
  const run = openRunDirectory(path);
  const { model, check } = await exportRun(run, {
    ...rest,
    overwrite,
    progress: context.progress,
  });
  await withTracking(run, 'spatter export', (tracking) => logExport(tracking, run, model.folder));
  context.print(
    `exported ${model.folder}/model.onnx (${model.onnx.length} bytes), model.json and ${model.card.golden.length} golden crops`,
  );
  context.print(
    `checked on ${check.crops} test crops: probabilities within ${check.largest_difference.toExponential(1)}, ${check.decisions_changed} decisions changed`,
  );
  if (options.weights !== undefined) context.print(`weights for PyTorch: ${options.weights}`);
  for (const line of measuredLines(model.card)) context.print(line);
  return { model: model.folder, onnx_sha256: model.card.onnx_sha256, ...check };
}
