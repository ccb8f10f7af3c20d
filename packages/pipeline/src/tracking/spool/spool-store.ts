// The spool back-end: runs are written to a folder and sent to a server later.
import { resolve } from 'node:path';
import { SpatterError } from '../../util/errors.ts';
import { isLater } from '../limits.ts';
import type {
  Batch,
  DatasetInput,
  MetricPoint,
  NewRun,
  RunQuery,
  RunRecord,
  RunStatus,
  TrackingStore,
} from '../store.ts';
import { Journal, spooledRuns, type Entry } from './journal.ts';

/** A store in the folder `path`; the folder is made when something is logged. */
export function openSpoolStore(path: string): TrackingStore {
  return new SpoolStore(resolve(path));
}

/** Writes need no run of that id: it may already be on the server. Reads know only what still waits. */
export class SpoolStore implements TrackingStore {
  readonly address: string;
  readonly folder: string;
  readonly #journals = new Map<string, Journal>();

  constructor(folder: string) {
    this.folder = folder;
    this.address = `spool:${folder}`;
  }

  journal(run: string): Journal {
    const journal = this.#journals.get(run) ?? new Journal(this.folder, run);
    this.#journals.set(run, journal);
    return journal;
  }

  async createRun(run: NewRun): Promise<void> {
    if (!this.journal(run.id).exists) await this.#append(run.id, { op: 'createRun', run });
  }

  logBatch(run: string, batch: Batch): Promise<void> {
    return this.#append(run, { op: 'logBatch', batch });
  }

  logDataset(run: string, dataset: DatasetInput): Promise<void> {
    return this.#append(run, { op: 'logDataset', dataset });
  }

  logArtifact(run: string, path: string, name: string): Promise<void> {
    return Promise.resolve().then(() => this.journal(run).appendFile(path, name));
  }

  updateRun(run: string, status: RunStatus, endTime: number | null): Promise<void> {
    return this.#append(run, { op: 'updateRun', status, endTime });
  }

  run(id: string): Promise<RunRecord | undefined> {
    return Promise.resolve().then(() => recordOf(this.journal(id)));
  }

  runs({ experiment, parent, limit }: RunQuery): Promise<RunRecord[]> {
    const records = spooledRuns(this.folder)
      .map(recordOf)
      .filter((record) => record !== undefined);
    const wanted = records.filter(
      (run) => (experiment ?? run.experiment) === run.experiment && (parent ?? run.parent) === run.parent,
    );
    return Promise.resolve(wanted.sort((a, b) => b.startTime - a.startTime).slice(0, limit));
  }

  history(run: string, key: string): Promise<MetricPoint[]> {
    const points = metricsOf(this.journal(run).entries()).filter((point) => point.key === key);
    return Promise.resolve(points.sort((a, b) => Number(isLater(a, b)) - Number(isLater(b, a))));
  }

  artifacts(run: string): Promise<string[]> {
    const names = this.journal(run)
      .entries()
      .flatMap((entry) => (entry.op === 'logArtifact' ? [entry.name] : []));
    return Promise.resolve([...new Set(names)].sort());
  }

  readArtifact(run: string, name: string): Promise<Buffer> {
    const message = `the artifact ${name} of run ${run} waits in ${this.folder}`;
    return Promise.reject(
      new SpatterError('TRACKING_REFUSED', message, 'send it first: spatter tracking sync'),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #append(run: string, entry: Entry): Promise<void> {
    return Promise.resolve().then(() => this.journal(run).append(entry));
  }
}

const metricsOf = (entries: readonly Entry[]): MetricPoint[] =>
  entries.flatMap((entry) => (entry.op === 'logBatch' ? [...(entry.batch.metrics ?? [])] : []));

/** What the journal says about its run; undefined where it does not begin one. */
function recordOf(journal: Journal): RunRecord | undefined {
  const entries = journal.entries();
  const [first] = entries;
  if (first?.op !== 'createRun') return undefined;
  const { parent = null, ...run } = first.run;
  const metrics: Record<string, MetricPoint> = {};
  for (const point of metricsOf(entries)) {
    const known = metrics[point.key];
    if (known === undefined || isLater(point, known)) metrics[point.key] = point;
  }
  const batches = entries.flatMap((entry) => (entry.op === 'logBatch' ? [entry.batch] : []));
  const state = entries.findLast((entry) => entry.op === 'updateRun');
  return {
    ...run,
    parent,
    status: state?.status ?? 'RUNNING',
    endTime: state?.endTime ?? null,
    params: Object.assign({}, ...batches.map(({ params }) => params)) as Record<string, string>,
    tags: Object.assign({}, run.tags, ...batches.map(({ tags }) => tags)) as Record<string, string>,
    metrics,
    datasets: entries.flatMap((entry) => (entry.op === 'logDataset' ? [entry.dataset] : [])),
  };
}
