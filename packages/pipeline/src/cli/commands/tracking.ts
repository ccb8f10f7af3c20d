// `spatter tracking`: the runs of a tracking store as a table, one run in full, and sending what was spooled.
import { homedir } from 'node:os';
import { Command } from 'commander';
import {
  DEFAULT_SPOOL,
  openStore,
  serverAccess,
  syncSpool,
  type RunRecord,
  type TrackingStore,
} from '../../tracking/index.ts';
import { percent } from '../../report/numbers.ts';
import { terminalPairs, terminalTable } from '../../report/terminal.ts';
import { SpatterError } from '../../util/errors.ts';
import { action, type Context, type Result } from '../context.ts';
import { trackingUri } from '../tracking.ts';

interface StoreOptions {
  readonly uri?: string;
}
interface ListOptions extends StoreOptions {
  readonly experiment?: string;
  readonly parent?: string;
  readonly limit: string;
}

const EXAMPLES = `
Examples:
  $ spatter tracking list                                     # the last runs of mlflow.db, or of MLFLOW_TRACKING_URI
  $ spatter tracking list --experiment demo --json
  $ spatter tracking show 5af6d33ad0f942f5b24e58d3afce9c1d    # the first letters of the id are enough
  $ MLFLOW_TRACKING_URI=http://mlflow:5000 spatter tracking sync`;

const URI = 'tracking store (default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db)';

export function trackingCommand(): Command {
  return new Command('tracking')
    .description('list and show tracked runs; send runs that waited for an MLflow server')
    .addHelpText('after', EXAMPLES)
    .addCommand(
      new Command('list')
        .description('the last runs with their best figures')
        .option('--experiment <name>', 'only runs of this experiment')
        .option('--parent <run>', 'only parts of this run, such as the trials of a sweep')
        .option('--limit <n>', 'at most this many', '20')
        .option('--uri <address>', URI)
        .action(action<ListOptions>(list)),
    )
    .addCommand(
      new Command('show')
        .description('one run: state, params, metrics, tags, artifacts')
        .argument('<run>', 'id of the run, or its first letters')
        .option('--uri <address>', URI)
        .action(action<StoreOptions>(show)),
    )
    .addCommand(
      new Command('sync')
        .description('send what was spooled while the server was away; may be repeated and interrupted')
        .option('--spool <dir>', 'folder of the spool', DEFAULT_SPOOL)
        .option('--uri <address>', URI)
        .action(action<StoreOptions & { spool: string }>(sync)),
    );
}

