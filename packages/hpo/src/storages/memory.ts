// A storage in this process's memory: gone when the process ends.
import type { Json } from '../python-json.ts';
import { isFinished } from '../trial-record.ts';
import type { Direction, FrozenStudy, FrozenTrial, TrialTemplate } from '../trial-record.ts';
import { newTrial, withStart, withUpdate } from './apply.ts';
import { isFull, requireUnfinished, studyExists, studyNotFound, trialNotFound } from './storage.ts';
import type { StartedTrial, Storage, TrialUpdate } from './storage.ts';

interface Entry {
  study: FrozenStudy;
  readonly trials: FrozenTrial[];
}

/** Keeps studies in memory. Without heartbeats: when the process dies, so do its studies. */
export class MemoryStorage implements Storage {
  readonly #studies = new Map<number, Entry>();
  readonly #places = new Map<number, { entry: Entry; number: number }>();
  #lastStudy = 0;
  #lastTrial = 0;

  createStudy(name: string, directions: readonly Direction[]): Promise<number> {
    return attempt(() => {
      if (this.#named(name) !== undefined) throw studyExists(name);
      const id = ++this.#lastStudy;
      const study = { id, name, directions: [...directions], userAttrs: {}, systemAttrs: {} };
      this.#studies.set(id, { study, trials: [] });
      return id;
    });
  }

  deleteStudy(studyId: number): Promise<void> {
    return attempt(() => {
      for (const trial of this.#entry(studyId).trials) this.#places.delete(trial.id);
      this.#studies.delete(studyId);
    });
  }

  studies(): Promise<readonly FrozenStudy[]> {
    return attempt(() => Array.from(this.#studies.values(), (entry) => entry.study));
  }

  findStudy(name: string): Promise<FrozenStudy | undefined> {
    return attempt(() => this.#named(name));
  }

  setStudyAttr(studyId: number, kind: 'user' | 'system', key: string, value: Json): Promise<void> {
    return attempt(() => {
      const entry = this.#entry(studyId);
      const field = kind === 'user' ? 'userAttrs' : 'systemAttrs';
      entry.study = { ...entry.study, [field]: { ...entry.study[field], [key]: value } };
    });
  }

  createTrial(studyId: number, template?: TrialTemplate): Promise<FrozenTrial> {
    return attempt(() => this.#add(this.#entry(studyId), template));
  }

  async startTrial(studyId: number): Promise<FrozenTrial> {
    return (await this.startTrialWithin(studyId, Infinity))!.trial;
  }

  startTrialWithin(studyId: number, limit: number): Promise<StartedTrial | undefined> {
    return attempt(() => {
      const entry = this.#entry(studyId);
      const waiting = entry.trials.find((trial) => trial.state === 'WAITING');
      if (waiting === undefined && isFull(entry.trials, limit)) return undefined;
      const trial =
        waiting === undefined
          ? this.#add(entry, undefined)
          : (entry.trials[waiting.number] = withStart(waiting, new Date()));
      return { trial, trials: [...entry.trials] };
    });
  }

  updateTrial(trialId: number, update: TrialUpdate): Promise<void> {
    return attempt(() => this.#update(trialId, update));
  }

  failTrial(trialId: number, replacement?: TrialTemplate): Promise<boolean> {
    return attempt(() => {
      const { entry, number } = this.#place(trialId);
      if (isFinished(entry.trials[number]!.state)) return false;
      this.#update(trialId, { state: 'FAIL' });
      if (replacement !== undefined) this.#add(entry, replacement);
      return true;
    });
  }

  trials(studyId: number): Promise<readonly FrozenTrial[]> {
    return attempt(() => [...this.#entry(studyId).trials]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #named(name: string): FrozenStudy | undefined {
    for (const { study } of this.#studies.values()) if (study.name === name) return study;
    return undefined;
  }

  #entry(studyId: number): Entry {
    const entry = this.#studies.get(studyId);
    if (entry === undefined) throw studyNotFound(studyId);
    return entry;
  }

  #place(trialId: number): { entry: Entry; number: number } {
    const place = this.#places.get(trialId);
    if (place === undefined) throw trialNotFound(trialId);
    return place;
  }

  #update(trialId: number, update: TrialUpdate): void {
    const { entry, number } = this.#place(trialId);
    const trial = entry.trials[number]!;
    requireUnfinished(trialId, trial.state);
    entry.trials[number] = withUpdate(trial, update, new Date());
  }

  #add(entry: Entry, template: TrialTemplate | undefined): FrozenTrial {
    const trial = newTrial(++this.#lastTrial, entry.trials.length, template, new Date());
    entry.trials.push(trial);
    this.#places.set(trial.id, { entry, number: trial.number });
    return trial;
  }
}

/** A synchronous step as a promise: what it throws rejects. */
function attempt<T>(step: () => T): Promise<T> {
  return new Promise((resolve) => resolve(step()));
}
