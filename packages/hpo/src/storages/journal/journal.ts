// A storage in a journal file: the one for a shared folder without a database. Optuna's `JournalStorage` reads and writes it too.
import { randomUUID } from 'node:crypto';
import { distributionToJson, toInternal } from '../../distributions.ts';
import type { Json } from '../../python-json.ts';
import { isFinished, TRIAL_STATES } from '../../trial-record.ts';
import type { Direction, FrozenStudy, FrozenTrial, TrialTemplate } from '../../trial-record.ts';
import {
  isFull,
  requireUnfinished,
  studyExists,
  studyNotFound,
  trialNotFound,
  type Storage,
  type TrialUpdate,
  type StartedTrial,
} from '../storage.ts';
import { JournalFile, type JournalEntry } from './journal-file.ts';
import { OPERATIONS, Replay } from './replay.ts';

/** Opens a study storage in a journal file, creating it when it is missing. It has no heartbeats, as Optuna's has none. */
export function openJournal(path: string): Promise<JournalStorage> {
  return Promise.resolve(new JournalStorage(new JournalFile(path)));
}

type Operation = keyof typeof OPERATIONS;
type Fields = Readonly<Record<string, Json>>;
type Step = readonly [Operation, Fields];

/** Every change is checked and appended under the file's lock, after everything in the file has been read. */
export class JournalStorage implements Storage {
  readonly #file: JournalFile;
  readonly #replay = new Replay();
  readonly #worker = `${randomUUID()}-${process.pid}`;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: JournalFile) {
    this.#file = file;
  }

  createStudy(name: string, directions: readonly Direction[]): Promise<number> {
    return this.#change(() => {
      if (this.#named(name) !== undefined) throw studyExists(name);
      const codes = directions.map((direction) => (direction === 'maximize' ? 2 : 1));
      this.#append(['createStudy', { study_name: name, directions: codes }]);
      return this.#named(name)!.id;
    });
  }

  deleteStudy(studyId: number): Promise<void> {
    return this.#change(() => {
      this.#requireStudy(studyId);
      this.#append(['deleteStudy', { study_id: studyId }]);
    });
  }

  studies(): Promise<readonly FrozenStudy[]> {
    return this.#read(() => [...this.#replay.studies.values()]);
  }

  findStudy(name: string): Promise<FrozenStudy | undefined> {
    return this.#read(() => this.#named(name));
  }

  setStudyAttr(studyId: number, kind: 'user' | 'system', key: string, value: Json): Promise<void> {
    return this.#change(() => {
      this.#requireStudy(studyId);
      const operation = kind === 'user' ? 'setStudyUserAttr' : 'setStudySystemAttr';
      this.#append([operation, { study_id: studyId, [`${kind}_attr`]: { [key]: value } }]);
    });
  }

  createTrial(studyId: number, template?: TrialTemplate): Promise<FrozenTrial> {
    return this.#change(() => this.#create(studyId, template));
  }

  async startTrial(studyId: number): Promise<FrozenTrial> {
    return (await this.startTrialWithin(studyId, Infinity))!.trial;
  }

  startTrialWithin(studyId: number, limit: number): Promise<StartedTrial | undefined> {
    return this.#change(() => {
      this.#requireStudy(studyId);
      const { trials } = this.#replay;
      const waiting = this.#replay.trialsOf.get(studyId)!.find((id) => trials[id]!.state === 'WAITING');
      if (waiting === undefined) {
        if (isFull(this.#trialsOf(studyId), limit)) return undefined;
        return { trial: this.#create(studyId), trials: this.#trialsOf(studyId) };
      }
      this.#append([
        'setTrialState',
        { trial_id: waiting, state: 0, values: null, datetime_start: iso(new Date()) },
      ]);
      return { trial: trials[waiting]!, trials: this.#trialsOf(studyId) };
    });
  }

  updateTrial(trialId: number, update: TrialUpdate): Promise<void> {
    return this.#change(() => {
      requireUnfinished(trialId, this.#trial(trialId).state);
      this.#append(...updateSteps(trialId, update));
    });
  }

  failTrial(trialId: number, replacement?: TrialTemplate): Promise<boolean> {
    return this.#change(() => {
      if (isFinished(this.#trial(trialId).state)) return false;
      const queue: Step[] =
        replacement === undefined ? [] : [createStep(this.#replay.studyOf[trialId]!, replacement)];
      this.#append(...updateSteps(trialId, { state: 'FAIL' }), ...queue);
      return true;
    });
  }

  trials(studyId: number): Promise<readonly FrozenTrial[]> {
    return this.#read(() => {
      this.#requireStudy(studyId);
      return this.#trialsOf(studyId);
    });
  }

  close(): Promise<void> {
    return this.#inTurn(() => Promise.resolve());
  }

  #trialsOf(studyId: number): FrozenTrial[] {
    return this.#replay.trialsOf.get(studyId)!.map((id) => this.#replay.trials[id]!);
  }

  #create(studyId: number, template?: TrialTemplate): FrozenTrial {
    this.#requireStudy(studyId);
    this.#append(createStep(studyId, template));
    return this.#replay.trials.at(-1)!;
  }

  #append(...steps: readonly Step[]): void {
    this.#file.append(
      steps.map(([operation, fields]) => ({
        op_code: OPERATIONS[operation],
        worker_id: this.#worker,
        ...fields,
      })),
    );
    this.#sync();
  }

  #sync(): void {
    for (const entry of this.#file.readNew()) this.#replay.apply(entry);
  }

  #read<T>(look: () => T): Promise<T> {
    return this.#inTurn(() => {
      this.#sync();
      return Promise.resolve(look());
    });
  }

  #change<T>(work: () => T): Promise<T> {
    return this.#inTurn(() =>
      this.#file.locked(() => {
        this.#sync();
        return work();
      }),
    );
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #named(name: string): FrozenStudy | undefined {
    return [...this.#replay.studies.values()].find((study) => study.name === name);
  }

  #requireStudy(studyId: number): void {
    if (!this.#replay.studies.has(studyId)) throw studyNotFound(studyId);
  }

  #trial(trialId: number): FrozenTrial {
    const trial = this.#replay.trials[trialId];
    if (trial === undefined) throw trialNotFound(trialId);
    return trial;
  }
}