async function withStore<T>({ uri }: StoreOptions, work: (store: TrackingStore) => Promise<T>): Promise<T> {
  const store = await openStore(trackingUri(uri ?? null), {
    now: Date.now,
    access: () => serverAccess(process.env, homedir()),
    mustExist: true,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function list(context: Context, options: ListOptions): Promise<Result> {
  const { experiment, parent } = options;
  const limit = Number(options.limit);
  if (!(Number.isInteger(limit) && limit > 0))
    throw new SpatterError(
      'USAGE',
      `--limit must be a whole number from 1, got ${options.limit}`,
      'use for example 20',
    );
  return withStore(options, async (store) => {
    const only = {
      ...(experiment === undefined ? {} : { experiment }),
      ...(parent === undefined ? {} : { parent }),
    };
    const runs = await store.runs({ ...only, limit });
    for (const line of runs.length === 0 ? [`no runs in ${store.address}`] : runTable(runs))
      context.print(line);
    return { store: store.address, runs: runs.map(summary) };
  });
}

/** The figures of a run that the table shows, where it has them: scores, and what they rest on. */
const FIGURES: Readonly<Record<string, { title: string; text: (value: number) => string }>> = {
  best_val_accuracy: { title: 'best val', text: (value) => value.toFixed(4) },
  val_accuracy: { title: 'val accuracy', text: (value) => value.toFixed(4) },
  val_loss: { title: 'val loss', text: (value) => value.toFixed(4) },
  val_leak_share: { title: 'val leak', text: (value) => percent(value) },
  test_accuracy: { title: 'test accuracy', text: (value) => value.toFixed(4) },
  leak_share: { title: 'test leak', text: (value) => percent(value) },
  best_baseline_accuracy: { title: 'best baseline', text: (value) => value.toFixed(4) },
};

function runTable(runs: readonly RunRecord[]): string[] {
  const shown = Object.keys(FIGURES).filter((key) => runs.some((run) => run.metrics[key] !== undefined));
  const rows = runs.map((run) => [
    run.id.slice(0, 8),
    run.experiment,
    run.name,
    run.status.toLowerCase(),
    new Date(run.startTime).toISOString().slice(0, 16).replace('T', ' '),
    duration(run),
    splitOf(run),
    ...shown.map((key) => {
      const value = run.metrics[key]?.value;
      return value === undefined ? '' : FIGURES[key]!.text(value);
    }),
  ]);
  const titles = shown.map((key) => FIGURES[key]!.title);
  const header = ['run', 'experiment', 'name', 'state', 'started (UTC)', 'took', 'split', ...titles];
  return terminalTable(header, rows);
}

/** Kind of the split that the run's scores rest on; empty where it logged none. */
function splitOf({ tags }: RunRecord): string {
  try {
    const contract = JSON.parse(tags['spatter.split'] ?? '{}') as { kind?: unknown };
    return typeof contract.kind === 'string' ? contract.kind : '';
  } catch {
    return '';
  }
}

function duration({ startTime, endTime }: RunRecord): string {
  if (endTime === null) return '';
  const seconds = Math.round((endTime - startTime) / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function summary({ metrics, ...run }: RunRecord): Result {
  const { startTime, endTime, ...rest } = run;
  const values = Object.fromEntries(Object.entries(metrics).map(([key, { value }]) => [key, value]));
  return { ...rest, start_time: startTime, end_time: endTime, metrics: values };
}

async function show(context: Context, options: StoreOptions, id: string): Promise<Result> {
  return withStore(options, async (store) => {
    const run = await find(store, id);
    const artifacts = await store.artifacts(run.id);
    for (const line of [`run ${run.id}`, ...runTable([run])]) context.print(line);
    const pairs = (record: Readonly<Record<string, string>>) =>
      terminalPairs(
        Object.entries(record).map(([key, value]) => [
          key,
          value.length > 90 ? `${value.slice(0, 89)}…` : value,
        ]),
      );
    const metrics = terminalPairs(
      Object.values(run.metrics).map(({ key, value, step }) => [
        key,
        `${Number(value.toPrecision(6))}  at step ${step}`,
      ]),
    );
    for (const [title, lines] of [
      ['metrics', metrics],
      ['params', pairs(run.params)],
      ['tags', pairs(run.tags)],
      ['artifacts', artifacts],
    ] as const)
      for (const line of ['', title, ...lines.map((each) => `  ${each}`)]) context.print(line);
    return { store: store.address, ...summary(run), artifacts };
  });
}

/** @throws {SpatterError} RUN_NOT_FOUND unless exactly one run has the id, or begins with it among the last thousand. */
async function find(store: TrackingStore, id: string): Promise<RunRecord> {
  const exact = await store.run(id);
  if (exact !== undefined) return exact;
  const alike = (await store.runs({ limit: 1000 })).filter((run) => run.id.startsWith(id));
  if (alike.length === 1) return alike[0]!;
  const message = `${store.address} must have one run ${id}, but has ${alike.length}`;
  throw new SpatterError('RUN_NOT_FOUND', message, 'list them: spatter tracking list');
}

async function sync(context: Context, options: StoreOptions & { spool: string }): Promise<Result> {
  if (options.uri === undefined && !process.env['MLFLOW_TRACKING_URI']) {
    const hint = 'name it with --uri or in MLFLOW_TRACKING_URI';
    throw new SpatterError('USAGE', 'sync needs the server that the runs wait for', hint);
  }
  return withStore(options, async (store) => {
    const { runs, entries, refused, busy } = await syncSpool(options.spool, store);
    context.print(
      runs === 0
        ? `nothing waits in ${options.spool}`
        : `sent ${entries} entries of ${runs} runs to ${store.address}`,
    );
    for (const line of refused) context.print(`not accepted: ${line}`);
    if (busy > 0) context.print(`${busy} runs are being sent by another process`);
    return { store: store.address, runs, entries, refused, busy };
  });
}
