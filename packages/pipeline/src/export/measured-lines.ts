// What a model's test score is worth, in the few lines that commands print wherever they speak of the model.
import type { ModelCard } from './model-card.ts';

/** The score of the test split with what it rests on, then every statement that limits it. */
export function measuredLines({
  evaluation,
  measured,
}: Pick<ModelCard, 'evaluation' | 'measured'>): string[] {
  const share = (key: string): string => {
    const value = evaluation[key];
    return typeof value === 'number' ? `${(100 * value).toFixed(1)} %` : 'unknown';
  };
  const { split } = evaluation;
  const contract = typeof split === 'string' ? split : 'unknown';
  const limits = measured.filter(({ warn }) => warn === true);
  return [
    `the model’s test accuracy: ${share('test_accuracy')} (split ${contract}, leak ${share('leak_share')}, best trivial baseline ${share('best_baseline_accuracy')})`,
    ...limits.map(({ topic, text }) => `  ${topic.toLowerCase()}: ${text}`),
  ];
}
