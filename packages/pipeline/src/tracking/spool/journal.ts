// A spooled run on the disk: a folder with one line of JSON per thing logged, the files logged, and how far it was replayed.
import { appendFileSync, existsSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { placeFile } from '../local/artifact-folder.ts';
import { newId } from '../run-id.ts';
import type { Batch, DatasetInput, NewRun, RunStatus, TrackingStore } from '../store.ts';
import { writeFileAtomic } from '../../util/atomic.ts';
import { makeFolder } from '../../util/make-folder.ts';

/** One thing logged; `file` names a file in the journal's own folder. */
export type Entry =
  | { readonly op: 'createRun'; readonly run: NewRun }
  | { readonly op: 'logBatch'; readonly batch: Batch }
  | { readonly op: 'logDataset'; readonly dataset: DatasetInput }
  | { readonly op: 'logArtifact'; readonly file: string; readonly name: string }
  | { readonly op: 'updateRun'; readonly status: RunStatus; readonly endTime: number | null };

/** JSON has no NaN and no infinities: metric values that are not finite are written as texts. */
const spell = (key: string, value: unknown): unknown =>
  key === 'value' && typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
const unspell = (key: string, value: unknown): unknown =>
  key === 'value' && (value === 'NaN' || value === 'Infinity' || value === '-Infinity')
    ? Number(value)
    : value;

export class Journal {
  readonly run: string;
  readonly folder: string;
  #checked = false;

  constructor(spool: string, run: string) {
    this.run = run;
    this.folder = join(spool, run);
  }

  get exists(): boolean {
    return existsSync(this.#file);
  }

  get #file(): string {
    return join(this.folder, 'journal.jsonl');
  }

  append(entry: Entry): void {
    this.#begin();
    appendFileSync(this.#file, `${JSON.stringify(entry, spell)}\n`);
  }

  /** Keeps the file's bytes of this moment. */
  appendFile(path: string, name: string): void {
    this.#begin();
    const file = `file-${newId()}`;
    placeFile(path, join(this.folder, file));
    this.append({ op: 'logArtifact', file, name });
  }

  /** Makes the folder; drops a last line that a killed process left unfinished. */
  #begin(): void {
    makeFolder(this.folder);
    if (this.#checked) return;
    if (this.exists) {
      const bytes = readFileSync(this.#file);
      truncateSync(this.#file, bytes.lastIndexOf(10) + 1);
    }
    this.#checked = true;
  }

  /** Every whole line. */
  entries(): Entry[] {
    if (!this.exists) return [];
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line, unspell) as Entry);
  }

  /** How many entries were replayed. */
  get done(): number {
    const file = join(this.folder, 'done');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  }

  set done(count: number) {
    writeFileAtomic(join(this.folder, 'done'), String(count));
  }

  /** Forgets what was replayed, so that a long run's journal stays short. Done first: a kill in between repeats, never loses. */
  compact(): void {
    this.done = 0;
    truncateSync(this.#file);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Does one entry again in `store`. */
  async replay(entry: Entry, store: TrackingStore): Promise<void> {
    if (entry.op === 'createRun') await store.createRun(entry.run);
    if (entry.op === 'logBatch') await store.logBatch(this.run, entry.batch);
    if (entry.op === 'logDataset') await store.logDataset(this.run, entry.dataset);
    if (entry.op === 'logArtifact')
      await store.logArtifact(this.run, join(this.folder, entry.file), entry.name);
    if (entry.op === 'updateRun') await store.updateRun(this.run, entry.status, entry.endTime);
  }
}

/** The runs that wait in a spool. */
export function spooledRuns(spool: string): Journal[] {
  if (!existsSync(spool)) return [];
  const folders = readdirSync(spool, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => new Journal(spool, name)).filter((journal) => journal.exists);
}
