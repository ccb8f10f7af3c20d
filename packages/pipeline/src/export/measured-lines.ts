// What a model's test score is worth, in the few lines that commands print wherever they speak of the model.
import type { ModelCard } from './model-card.ts';

/** What qualifies a score most: how train and test were parted, what leaked, what a trivial rule reaches. */
const TOPICS: ReadonlySet<string> = new Set(['Split', 'Leak', 'Baselines', 'Gas or camera']);

/** The score of the test split, then what qualifies it. */
export function measuredLines({
  evaluation,
  measured,
}: Pick<ModelCard, 'evaluation' | 'measured'>): string[] {
  const { test_accuracy: accuracy } = evaluation;
  const score =
    typeof accuracy === 'number' ? [`the model’s test accuracy: ${(100 * accuracy).toFixed(1)} %`] : [];
  const qualified = measured.filter(({ topic }) => TOPICS.has(topic));
  return [
    ...score,
    ...qualified.map(
      ({ topic, text, warn }) => `  ${warn === true ? '! ' : ''}${topic.toLowerCase()}: ${text}`,
    ),
  ];
}
