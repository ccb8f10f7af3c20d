// Tracking against the real MLflow: a server opens our database, takes our runs over REST, and MlflowClient reads all back and continues one.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  openStore,
  openTracker,
  syncSpool,
  type Tracker,
  type TrackingStore,
} from '../packages/pipeline/src/tracking/index.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

const VERSION = '3.17.2';
/** MLflow without what models and pages need: the same server, quicker to install. */
const REQUIREMENTS = [
  `mlflow-skinny==${VERSION}`,
  ...['sqlalchemy', 'alembic', 'Flask<4', 'Flask-CORS', 'graphene<4', 'huey', 'aiohttp', 'numpy', 'pandas'],
];

interface PeerRun {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly start: number;
  readonly end: number | null;
  readonly params: Record<string, string>;
  readonly tags: Record<string, string>;
  readonly latest: Record<string, number | string>;
  readonly history: Record<string, [step: number, time: number, value: number | string][]>;
  readonly datasets: [name: string, digest: string, tags: Record<string, string>][];
  readonly artifacts: Record<string, string>;
}
interface Answer {
  readonly mlflow: string;
  readonly experiments: readonly string[];
  readonly runs: readonly PeerRun[];
  readonly filtered: readonly string[];
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Starts `mlflow server` on the database that spatter made; resolves when it answers. */
async function startServer(folder: string): Promise<{ address: string; stop: () => void }> {
  const program = join(dirname(pythonWith(REQUIREMENTS)), 'mlflow');
  const port = await freePort();
  const args = ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  const stores = [
    '--backend-store-uri',
    `sqlite:///${folder}/mlflow.db`,
    '--artifacts-destination',
    join(folder, 'served'),
  ];
  const env = { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false', MLFLOW_TRACKING_URI: '' };
  const server = spawn(program, [...args, ...stores], { cwd: folder, env, detached: true, stdio: 'ignore' });
  const stop = () => void process.kill(-server.pid!);
  const address = `http://127.0.0.1:${port}`;
  for (let waited = 0; waited < 180; waited++) {
    const up = await fetch(`${address}/health`).then(({ ok }) => ok, () => false); // prettier-ignore
    if (up) return { address, stop };
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  stop();
  throw new Error('mlflow server did not start within three minutes');
}

const START = 1_700_000_000_000;

/** A run with a part of its own; everything a training logs is in the first. Returns its id. */
async function logRuns(
  tracker: Tracker,
  experiment: string,
  folder: string,
  clock: { now: number },
): Promise<string> {
  clock.now = START;
  const run = tracker.startRun({
    experiment,
    name: 'parent',
    tags: { 'mlflow.user': 'ann', plain: 'ä "quoted" 50 %' },
  });
  run.logParams({
    lr: 0.001,
    'training.betas': [0.9, 0.999],
    notes: null,
    empty: '',
    long: 'x'.repeat(7000),
  });
  for (let step = 1; step <= 1500; step++) {
    clock.now = START + step;
    run.logMetrics({ loss: 1 / step, accuracy: step / 2000 }, step);
  }
  run.logMetrics({ odd: NaN }, 1);
  run.logMetrics({ odd: Infinity, 'system/memory': 1e308 }, 2);
  run.logMetrics({ odd: -Infinity }, 3);
  const dataset = {
    name: 'data',
    digest: 'f'.repeat(36),
    source: 'data',
    profile: { crops: 7 },
    context: 'training',
  };
  run.logDataset({ ...dataset, tags: { split: 'recording' } });
  const plots = join(folder, 'a plot.txt');
  writeFileSync(plots, 'drawn');
  run.logArtifacts(plots, 'plots/deep');
  clock.now = START + 5000;
  const part = tracker.startRun({ experiment, name: 'part', parent: run.id });
  part.logMetrics({ accuracy: 0.25 }, 0);
  await part.end('KILLED');
  clock.now = START + 6000;
  await run.end('FINISHED');
  return run.id;
}

/** What MlflowClient finds; it also continues the run `id`. */
function peer(uri: string, experiment: string, id: string): Answer {
  const script = join(import.meta.dirname, 'python', 'mlflow_peer.py');
  return runPython<Answer>(pythonWith(REQUIREMENTS), script, [uri, experiment, id], {
    MLFLOW_TRACKING_URI: '',
  });
}

/** What MlflowClient must say of these runs, but for the ids and tags of the server's own. */
function compare(checks: Checks, where: string, { runs, filtered }: Answer): void {
  const check = (what: string, ok: boolean, got: unknown) =>
    checks.check(`${where}: ${what}`, ok, JSON.stringify(got));
  const [run, part, ...more] = runs;
  check(
    'two runs',
    run !== undefined && part !== undefined && more.length === 0,
    runs.map(({ name }) => name),
  );
  if (run === undefined || part === undefined) return;
  const states = [run, part].map(({ name, status, start, end }) => [
    name,
    status,
    start - START,
    end! - START,
  ]);
  const wanted = [['parent', 'FINISHED', 0, 6000], ['part', 'KILLED', 5000, 5000]]; // prettier-ignore
  check('names, states and times', isDeepStrictEqual(states, wanted), states);
  const { long, ...params } = run.params;
  const kept = { lr: '0.001', 'training.betas': '[0.9,0.999]', notes: 'null', empty: '' };
  check('params', isDeepStrictEqual(params, kept) && long?.length === 6000, params);
  check('tags', run.tags['plain'] === 'ä "quoted" 50 %' && run.tags['mlflow.user'] === 'ann', run.tags);
  check('the part names its parent', part.tags['mlflow.parentRunId'] === run.id, part.tags);
  const steps = Array.from({ length: 1500 }, (_, i) => [i + 1, START + i + 1, 1 / (i + 1)]);
  check(
    '1500 points of a metric',
    isDeepStrictEqual(run.history['loss'], steps),
    run.history['loss']?.slice(0, 3),
  );
  const odd = run.history['odd']?.map(([step, , value]) => [step, value]);
  const oddWanted = [[1, 'NaN'], [2, 'Infinity'], [3, '-Infinity']]; // prettier-ignore
  check('values that are not finite', isDeepStrictEqual(odd, oddWanted), odd);
  const latest = { loss: 1 / 1500, accuracy: 0.75, odd: '-Infinity', 'system/memory': 1e308 };
  check('latest values', isDeepStrictEqual(run.latest, latest), run.latest);
  const input = [['data', 'f'.repeat(36), { 'mlflow.data.context': 'training', split: 'recording' }]];
  check('dataset', isDeepStrictEqual(run.datasets, input), run.datasets);
  check('artifacts', isDeepStrictEqual(run.artifacts, { 'plots/deep/a plot.txt': 'drawn' }), run.artifacts);
  check('search by metric and param', isDeepStrictEqual(filtered, ['parent']), filtered);
}

/** The run as MLflow continued it, read back by us. */
async function readBack(checks: Checks, where: string, store: TrackingStore, id: string): Promise<void> {
  const run = await store.run(id);
  const got = [
    run?.params['added'],
    run?.tags['continued'],
    run?.metrics['continued']?.value,
    run?.metrics['loss']?.value,
  ];
  checks.check(
    `${where}: we read what MLflow added`,
    isDeepStrictEqual(got.slice(0, 3), ['by mlflow', 'yes', 0.5]),
    JSON.stringify(got),
  );
  checks.check(
    `${where}: the point of an earlier step is not the latest`,
    got[3] === 1 / 1500,
    String(got[3]),
  );
  const artifacts = await store.artifacts(id);
  const wanted = ['notes/mlflow.txt', 'plots/deep/a plot.txt'];
  checks.check(`${where}: we list its artifacts`, isDeepStrictEqual(artifacts, wanted), artifacts.join());
  const text = await store.readArtifact(id, 'notes/mlflow.txt').then(String);
  checks.check(`${where}: we read its artifact`, text === 'from mlflow', text);
  const parts = await store.runs({ parent: id, limit: 9 });
  checks.check(
    `${where}: we find its part`,
    parts.length === 1 && parts[0]!.parent === id,
    String(parts.length),
  );
}

export async function run(checks: Checks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'spatter-mlflow-'));
  const clock = { now: START };
  const now = () => clock.now;
  const troubles: string[] = [];
  const onTrouble = (line: string): void => void troubles.push(line);
  const local = `sqlite:///${folder}/mlflow.db`;
  const track = async (uri: string, experiment: string, spool = 'spool'): Promise<string> => {
    const tracker = await openTracker(uri, {
      now,
      onTrouble,
      spool: join(folder, spool),
      access: () => ({ pauses: [100] }),
    });
    const id = await logRuns(tracker, experiment, folder, clock);
    await tracker.close();
    return id;
  };
  const ids = {
    local: await track(local, 'local'),
    spool: await track('http://127.0.0.1:9', 'spooled', 'away'),
  };
  checks.check('a server that is away is said once', troubles.length === 1, troubles.join());
  troubles.length = 0;
  const { address, stop } = await startServer(folder);
  try {
    const rest = await track(address, 'rest');
    const server = await openStore(address, { now });
    for (const wanted of [2, 0]) {
      const { runs, refused } = await syncSpool(join(folder, 'away'), server);
      checks.check(
        `replay of the spool: ${wanted} runs`,
        runs === wanted && refused.length === 0,
        `${runs} ${refused.join()}`,
      );
    }
    for (const [experiment, id] of Object.entries({ local: ids.local, rest, spooled: ids.spool })) {
      const answer = peer(address, experiment, id);
      compare(checks, `${experiment}, by MlflowClient ${answer.mlflow}`, answer);
      await readBack(checks, experiment, server, id);
    }
    await server.close();
    const later = await track(local, 'after the upgrade');
    const store = await openStore(local, { now });
    await readBack(checks, 'our database, upgraded by MLflow', store, ids.local);
    await store.close();
    compare(checks, 'logged into the upgraded database', peer(local, 'after the upgrade', later));
    checks.check('no trouble was reported', troubles.length === 0, troubles.join());
  } finally {
    stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
