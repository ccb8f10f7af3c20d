// Every storage against the contract, and what is particular to one.
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import Database from 'libsql';
import { afterAll, describe, expect, it } from 'vitest';
import { openJournal } from './journal/journal.ts';
import { MemoryStorage } from './memory.ts';
import { openStorage } from './open.ts';
import { openSqlite } from './sqlite.ts';
import { describeStorage } from './testing/contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'hpo-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = (extension: string): string => join(folder, `${files++}.${extension}`);

describeStorage('memory', () => Promise.resolve(new MemoryStorage()));

let sqlite = '';
describeStorage(
  'SQLite',
  () => openSqlite((sqlite = file('db'))),
  () => openSqlite(sqlite),
);

let journal = '';
describeStorage(
  'journal',
  () => openJournal((journal = file('log'))),
  () => openStorage(`journal:${journal}`),
);

describe('journal storage', () => {
  it('survives what a killed writer leaves: half an entry, and its lock', async () => {
    const path = file('log');
    const storage = await openJournal(path);
    const study = await storage.createStudy('s', ['minimize']);
    appendFileSync(path, '{"op_code":4,"study_id":0,"dateti');
    expect(await storage.startTrial(study)).toMatchObject({ number: 0 });
    expect(await (await openJournal(path)).trials(study)).toHaveLength(1);
    symlinkSync(basename(path), `${path}.lock`);
    const waiting = storage.startTrial(study);
    unlinkSync(`${path}.lock`);
    expect(await waiting).toMatchObject({ number: 1 });
  });

  it('passes over entries that break a rule, as Optuna does', async () => {
    const path = file('log');
    const storage = await openJournal(path);
    const study = await storage.createStudy('s', ['minimize']);
    const { id } = await storage.createTrial(study, { state: 'COMPLETE', values: [1] });
    const late = { op_code: 6, worker_id: 'other', trial_id: id, state: 3, values: null };
    const twice = { op_code: 0, worker_id: 'other', study_name: 's', directions: [1] };
    appendFileSync(path, `${JSON.stringify(late)}\n${JSON.stringify(twice)}\n`);
    expect((await storage.trials(study))[0]!.state).toBe('COMPLETE');
    expect(await storage.studies()).toHaveLength(1);
  });
});

describe('SQLite storage', () => {
  it('has the tables, version and revision that Optuna looks for', async () => {
    const path = file('db');
    await (await openSqlite(path)).close();
    const database = new Database(path);
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all();
    expect(tables).toHaveLength(13);
    expect(database.prepare('SELECT version_info_id, schema_version FROM version_info').all()).toEqual([
      { version_info_id: 1, schema_version: 12 },
    ]);
    expect(database.prepare('SELECT version_num FROM alembic_version').all()).toEqual([
      { version_num: 'v3.2.0.a' },
    ]);
    database.close();
  });

  it('refuses another revision', async () => {
    const path = file('db');
    await (await openSqlite(path)).close();
    const database = new Database(path);
    database.exec("UPDATE alembic_version SET version_num = 'v9.0.0.a'");
    database.close();
    await expect(openSqlite(path)).rejects.toMatchObject({ code: 'STORAGE_SCHEMA' });
  });

  it('says when others keep it locked', async () => {
    const path = file('db');
    const storage = await openSqlite(path, { waitSeconds: 0 });
    const database = new Database(path);
    database.exec('BEGIN IMMEDIATE');
    await expect(storage.createStudy('s', ['minimize'])).rejects.toMatchObject({ code: 'STORAGE_BUSY' });
    database.exec('ROLLBACK');
    expect(await storage.createStudy('s', ['minimize'])).toBe(1);
    database.close();
    await storage.close();
  });

  it('reads only what may have changed, also with many open trials', async () => {
    const path = file('db');
    const [ours, theirs] = [await openSqlite(path), await openSqlite(path)];
    const study = await ours.createStudy('s', ['minimize']);
    for (let i = 0; i < 510; i++) await ours.createTrial(study, { state: 'WAITING' });
    expect(await ours.trials(study)).toHaveLength(510);
    for (let i = 0; i < 3; i++) await theirs.startTrial(study);
    const states = (await ours.trials(study)).slice(0, 4).map((trial) => trial.state);
    expect(states).toEqual(['RUNNING', 'RUNNING', 'RUNNING', 'WAITING']);
    await Promise.all([ours.close(), theirs.close()]);
  });
});

describe('openStorage', () => {
  it('knows its addresses', async () => {
    for (const address of ['memory:', file('db'), `sqlite:///${file('x')}`])
      await (await openStorage(address)).close();
    await expect(openStorage('mysql://host')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
