// What the relational storage needs of a database engine.

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Statements inside one transaction. Parameters are written `?`. */
export interface SqlSession {
  all(sql: string, params?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** A database engine. Transactions that fail change nothing; `write` waits for other writers and may be run again. */
export interface SqlDatabase {
  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  write<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
  readonly dialect: SqlDialect;
}

/** Where engines differ. */
export interface SqlDialect {
  /** Statements that create the schema where it is missing. */
  readonly schema: readonly string[];
  /** Ends a SELECT whose rows must stay as they are until the transaction ends. */
  readonly lock: string;
  /** As `lock`, passing over rows that others have locked. */
  readonly lockFree: string;
  /** The database's own time, as text that `age` understands. */
  readonly now: string;
  /** Seconds since a column of type `now`. */
  readonly age: (column: string) => string;
  /** Seconds since a column that holds UTC. */
  readonly ageUtc: (column: string) => string;
}
