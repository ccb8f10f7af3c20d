// The shortcut meter before training, in words: a table, and what a network has to beat.
import type { ShortcutSurvey } from '../metrics/measure-shortcuts.ts';
import { decimal, percent, percentRange, points, pointsRange } from './numbers.ts';
import { terminalTable } from './terminal.ts';

export const SHORTCUT_COLUMNS = [
  'Shortcut',
  'Accuracy',
  '95 % interval',
  'ROC area',
  'Over majority',
  'Interval',
];

export function shortcutRows({ scores }: ShortcutSurvey): string[][] {
  return scores.map(({ title, accuracy, interval, roc_auc, over_majority }) => [
    title,
    percent(accuracy),
    percentRange(interval),
    decimal(roc_auc),
    points(over_majority.estimate),
    pointsRange(over_majority),
  ]);
}

/** One or two sentences. */
export function shortcutSentences({
  scores,
  strongest,
  shortcut_exists,
  names_recording,
}: ShortcutSurvey): string[] {
  const best = scores.find(({ name }) => name === strongest)!;
  const bar = `A network has to be significantly better than ${percent(best.accuracy)} (${best.title.toLowerCase().replace('jpeg', 'JPEG')}) before its score says anything about the gas.`;
  const named =
    names_recording === null
      ? []
      : [`The fingerprint names the recording of ${percent(names_recording.accuracy)} of the test crops (${names_recording.recordings} recordings; the commonest alone ${percent(names_recording.chance)}).`]; // prettier-ignore
  const exists = shortcut_exists
    ? 'Shortcuts predict the label on this split without seeing a shape.'
    : scores.every(({ over_majority }) => over_majority.p === null)
      ? 'Too few groups of test crops: whether a shortcut is better than the majority class cannot be tested on this split.'
      : 'No shortcut is significantly better than the majority class on this split.';
  return [exists, bar, ...named];
}

/** Lines for the terminal. */
export function shortcutLines(survey: ShortcutSurvey): string[] {
  return [...terminalTable(SHORTCUT_COLUMNS, shortcutRows(survey)), ...shortcutSentences(survey)];
}
