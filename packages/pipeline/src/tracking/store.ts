// What a place that keeps tracked runs offers: the family's interface (local database, MLflow server, spool) and its records.

/** MLflow's run states that spatter uses. */
export type RunStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** A run to begin. `id` is chosen by the caller, 32 hexadecimal digits: giving the same run again changes nothing. */
export interface NewRun {
  readonly id: string;
  /** Name of the experiment; made when missing. */
  readonly experiment: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Id of the run that this one is a part of. */
  readonly parent?: string;
}

/** One value of a metric. `value` may be NaN or infinite; `time` is milliseconds since 1970. */
export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly time: number;
}

/** What is logged together. */
export interface Batch {
  readonly params?: Readonly<Record<string, string>>;
  readonly metrics?: readonly MetricPoint[];
  readonly tags?: Readonly<Record<string, string>>;
}

/** Data that a run reads, as MLflow shows it among a run's inputs. */
export interface DatasetInput {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  /** Where the data lie: a path or an address. */
  readonly source: string;
  /** Counts and the like; JSON-able. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** What for: `training`, `validation`, `evaluation`. */
  readonly context: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A run as read back. `metrics` holds the latest point of each key: the one of largest step, then time, then value. */
export interface RunRecord {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly parent: string | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, MetricPoint>>;
  readonly datasets: readonly Pick<DatasetInput, 'name' | 'digest' | 'context'>[];
}

/** What {@link TrackingStore.runs} selects. */
export interface RunQuery {
  readonly experiment?: string;
  /** Only runs that are parts of this one. */
  readonly parent?: string;
  /** At most this many, the last started first. */
  readonly limit: number;
}

/**
 * A place that keeps runs. Every writing method is idempotent: repeated with the same arguments it changes nothing, so what
 * was interrupted can be done again. Methods throw {@link SpatterError} TRACKING_REFUSED for what will never be accepted and
 * TRACKING_UNREACHABLE for what may succeed later.
 */
export interface TrackingStore {
  /** The address as a person would write it, without credentials. */
  readonly address: string;
  createRun(run: NewRun): Promise<void>;
  /** A param keeps its first value (another is refused), a tag its last; a metric point counts once. */
  logBatch(run: string, batch: Batch): Promise<void>;
  logDataset(run: string, dataset: DatasetInput): Promise<void>;
  /** Copies the file `path` to `name` (with `/`) under the run's artifacts; replaces an earlier one of that name. */
  logArtifact(run: string, path: string, name: string): Promise<void>;
  /** Sets the state; `endTime` null while it is running. */
  updateRun(run: string, status: RunStatus, endTime: number | null): Promise<void>;
  /** The run of that id, or undefined. */
  run(id: string): Promise<RunRecord | undefined>;
  runs(query: RunQuery): Promise<RunRecord[]>;
  /** Every point of one metric by step and time. */
  history(run: string, key: string): Promise<MetricPoint[]>;
  /** Names of a run's artifacts, sorted. */
  artifacts(run: string): Promise<string[]>;
  readArtifact(run: string, name: string): Promise<Buffer>;
  close(): Promise<void>;
}
