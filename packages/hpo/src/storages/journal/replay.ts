// The state of all studies that a journal tells: entries are applied one by one, and those that break a rule are passed over, by everyone alike.
import {
  distributionFromJson,
  requireCompatible,
  toExternal,
  type Distribution,
} from '../../distributions.ts';
import { HpoError } from '../../errors.ts';
import { isFinished, TRIAL_STATES } from '../../trial-record.ts';
import type { Attributes, FrozenStudy, FrozenTrial } from '../../trial-record.ts';
import { newTrial, withUpdate } from '../apply.ts';
import type { TrialUpdate } from '../storage.ts';
import type { JournalEntry } from './journal-file.ts';

/** Optuna's operation codes. */
export const OPERATIONS = {
  createStudy: 0,
  deleteStudy: 1,
  setStudyUserAttr: 2,
  setStudySystemAttr: 3,
  createTrial: 4,
  setTrialParam: 5,
  setTrialState: 6,
  setTrialIntermediateValue: 7,
  setTrialUserAttr: 8,
  setTrialSystemAttr: 9,
} as const;

/** Studies and trials by id. Ids and numbers follow from the order of the entries. */
export class Replay {
  readonly studies = new Map<number, FrozenStudy>();
  readonly trials: FrozenTrial[] = [];
  readonly trialsOf = new Map<number, number[]>();
  readonly studyOf: number[] = [];
  #nextStudy = 0;

  apply(entry: JournalEntry): void {
    this.#rules[Number(entry['op_code'])]?.(entry);
  }

  /** By operation code. */
  readonly #rules: Readonly<Record<number, (entry: JournalEntry) => void>> = {
    [OPERATIONS.createStudy]: (entry) => this.#createStudy(entry),
    [OPERATIONS.deleteStudy]: (entry) => void this.studies.delete(Number(entry['study_id'])),
    [OPERATIONS.setStudyUserAttr]: (entry) => this.#setStudyAttr(entry, 'userAttrs', 'user_attr'),
    [OPERATIONS.setStudySystemAttr]: (entry) => this.#setStudyAttr(entry, 'systemAttrs', 'system_attr'),
    [OPERATIONS.createTrial]: (entry) => this.#createTrial(entry),
    [OPERATIONS.setTrialParam]: (entry) => this.#setParam(entry),
    [OPERATIONS.setTrialState]: (entry) => this.#setState(entry),
    [OPERATIONS.setTrialIntermediateValue]: (entry) => {
      this.#update(entry, {
        intermediateValues: new Map([[Number(entry['step']), Number(entry['intermediate_value'])]]),
      });
    },
    [OPERATIONS.setTrialUserAttr]: (entry) =>
      this.#update(entry, { userAttrs: entry['user_attr'] as Attributes }),
    [OPERATIONS.setTrialSystemAttr]: (entry) =>
      this.#update(entry, { systemAttrs: entry['system_attr'] as Attributes }),
  };

  #createStudy(entry: JournalEntry): void {
    const name = entry['study_name'] as string;
    if ([...this.studies.values()].some((study) => study.name === name)) return;
    const id = this.#nextStudy++;
    const directions = (entry['directions'] as number[]).map((code) =>
      code === 2 ? 'maximize' : 'minimize',
    );
    this.studies.set(id, { id, name, directions, userAttrs: {}, systemAttrs: {} });
    this.trialsOf.set(id, []);
  }

  #setStudyAttr(entry: JournalEntry, field: 'userAttrs' | 'systemAttrs', key: string): void {
    const study = this.studies.get(Number(entry['study_id']));
    if (study === undefined) return;
    this.studies.set(study.id, { ...study, [field]: { ...study[field], ...(entry[key] as Attributes) } });
  }

  #createTrial(entry: JournalEntry): void {
    const study = Number(entry['study_id']);
    const siblings = this.trialsOf.get(study);
    if (siblings === undefined || !this.studies.has(study)) return;
    const id = this.trials.length;
    this.trials.push(createdTrial(entry, id, siblings.length));
    siblings.push(id);
    this.studyOf[id] = study;
  }

  #setParam(entry: JournalEntry): void {
    const id = Number(entry['trial_id']);
    const [name, distribution] = [
      entry['param_name'] as string,
      distributionFromJson(entry['distribution'] as string),
    ];
    const siblings = this.trialsOf.get(this.studyOf[id] ?? -1) ?? [];
    const before = siblings.find((other) => name in this.trials[other]!.distributions);
    if (before !== undefined && !isCompatible(name, this.trials[before]!.distributions[name]!, distribution))
      return;
    this.#update(entry, {
      params: { [name]: { internal: Number(entry['param_value_internal']), distribution } },
    });
  }

  #setState(entry: JournalEntry): void {
    const id = Number(entry['trial_id']);
    const trial = this.trials[id];
    const state = TRIAL_STATES[Number(entry['state'])]!;
    if (trial === undefined || isFinished(trial.state) || (state === 'RUNNING' && trial.state === 'RUNNING'))
      return;
    const values = Array.isArray(entry['values']) ? (entry['values'] as number[]) : trial.values;
    const started = state === 'RUNNING' ? fromIso(entry['datetime_start']) : trial.startedAt;
    const completed = isFinished(state) ? fromIso(entry['datetime_complete']) : trial.completedAt;
    this.trials[id] = { ...trial, state, values, startedAt: started, completedAt: completed };
  }

  #update(entry: JournalEntry, update: TrialUpdate): void {
    const id = Number(entry['trial_id']);
    const trial = this.trials[id];
    if (trial !== undefined && !isFinished(trial.state))
      this.trials[id] = withUpdate(trial, update, new Date(0));
  }
}

function createdTrial(entry: JournalEntry, id: number, number: number): FrozenTrial {
  const texts = Object.entries((entry['distributions'] ?? {}) as Record<string, string>);
  const distributions = Object.fromEntries(texts.map(([name, text]) => [name, distributionFromJson(text)]));
  const params = Object.entries((entry['params'] ?? {}) as Record<string, number>);
  const reported = Object.entries((entry['intermediate_values'] ?? {}) as Record<string, number>);
  const single = typeof entry['value'] === 'number' ? [entry['value']] : undefined;
  const template = {
    state: TRIAL_STATES[Number(entry['state'] ?? 0)]!,
    values: Array.isArray(entry['values']) ? (entry['values'] as number[]) : single,
    startedAt: fromIso(entry['datetime_start']),
    completedAt: fromIso(entry['datetime_complete']),
    distributions,
    params: Object.fromEntries(
      params.map(([name, internal]) => [name, toExternal(distributions[name]!, internal)]),
    ),
    userAttrs: (entry['user_attrs'] ?? {}) as Attributes,
    systemAttrs: (entry['system_attrs'] ?? {}) as Attributes,
    intermediateValues: new Map(reported.map(([step, value]) => [Number(step), value])),
  };
  return newTrial(id, number, template, new Date(0));
}

function isCompatible(name: string, before: Distribution, now: Distribution): boolean {
  try {
    requireCompatible(name, before, now);
    return true;
  } catch (error) {
    if (error instanceof HpoError) return false;
    throw error;
  }
}

function fromIso(value: unknown): Date | undefined {
  return typeof value === 'string' ? new Date(value) : undefined;
}
