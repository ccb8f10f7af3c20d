// What a model's test score is worth, for the commands that speak of the model.
import { percent } from '../report/numbers.ts';
import { basisWords } from '../report/score-basis.ts';
import type { ModelCard } from './model-card.ts';

/** Figures of the test split, as shares, with the kind of the split; null where the card does not say. */
export interface CardScores {
  readonly accuracy: number | null;
  readonly baseline: number | null;
  readonly leak: number | null;
  readonly split: string | null;
}

/** Reads the scores out of a card's evaluation. */
export function cardScores({ evaluation }: Pick<ModelCard, 'evaluation'>): CardScores {
  const number = (key: string) => (typeof evaluation[key] === 'number' ? evaluation[key] : null);
  return {
    accuracy: number('test_accuracy'),
    baseline: number('best_baseline_accuracy'),
    leak: number('leak_share'),
    split: typeof evaluation['split'] === 'string' ? evaluation['split'] : null,
  };
}

/** The score of the test split with what it rests on, then every statement that limits it. */
export function measuredLines(card: Pick<ModelCard, 'evaluation' | 'measured'>): string[] {
  const { accuracy, ...basis } = cardScores(card);
  const limits = card.measured.filter(({ warn }) => warn === true);
  return [
    `the model’s test accuracy: ${accuracy === null ? 'unknown' : percent(accuracy)} (${basisWords(basis)})`,
    ...limits.map(({ topic, text }) => `  ${topic.toLowerCase()}: ${text}`),
  ];
}
