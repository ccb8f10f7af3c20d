// The local store: the contract, several processes at once, and files that are no tracking database.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../open.ts';
import { newId } from '../run-id.ts';
import { storeContract } from '../testing/contract.ts';
import { openLocalStore } from './local-store.ts';
import { REVISION } from './schema.ts';

storeContract('local', async (folder) => {
  const store = await openLocalStore(join(folder, 'mlflow.db'), 1);
  return { writer: store, reader: () => Promise.resolve(store), close: () => store.close() };
});

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-local-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
const start = (experiment: string) => ({ id: newId(), experiment, name: 'r', startTime: 1, tags: {} });

describe('the database file', () => {
  it('is MLflow’s at a revision that it upgrades, with its experiment Default', async () => {
    const path = join(temporary(), 'deep', 'mlflow.db');
    await (await openStore(`sqlite:///${path}`, { now: () => 7 })).close();
    const database = new Database(path);
    const rows = (sql: string) => database.prepare(sql).all();
    expect(rows('SELECT version_num FROM alembic_version')).toEqual([{ version_num: REVISION }]);
    expect(rows('SELECT experiment_id, name, creation_time FROM experiments')).toEqual([
      { experiment_id: 0, name: 'Default', creation_time: 7 },
    ]);
    expect(rows(`SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table'`)).toEqual([
      { tables: 23 },
    ]);
    database.close();
  });

  it('is shared by several writers, whose experiments of one name are one', async () => {
    const path = join(temporary(), 'mlflow.db');
    const stores = await Promise.all(Array.from({ length: 4 }, () => openLocalStore(path, 1)));
    await Promise.all(stores.flatMap((store) => ['a', 'b'].map((name) => store.createRun(start(name)))));
    expect(await stores[0]!.runs({ experiment: 'b', limit: 9 })).toHaveLength(4);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('refuses what is no tracking database, and addresses that name none', async () => {
    const folder = temporary();
    writeFileSync(
      join(folder, 'text.db'),
      'no database at all, but long enough to be read as one. '.repeat(20),
    );
    const other = new Database(join(folder, 'other.db'));
    other.exec('CREATE TABLE studies (id INTEGER)');
    other.close();
    const refused = { code: 'TRACKING_REFUSED' };
    for (const name of ['text.db', 'other.db'])
      await expect(openLocalStore(join(folder, name), 1), name).rejects.toMatchObject(refused);
    await expect(openStore('ftp://host', { now: () => 1 })).rejects.toMatchObject(refused);
  });

  it('refuses to log to a deleted experiment or run', async () => {
    const path = join(temporary(), 'mlflow.db');
    const store = await openLocalStore(path, 1);
    const run = start('gone');
    await store.createRun(run);
    const database = new Database(path);
    database.exec(
      `UPDATE runs SET lifecycle_stage = 'deleted'; UPDATE experiments SET lifecycle_stage = 'deleted'`,
    );
    database.close();
    await expect(store.createRun(start('gone'))).rejects.toMatchObject({ code: 'TRACKING_REFUSED' });
    await expect(store.logBatch(run.id, { tags: { a: '1' } })).rejects.toMatchObject({
      code: 'TRACKING_REFUSED',
    });
    await store.close();
  });
});
