// PostgreSQL as a study storage: the one for many machines.
import { Pool, type PoolClient } from 'pg';
import { HpoError } from '../errors.ts';
import type { SqlDatabase, SqlDialect, SqlRow, SqlSession } from './relational/database.ts';
import { RelationalStorage } from './relational/relational.ts';
import { createStatements, ENUMERATIONS } from './relational/schema.ts';

export interface PostgresOptions {
  /** Connections that this process keeps at most. Default 4. */
  readonly connections?: number;
}

/**
 * Opens a study storage in a PostgreSQL database, creating the tables that are missing. Addresses with a Python driver's
 * name (`postgresql+psycopg2://…`) work too. Throws STORAGE_UNREACHABLE.
 */
export async function openPostgres(
  address: string,
  { connections = 4 }: PostgresOptions = {},
): Promise<RelationalStorage> {
  const connectionString = address.replace(/^postgres(ql)?(\+\w+)?:/, 'postgresql:');
  const pool = new Pool({ connectionString, max: connections });
  // An idle connection that breaks is replaced by the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  try {
    (await pool.connect()).release();
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw new HpoError(
      'STORAGE_UNREACHABLE',
      `the database must be reachable: ${reason}`,
      'check the address',
      { cause: error },
    );
  }
  return RelationalStorage.open(new PostgresDatabase(pool));
}

/** Any number, the same in every process: who holds it creates tables alone. */
const SCHEMA_LOCK = 'SELECT pg_advisory_xact_lock(712067311)';

const DIALECT: SqlDialect = {
  schema: [
    SCHEMA_LOCK,
    ...Object.entries(ENUMERATIONS).map(
      ([name, values]) =>
        `DO $$ BEGIN CREATE TYPE ${name} AS ENUM (${values.map((value) => `'${value}'`).join(', ')}); ` +
        'EXCEPTION WHEN duplicate_object THEN NULL; END $$',
    ),
    ...createStatements({
      id: 'SERIAL PRIMARY KEY',
      float: 'DOUBLE PRECISION',
      datetime: 'TIMESTAMP WITHOUT TIME ZONE',
      oneOf: (enumeration) => enumeration,
    }),
  ],
  lock: ' FOR UPDATE',
  lockFree: ' FOR UPDATE SKIP LOCKED',
  // The server's own time zone, which is what Optuna's `CURRENT_TIMESTAMP` turns into in such a column.
  now: 'localtimestamp',
  age: (column) => `EXTRACT(EPOCH FROM localtimestamp - ${column})`,
  ageUtc: (column) => `EXTRACT(EPOCH FROM (now() AT TIME ZONE 'UTC') - ${column})`,
};

/** Deadlock, serialization failure, and tables or types that another process is creating. */
const PASSING = new Set(['40001', '40P01', '23505', '42P07']);
const ATTEMPTS = 5;

class PostgresDatabase implements SqlDatabase {
  readonly dialect = DIALECT;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work);
  }

  write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#transaction('BEGIN', work);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #transaction<T>(begin: string, work: (session: SqlSession) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.#pool.connect();
      try {
        return await inTransaction(client, begin, work);
      } catch (error) {
        if (attempt === ATTEMPTS || !isPassing(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** attempt * Math.random()));
      }
    }
  }
}

async function inTransaction<T>(
  client: PoolClient,
  begin: string,
  work: (session: SqlSession) => Promise<T>,
): Promise<T> {
  try {
    await client.query(begin);
    const all: SqlSession['all'] = async (sql, params = []) =>
      (await client.query<SqlRow>(numbered(sql), [...params])).rows;
    const result = await work({ all });
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    const undone = await client.query('ROLLBACK').then(
      () => true,
      () => false,
    );
    // A connection that cannot even roll back is thrown away.
    client.release(!undone);
    throw error;
  }
}

/** `?` as `$1`, `$2`, … */
function numbered(sql: string): string {
  let count = 0;
  return sql.replace(/\?/g, () => `$${++count}`);
}

function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.has(String(error.code));
}
