// What TPE looks at of a study's trials, in columns by trial number: a record is read once, not for every suggestion.
import { toInternal, type Distribution, type ParamValue } from '../distributions.ts';
import { violation, type FrozenTrial, type Params } from '../trial-record.ts';

/** Kinds of rows: what was observed of a trial, and nothing yet of one that runs. */
export const KIND = { none: 0, complete: 1, pruned: 2, infeasible: 3, running: 4 } as const;

/** Grows with its study. Rows of another study's trials are read again, so that one table may serve several. */
export class TrialTable {
  readonly #paramsOf: (trial: FrozenTrial) => Params;
  readonly #records: FrozenTrial[] = [];
  readonly #distributions = new Map<string, Distribution>();
  readonly #columns = new Map<string, Float64Array>();
  #kinds = new Uint8Array(64);
  #values = new Float64Array(64);

  /** `paramsOf` gives the parameters that count for a trial, also those that it has not used yet. */
  constructor(paramsOf: (trial: FrozenTrial) => Params) {
    this.#paramsOf = paramsOf;
  }

  /** {@link KIND} of each row. */
  get kinds(): Uint8Array {
    return this.#kinds;
  }

  /** The first objective's value in each row that is complete. */
  get values(): Float64Array {
    return this.#values;
  }

  /** Internal values of a parameter in each row; NaN where the trial has none. */
  column(name: string): Float64Array {
    const column = this.#columns.get(name) ?? new Float64Array(this.#kinds.length).fill(NaN);
    this.#columns.set(name, column);
    return column;
  }

  record(number: number): FrozenTrial {
    return this.#records[number]!;
  }

  /** Reads what is new among completed, pruned and running trials. */
  read(trials: readonly FrozenTrial[]): void {
    const running: FrozenTrial[] = [];
    for (const trial of trials) {
      if (this.#records[trial.number] === trial) continue;
      if (trial.state === 'RUNNING') running.push(trial);
      else if (trial.state === 'COMPLETE' || trial.state === 'PRUNED') this.#add(trial, kindOf(trial));
    }
    // Last: what a running trial has not used yet is known from others' distributions.
    for (const trial of running) this.#add(trial, KIND.running);
  }

  #add(trial: FrozenTrial, kind: number): void {
    const { number } = trial;
    if (number >= this.#kinds.length) this.#grow(2 * number);
    this.#records[number] = trial;
    this.#kinds[number] = kind;
    this.#values[number] = trial.values?.[0] ?? NaN;
    for (const column of this.#columns.values()) column[number] = NaN;
    for (const [name, value] of Object.entries(this.#paramsOf(trial))) {
      const distribution = trial.distributions[name] ?? this.#distributions.get(name);
      if (distribution === undefined) continue;
      this.#distributions.set(name, distribution);
      this.column(name)[number] = internalValue(distribution, value);
    }
  }

  #grow(rows: number): void {
    this.#kinds = grown(this.#kinds, new Uint8Array(rows));
    this.#values = grown(this.#values, new Float64Array(rows));
    for (const [name, column] of this.#columns)
      this.#columns.set(name, grown(column, new Float64Array(rows).fill(NaN)));
  }
}

function kindOf(trial: FrozenTrial): number {
  if (violation(trial) > 0) return KIND.infeasible;
  return trial.state === 'COMPLETE' ? KIND.complete : KIND.pruned;
}

/** `toInternal` without its checks where a number stays what it is. */
function internalValue(distribution: Distribution, value: ParamValue): number {
  return typeof value === 'number' && distribution.name !== 'CategoricalDistribution'
    ? value
    : toInternal(distribution, value);
}

function grown<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
