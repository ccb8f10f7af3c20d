// What the charts and the page of a sweep are drawn from: trials as plain values.

export interface SweepObjective {
  readonly name: string;
  readonly direction: 'minimize' | 'maximize';
  readonly unit: string;
}

/** A searched key. */
export interface SweepParam {
  readonly name: string;
  /** Searched on a logarithmic scale. */
  readonly log: boolean;
  /** Whole numbers only. */
  readonly whole: boolean;
  /** What is searched, from the least to the largest; null for choices. */
  readonly range: readonly [number, number] | null;
  /** Labels of its choices; null for numbers. */
  readonly choices: readonly string[] | null;
}

export interface SweepTrial {
  readonly number: number;
  readonly state: 'COMPLETE' | 'PRUNED' | 'FAIL' | 'RUNNING' | 'WAITING';
  /** One per objective; a pruned trial's is its last report. */
  readonly values: readonly number[] | null;
  /** Numbers, or the label of the choice. What was not searched in this trial is missing. */
  readonly params: Readonly<Record<string, number | string>>;
}

export type FinishedTrial = SweepTrial & { readonly values: readonly number[] };

/** Trials that completed. */
export const completed = (trials: readonly SweepTrial[]): FinishedTrial[] =>
  trials.filter((trial): trial is FinishedTrial => trial.state === 'COMPLETE' && trial.values !== null);

/** The last part of a key, or the last two where it says nothing alone (`optimizer.name`): what an axis has room for. */
export function lastPart(key: string): string {
  const parts = key.split('.');
  return parts.slice(parts.at(-1) === 'name' ? -2 : -1).join('.');
}

/** An axis of numbers shows all that is searched, also where nothing was tried. Between whole numbers it has no ticks. */
export const searchedAxis = ({ whole, range }: SweepParam) => ({
  scale: true,
  ...(range === null || range[0] === range[1] ? {} : { min: range[0], max: range[1] }),
  ...(whole ? { minInterval: 1 } : {}),
});

/** Ticks of a logarithmic axis: powers of ten, which arithmetic leaves a last digit beside. */
export const powerOfTen = (value: number): string => String(Number(value.toPrecision(3)));

/** Five significant digits at most, large counts with separators. */
export function figure(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) >= 1e4)
    return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
  return String(Number(value.toPrecision(5)));
}
