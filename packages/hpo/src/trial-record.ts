// What a storage knows of a trial and of a study: plain data that never changes once handed out.
import { contains, toInternal, type Distribution, type ParamValue } from './distributions.ts';
import { HpoError } from './errors.ts';
import type { Json } from './python-json.ts';

/** Optuna's states, in the order of its numbers 0…4. */
export const TRIAL_STATES = ['RUNNING', 'COMPLETE', 'PRUNED', 'FAIL', 'WAITING'] as const;
export type TrialState = (typeof TRIAL_STATES)[number];

export const DIRECTIONS = ['minimize', 'maximize'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export type Attributes = Readonly<Record<string, Json>>;
export type Params = Readonly<Record<string, ParamValue>>;

/** One trial as it stood when it was read. `number` counts from 0 in its study; `id` is unique in its storage. */
export interface FrozenTrial {
  readonly id: number;
  readonly number: number;
  readonly state: TrialState;
  /** One value per objective; may be infinite, never NaN. */
  readonly values: readonly number[] | undefined;
  readonly startedAt: Date | undefined;
  readonly completedAt: Date | undefined;
  readonly params: Params;
  readonly distributions: Readonly<Record<string, Distribution>>;
  readonly userAttrs: Attributes;
  readonly systemAttrs: Attributes;
  /** Step → reported value, which may be NaN. */
  readonly intermediateValues: ReadonlyMap<number, number>;
}

/** What a new trial starts from: any part may be left out. */
export type TrialTemplate = Partial<Omit<FrozenTrial, 'id' | 'number'>>;

export interface FrozenStudy {
  readonly id: number;
  readonly name: string;
  readonly directions: readonly Direction[];
  readonly userAttrs: Attributes;
  readonly systemAttrs: Attributes;
}

export function isFinished(state: TrialState): boolean {
  return state === 'COMPLETE' || state === 'PRUNED' || state === 'FAIL';
}

/** The largest reported step. */
export function lastStep(trial: FrozenTrial): number | undefined {
  return trial.intermediateValues.size === 0 ? undefined : Math.max(...trial.intermediateValues.keys());
}

const CONSTRAINTS = 'constraints';

/** The system attribute that holds one named constraint (Optuna ≥ 5). */
export function constraintKey(name: string): string {
  return `${CONSTRAINTS}:${name}`;
}

/** A trial's constraint values by name; a value above 0 is a violation. Lists of Optuna before 5 get their index as name. */
export function constraintsOf(trial: FrozenTrial): Readonly<Record<string, number>> {
  const listed = trial.systemAttrs[CONSTRAINTS];
  const old = Array.isArray(listed) ? listed.map((value, i) => [String(i), Number(value)] as const) : [];
  const named = Object.entries(trial.systemAttrs)
    .filter(([key]) => key.startsWith(`${CONSTRAINTS}:`))
    .map(([key, value]) => [key.slice(CONSTRAINTS.length + 1), Number(value)] as const);
  return Object.fromEntries([...old, ...named]);
}

/** The sum of a trial's violated constraints: 0 when it is feasible. */
export function violation(trial: FrozenTrial): number {
  let sum = VIOLATIONS.get(trial);
  if (sum === undefined) {
    sum = Object.values(constraintsOf(trial)).reduce((total, value) => total + Math.max(0, value), 0);
    VIOLATIONS.set(trial, sum);
  }
  return sum;
}

/** Records never change, and models ask for every trial's violation again and again. */
const VIOLATIONS = new WeakMap<FrozenTrial, number>();

/** Values with every objective turned into one to minimise. */
export function losses(trial: FrozenTrial, directions: readonly Direction[]): number[] {
  return directions.map((direction, i) => {
    const value = trial.values?.[i] ?? Infinity;
    return direction === 'maximize' ? -value : value;
  });
}

/** Throws INVALID_ARGUMENT unless a template could be a trial of a study with `objectives` objectives. */
export function requireTemplate(template: TrialTemplate, objectives: number): void {
  const fail = (message: string): never => {
    throw new HpoError('INVALID_ARGUMENT', message, 'correct the trial that is added');
  };
  const { params = {}, distributions = {}, values, state } = template;
  if (Object.keys(params).sort().join('\0') !== Object.keys(distributions).sort().join('\0')) {
    fail('params and distributions must have the same names');
  }
  for (const [name, distribution] of Object.entries(distributions)) {
    if (!contains(distribution, toInternal(distribution, params[name]!)))
      fail(`${name} must lie in its distribution`);
  }
  if (values !== undefined && (values.length !== objectives || values.some(Number.isNaN))) {
    fail(`${objectives} values that are not NaN must be given, but got ${values.join(', ')}`);
  }
  if (state === 'COMPLETE' && values === undefined) fail('a COMPLETE trial must have values');
}
