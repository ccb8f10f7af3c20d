// PostgreSQL against the storage contract, on a server that is started for it.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStorage } from './open.ts';
import { openPostgres } from './postgres.ts';
import { describeStorage } from './testing/contract.ts';
import { postgresPrograms, startPostgres, type PostgresServer } from './testing/postgres-server.ts';

const installed = postgresPrograms() !== undefined;

describe.skipIf(!installed)(
  `PostgreSQL${installed ? '' : ' (skipped: the package postgresql is not installed)'}`,
  () => {
    let server: PostgresServer;
    let databases = 0;
    let address = '';
    beforeAll(async () => {
      server = (await startPostgres())!;
    });
    afterAll(() => server.stop());

    const emptyDatabase = async (): Promise<string> => {
      const client = new Client({ connectionString: server.url });
      await client.connect();
      await client.query(`CREATE DATABASE d${++databases}`);
      await client.end();
      return (address = server.url.replace(/postgres$/, `d${databases}`));
    };

    describeStorage(
      'PostgreSQL',
      async () => openPostgres(await emptyDatabase()),
      () => openStorage(address.replace('postgresql:', 'postgresql+psycopg2:')),
    );

    it('is created once when many open it at the same time', async () => {
      const url = await emptyDatabase();
      const storages = await Promise.all([1, 2, 3, 4].map(() => openPostgres(url)));
      const study = await storages[0]!.createStudy('s', ['minimize']);
      const trials = await Promise.all(
        storages.flatMap((storage) => [1, 2, 3, 4, 5].map(() => storage.startTrial(study))),
      );
      expect(trials.map((trial) => trial.number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => i),
      );
      await Promise.all(storages.map((storage) => storage.close()));
    });

    it('says when it cannot be reached', async () => {
      const nowhere = server.url.replace(/:\d+\//, ':1/');
      await expect(openPostgres(nowhere)).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    });
  },
);
