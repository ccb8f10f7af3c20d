// The page of `spatter data validate`: what was found, where, and what it means for scores.
import { count } from './numbers.ts';
import { renderPage, type Section, type Tone } from './page.ts';

/** `error`: do not train on this; `warning`: scores may mislead; `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** What a check of a data set says. */
export interface Finding {
  /** Stable name, such as `damaged_crop`. */
  readonly kind: string;
  readonly severity: Severity;
  /** Crops, files or rows concerned. */
  readonly count: number;
  /** One sentence. */
  readonly text: string;
  /** Where; a few of them. */
  readonly examples: readonly string[];
}

/** All that was found in a data set. */
export interface Validation {
  /** Version of the data set as it is now. */
  readonly dataset_version: string;
  /** Rows of the index, and those of them that exist. */
  readonly rows: number;
  readonly crops: number;
  /** Crops of each class. */
  readonly classes: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly warnings: number;
  /** Errors first. */
  readonly findings: readonly Finding[];
}

const TONES: Record<Severity, Tone> = { error: 'low', warning: 'unclear', note: 'muted' };

/** @param path of the index. */
export function validationPage(path: string, validation: Validation): string {
  const { findings, errors, warnings } = validation;
  const good = errors === 0;
  return renderPage({
    title: 'Is this data set what its index says?',
    subtitle: `${path}, version ${validation.dataset_version}`,
    headline: good
      ? {
          text:
            warnings === 0
              ? 'Nothing found against it'
              : 'No errors; read the warnings before you trust a score',
          tone: 'high',
        }
      : { text: 'Do not train on it before the errors are mended', tone: 'low' },
    tiles: [
      { label: 'Rows of the index', value: count(validation.rows) },
      { label: 'Crops', value: count(validation.crops) },
      ...Object.entries(validation.classes).map(([label, n]) => ({
        label: `Class ${label}`,
        value: count(n),
      })),
      { label: 'Kinds of errors', value: String(errors), tone: good ? 'plain' : 'low' },
      { label: 'Kinds of warnings', value: String(warnings) },
    ],
    measured: {
      title: 'What was found',
      statements: findings.map(({ kind, text, severity }) => ({
        topic: kind.replaceAll('_', ' '),
        text: `${text}.`,
        warn: severity !== 'note',
      })),
    },
    sections: findings.length === 0 ? [] : [{ title: 'Where', blocks: [examplesTable(findings)] }],
    footer: 'Made by spatter data validate. validation.json holds the same.',
  });
}

function examplesTable(findings: readonly Finding[]): Section['blocks'][number] {
  const rows = findings.map(({ kind, severity, count: n, examples }) => [
    { text: severity, tone: TONES[severity] },
    kind,
    count(n),
    examples.join('; ') + (examples.length < n && examples.length > 0 ? '; …' : ''),
  ]);
  return { kind: 'table', columns: ['', 'Finding', 'Number', 'Such as'], rows };
}