/** With microseconds and an offset, as Python writes it. */
function iso(date: Date): string {
  return date.toISOString().replace('Z', '000+00:00');
}

function createStep(studyId: number, template?: TrialTemplate): Step {
  if (template === undefined) return ['createTrial', { study_id: studyId, datetime_start: iso(new Date()) }];
  const { state = 'RUNNING', values, startedAt, completedAt, params = {}, distributions = {} } = template;
  const searched = Object.entries(distributions);
  const fields: JournalEntry = {
    study_id: studyId,
    datetime_start: startedAt === undefined ? null : iso(startedAt),
    state: TRIAL_STATES.indexOf(state),
    value: values?.length === 1 ? values[0]! : null,
    values: values !== undefined && values.length > 1 ? values : null,
    ...(completedAt && { datetime_complete: iso(completedAt) }),
    distributions: Object.fromEntries(
      searched.map(([name, distribution]) => [name, distributionToJson(distribution)]),
    ),
    params: Object.fromEntries(
      searched.map(([name, distribution]) => [name, toInternal(distribution, params[name]!)]),
    ),
    user_attrs: template.userAttrs ?? {},
    system_attrs: template.systemAttrs ?? {},
    intermediate_values: Object.fromEntries(template.intermediateValues ?? []),
  };
  return ['createTrial', fields];
}

function updateSteps(trialId: number, update: TrialUpdate): Step[] {
  const step = (operation: Operation, fields: Fields): Step => [operation, { trial_id: trialId, ...fields }];
  const steps = Object.entries(update.params ?? {}).map(([name, { internal, distribution }]) =>
    step('setTrialParam', {
      param_name: name,
      param_value_internal: internal,
      distribution: distributionToJson(distribution),
    }),
  );
  for (const [key, value] of Object.entries(update.userAttrs ?? {}))
    steps.push(step('setTrialUserAttr', { user_attr: { [key]: value } }));
  for (const [key, value] of Object.entries(update.systemAttrs ?? {})) {
    steps.push(step('setTrialSystemAttr', { system_attr: { [key]: value } }));
  }
  for (const [at, value] of update.intermediateValues ?? []) {
    steps.push(step('setTrialIntermediateValue', { step: at, intermediate_value: value }));
  }
  const { state, values = null, completedAt = new Date() } = update;
  if (state !== undefined) {
    steps.push(
      step('setTrialState', {
        state: TRIAL_STATES.indexOf(state),
        values,
        datetime_complete: iso(completedAt),
      }),
    );
  }
  return steps;
}
