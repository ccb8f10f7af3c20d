// The page of `spatter data validate`: what was found, where, and what it means for scores.
import { count } from './numbers.ts';
import { renderPage, type Section, type Tone } from './page.ts';

/** `error`: do not train on this; `warning`: scores may mislead; `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** A crop with the part of a split that it stands in. */
export interface PartedCrop {
  readonly file: string;
  readonly dataset: string;
  readonly ds_idx: number;
  readonly label: number;
  readonly part: string;
}

/** Two crops that show the same picture and stand in two parts of a split. */
export interface PartedPair {
  readonly split: string;
  readonly crops: readonly [PartedCrop, PartedCrop];
  /** Root mean square difference at equal means, gray levels; 0 for the same bytes. */
  readonly difference: number;
}

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
  /** The worst pairs that a split parts, worst first; only where the finding is about such pairs. */
  readonly pairs?: readonly PartedPair[];
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

/** Pairs that the page draws, at most. */
const DRAWN = 12;

/** The pairs that the page draws, each once, the worst first. */
export function drawnPairs({ findings }: Pick<Validation, 'findings'>): PartedPair[] {
  const each = new Map(findings.flatMap(({ pairs = [] }) => pairs).map((pair) => [pairKey(pair), pair]));
  return [...each.values()].sort(worseFirst).slice(0, DRAWN);
}

/** Two labels are worse than one, train and test worse than other parts, then the smaller difference. */
export function worseFirst(p: PartedPair, q: PartedPair): number {
  return mildness(p) - mildness(q) || p.difference - q.difference;
}

function mildness({ crops: [a, b] }: PartedPair): number {
  const touchesBoth = [a.part, b.part].sort().join() === 'test,train';
  return 2 * Number(a.label === b.label) + Number(!touchesBoth);
}

/** Names a crop, whatever its part. */
export const cropKey = ({ file, dataset, ds_idx }: PartedCrop): string => `${file} ${dataset} row ${ds_idx}`;

const pairKey = ({ crops }: PartedPair): string => crops.map(cropKey).join(' ~ ');

/**
 * @param path of the index.
 * @param jpegs of the crops of {@link drawnPairs}, by {@link cropKey}.
 */
export function validationPage(
  path: string,
  validation: Validation,
  jpegs: ReadonlyMap<string, Uint8Array> = new Map(),
): string {
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
        text: /[.?]$/.test(text) ? text : `${text}.`,
        warn: severity !== 'note',
      })),
    },
    sections: [
      ...pairsSection(validation, jpegs),
      ...(findings.length === 0 ? [] : [{ title: 'Where', blocks: [examplesTable(findings)] }]),
    ],
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

/** Pairs side by side, each with the splits that part it. */
function pairsSection(validation: Validation, jpegs: ReadonlyMap<string, Uint8Array>): Section[] {
  const drawn = drawnPairs(validation).filter(({ crops }) => crops.every((crop) => jpegs.has(cropKey(crop))));
  if (drawn.length === 0) return [];
  const found = validation.findings.flatMap((finding) => finding.pairs ?? []);
  const pairs = drawn.map((pair) => {
    const parted = found.filter((other) => pairKey(other) === pairKey(pair));
    const sides = parted.map(({ split, crops: [a, b] }) => `split ${split}: ${a.part} and ${b.part}`);
    const [a, b] = pair.crops;
    const classes = a.label === b.label ? `both class ${a.label}` : `classes ${a.label} and ${b.label}`;
    const apart = pair.difference === 0 ? 'the same bytes' : `${pair.difference} gray levels apart`;
    return {
      pictures: pair.crops.map((crop) => ({ jpeg: jpegs.get(cropKey(crop))!, caption: cropKey(crop) })),
      caption: `${sides.join('; ')} · ${classes} · ${apart}`,
      tone: a.label === b.label ? ('unclear' as const) : ('low' as const),
    };
  });
  return [{ title: 'The same picture on two sides of a split', blocks: [{ kind: 'pairs', pairs }] }];
}
