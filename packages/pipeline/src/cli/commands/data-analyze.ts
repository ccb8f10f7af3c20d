// `spatter data analyze`: the statistics of a data set as JSON, Markdown and a page.
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { refuseToOverwrite, writeFilesAtomic } from '../../util/atomic.ts';
import { action, type Context, type Result } from '../context.ts';
import { DATASET_ARGUMENT, namedIndex } from '../dataset-argument.ts';

interface Flags {
  readonly out?: string;
  readonly seed: number;
  readonly layerGap: number;
  readonly overwrite?: boolean;
}

const EXAMPLES = `
Examples:
  $ spatter data analyze data/
  $ spatter data analyze data/images.csv --out reports/ --overwrite

Writes analysis_report.json, ANALYSIS.md and analysis.html: crops per file and class, balance, sizes, areas, compression,
frames and layers, what each split leaks, how far shortcuts get, sample crops.`;

function whole(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

export function dataAnalyzeCommand(): Command {
  return new Command('analyze')
    .description('statistics of a data set: analysis_report.json, ANALYSIS.md and a page')
    .argument('<index>', DATASET_ARGUMENT)
    .option('-o, --out <dir>', 'folder of the reports (default: that of the index)')
    .option('--seed <n>', 'seed of splits, resampling and sample crops', whole, 42)
    .option('--layer-gap <frames>', 'frames without spatter after which a new layer begins', whole, 700)
    .option('--overwrite', 'replace earlier reports')
    .addHelpText('after', EXAMPLES)
    .action(action(analyze));
}

async function analyze(context: Context, flags: Flags, path: string): Promise<Result> {
  const index = namedIndex(path);
  const out = flags.out ?? index.root;
  const [json, markdown, page] = ['analysis_report.json', 'ANALYSIS.md', 'analysis.html'].map((name) =>
    join(out, name),
  );
  refuseToOverwrite([json!, markdown!, page!], flags.overwrite === true);
  const { analyzeDataset } = await import('../../data/analyze.ts');
  const { analysisMarkdown, analysisPage } = await import('../../data/analysis-page.ts');
  const { sampleCrops } = await import('../../data/sample-crops.ts');
  const { seed, layerGap } = flags;
  const analysed = await analyzeDataset(index, { seed, layerGap, progress: context.progress });
  const { analysis } = analysed;
  const name = join(index.root, index.name);
  writeFilesAtomic([
    [json!, `${JSON.stringify(analysis, null, 2)}\n`],
    [markdown!, analysisMarkdown(name, analysis)],
    [page!, analysisPage(name, analysed, await sampleCrops(index, seed))],
  ]);
  const { total_images, classes, recordings } = analysis.dataset_summary;
  const shares = classes.map(({ label, crops }) => `${crops} of class ${label}`).join(', ');
  context.print(
    `${total_images} crops (${shares}) in ${recordings} recordings, version ${analysis.dataset_version.slice(0, 16)}`,
  );
  context.print(`report ${page!}`);
  return { analysis_report: json!, markdown: markdown!, page: page!, ...analysis };
}
