// `spatter data shortcuts`: how far light, size, JPEG bytes and the marks of a camera get without any network.
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ShortcutSurvey } from '../../metrics/measure-shortcuts.ts';
import { SPLITS, type SplitKind } from '../../data/splits/catalogue.ts';
import { measureLeak } from '../../data/splits/leak.ts';
import { SPLIT_GROUPS, type SplitGroup } from '../../data/splits/split.ts';
import { action, type Context, type Result } from '../context.ts';
import { DATASET_ARGUMENT, namedIndex } from '../dataset-argument.ts';

interface Flags {
  readonly split: SplitKind;
  readonly group: SplitGroup;
  readonly gap: number;
  readonly seed: number;
}

const EXAMPLES = `
Examples:
  $ spatter data shortcuts data/
  $ spatter data shortcuts data/ --split recording --group session
  $ spatter data shortcuts data/ --split random --json

Fits a rule to each shortcut on the training part of the split and judges it on the test part. What the strongest of
them reaches is what a network has to beat before its score says anything about the gas.`;

function whole(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

export function dataShortcutsCommand(): Command {
  return new Command('shortcuts')
    .description('how well brightness, size, JPEG bytes and the camera’s fingerprint alone predict the label')
    .argument('<index>', DATASET_ARGUMENT)
    .addOption(
      new Option('--split <kind>', 'how train and test are parted')
        .choices(Object.keys(SPLITS))
        .default('time-block'),
    ) // prettier-ignore
    .addOption(
      new Option('--group <what>', 'what the split recording keeps together')
        .choices(SPLIT_GROUPS)
        .default('recording'),
    ) // prettier-ignore
    .option('--gap <frames>', 'guard gap of time-block, and how near counts as leaked', whole, 50)
    .option('--seed <n>', 'seed of the split and of the resampling', whole, 42)
    .addHelpText('after', EXAMPLES)
    .action(action(shortcuts));
}

async function shortcuts(context: Context, flags: Flags, path: string): Promise<Result> {
  const index = namedIndex(path);
  const { cropTimes } = await import('../../data/sidecar.ts');
  const { surveyCrops } = await import('../../data/crop-survey.ts');
  const { surveyShortcuts } = await import('../../data/shortcut-survey.ts');
  const { requireTwoClasses } = await import('../../data/crop-index-check.ts');
  requireTwoClasses(index.label);
  const times = cropTimes(index);
  const options = { seed: flags.seed, gapFrames: flags.gap, group: flags.group };
  const split = SPLITS[flags.split]({ ...times, label: index.label }, options);
  const leak = measureLeak(split, times, flags.gap);
  const survey = surveyShortcuts(index, await surveyCrops(index, context.progress), times, split, flags.seed);
  await show(context, survey);
  const seen = leak === null ? 'leak unknown (no sidecar)' : `leak ${(100 * leak.near_share).toFixed(1)} %`;
  context.print(
    `split ${flags.split}: ${split.train.length} training crops, ${split.test.length} test crops; ${seen}`,
  );
  return { split: split.contract, leak, ...survey };
}

async function show(context: Context, survey: ShortcutSurvey): Promise<void> {
  const { shortcutLines } = await import('../../report/shortcut-words.ts');
  for (const line of shortcutLines(survey)) context.print(line);
}
