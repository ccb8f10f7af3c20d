// Storages by their address.
import { HpoError } from '../errors.ts';
import { openJournal } from './journal/journal.ts';
import { MemoryStorage } from './memory.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import type { Storage } from './storage.ts';

type Opener = (address: string) => Promise<Storage>;

/** The catalogue: what an address starts with, and what opens it. Optuna's addresses work too. */
const OPENERS: readonly (readonly [RegExp, Opener])[] = [
  [/^memory:$/, () => Promise.resolve(new MemoryStorage())],
  [/^journal:/, (address) => openJournal(address.slice('journal:'.length))],
  [/^sqlite:\/\/\//, (address) => openSqlite(address.slice('sqlite:///'.length))],
  [/^postgres(ql)?(\+\w+)?:\/\//, (address) => openPostgres(address)],
  [/\.(db|sqlite3?)$/, (address) => openSqlite(address)],
];

/** Opens `memory:`, `sqlite:///FILE`, `postgresql://…`, `journal:FILE` or a path that ends in .db, .sqlite or .sqlite3. Creates what is missing. */
export async function openStorage(address: string): Promise<Storage> {
  const open = OPENERS.find(([pattern]) => pattern.test(address))?.[1];
  if (open !== undefined) return open(address);
  throw new HpoError(
    'INVALID_ARGUMENT',
    `a storage address must be memory:, sqlite:///FILE, postgresql://…, journal:FILE or FILE.db, but got ${address}`,
    'correct the address',
  );
}
