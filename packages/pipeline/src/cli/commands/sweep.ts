// `spatter sweep`: searches config keys for the best trained network, alone, in several processes, or on many machines.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../../config/index.ts';
import type { ChosenSweep } from '../../sweep/choose-plan.ts';
import { basisWords } from '../../report/score-basis.ts';
import type { SweepSummary } from '../../sweep/summary.ts';
import { trialBasis } from '../../sweep/trial-attributes.ts';
import type { WorkerMessage } from '../../sweep/workers.ts';
import { trackedIn, type Tracking } from '../../train/tracked-run.ts';
import { SpatterError } from '../../util/errors.ts';
import { silentProgress, type ProgressFactory } from '../../util/progress.ts';
import { action, withGlobalOptions, type Context, type Result } from '../context.ts';
import { cacheFolder } from '../cache-folder.ts';
import { INTERRUPTED, interruptFlag } from '../interrupt.ts';
import { withTracking } from '../tracking.ts';
import { sweepReportCommand } from './sweep-report.ts';

interface Options {
  readonly configDir: string[];
  readonly resume?: string;
  readonly study?: string;
  readonly storage?: string;
  readonly trials?: string;
  readonly timeout?: string;
  readonly workers: string;
  readonly worker?: string;
  readonly threads?: string;
}

const EXAMPLES = `
Examples:
  $ spatter sweep +experiment=demo paths.data_root=spatter-demo/data
  $ spatter sweep 'training.optimizer.lr=tag(log, interval(1e-4, 1e-1))' model=lenet5,cnn --trials 30
  $ spatter sweep hpo=pareto --workers 2              accuracy against latency, in two processes
  $ spatter sweep --resume runs/sweep_default_20261123_101500 --trials 60
  $ spatter sweep --study line3 --storage postgresql://spatter@db/sweeps hpo=everything
  $ spatter sweep report runs/sweep_default_20261123_101500

Every trial is a run directory of its own; the test split stays untouched until you evaluate the one you choose.
Where SPATTER_STORAGE is set, it is the default of --storage.`;

export function sweepCommand(): Command {
  const command = new Command('sweep')
    .summary('search hyper-parameters, on one machine or many')
    .description(
      'Searches config keys for the best network: trials of a study that any number of workers share.',
    )
    .argument(
      '[overrides...]',
      'config overrides; interval(), range(), choice() or a,b make a key searched; hpo=NAME, hpo.KEY=VALUE',
    )
    .option('--config-dir <dir...>', 'folders with config groups of your own', [])
    .option('--resume <sweep>', 'continue the sweep in this directory')
    .option('--study <name>', 'name of the study, and of its directory below paths.run_root')
    .option(
      '--storage <address>',
      'sqlite:///FILE, postgresql://…, journal:FILE (default: a file in the directory)',
    )
    .option('--trials <n>', 'trials of the whole study, whoever runs them')
    .option('--timeout <seconds>', 'begin no more trials after this time')
    .option('--workers <n>', 'processes on this machine', '1')
    .option('--worker <index>', 'be one of the processes that --workers starts')
    .option('--threads <n>', 'CPU threads of a trial where the config leaves them open')
    .addHelpText('after', EXAMPLES)
    .action(action<Options>((context, options, overrides: string[]) => sweep(context, options, overrides)))
    .addCommand(sweepReportCommand());
  for (const option of command.options)
    if (option.long === '--worker' || option.long === '--threads') option.hideHelp();
  return withGlobalOptions(command);
}

async function sweep(context: Context, options: Options, overrides: readonly string[]): Promise<Result> {
  const { chooseSweep } = await import('../../sweep/choose-plan.ts');
  const { env } = process;
  const limitLines = Object.entries(givenLimits(options)).map(([key, value]) => `hpo.${key}=${value}`);
  const chosen = await chooseSweep({
    overrides: options.resume === undefined ? [...overrides, ...limitLines] : overrides,
    configDirs: options.configDir,
    resume: options.resume,
    study: options.study,
    storage: options.storage ?? env['SPATTER_STORAGE'],
    env,
    now: new Date(),
  });
  if (options.worker !== undefined) return beWorker(chosen, options);
  return lead(context, chosen, options);
}

/** A whole number from 1 on. */
function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new SpatterError('USAGE', `${option} must be a whole number from 1 on, got ${text}`, 'see --help');
}

/** Limits that the command line gives; a new sweep keeps them in its plan. */
function givenLimits({ trials, timeout }: Options): { trials?: number; timeout?: number } {
  const seconds = Number(timeout ?? 1);
  if (!(seconds > 0))
    throw new SpatterError('USAGE', `--timeout must be seconds above 0, got ${timeout!}`, 'see --help');
  return {
    ...(trials === undefined ? {} : { trials: count('--trials', trials) }),
    ...(timeout === undefined ? {} : { timeout: seconds }),
  };
}

/** What a worker goes by: the command line, else the plan. */
function limits({ plan }: ChosenSweep, options: Options) {
  const { trials, timeout } = { ...plan.settings, ...givenLimits(options) };
  return { trials, timeoutSeconds: timeout };
}

async function lead(context: Context, chosen: ChosenSweep, options: Options): Promise<Result> {
  const { plan, folder } = chosen;
  const { rehearse } = await import('../../sweep/rehearse.ts');
  const { keepPlan } = await import('../../sweep/choose-plan.ts');
  const { baseConfig } = await import('../../sweep/worker.ts');
  const limit = limits(chosen, options);
  const workers = count('--workers', options.workers);
  const { split, val_leak_share: leak } = await rehearse(plan, {
    env: process.env,
    progress: context.progress,
  });
  keepPlan(chosen);
  const keys = plan.searched.map(({ key }) => key);
  context.print(`sweep ${folder}`);
  context.print(`study ${plan.study}: ${plan.settings.objectives.join(', ')} over ${keys.join(', ')}`);
  context.print(`scores are those of the validation part: ${basisWords({ split, leak })}`);
  const interrupted = interruptFlag(['SIGINT', 'SIGTERM']);
  const config = baseConfig(plan, process.env);
  const summary = await withTracking({ path: folder, config }, 'spatter sweep', (tracking) =>
    leadTracked(
      chosen,
      { ...limit, interrupted, config, tracking, workers, ...shown(context, workers) },
      options,
    ),
  );
  if (interrupted()) {
    context.print(`interrupted; continue with: spatter sweep --resume ${folder}`);
    process.exitCode = INTERRUPTED;
  } else printSummary(context, summary, folder);
  return resultOf(summary, folder, !interrupted());
}

/** Training bars of one process; of several, the lines of their trials alone. */
const shown = ({ print, progress }: Context, workers: number) => ({
  print,
  progress: workers === 1 ? progress : silentProgress,
});

interface Lead extends Setting {
  readonly config: Config;
  readonly tracking: Tracking;
  readonly workers: number;
}

async function leadTracked(chosen: ChosenSweep, setting: Lead, options: Options): Promise<SweepSummary> {
  const { plan, folder, address } = chosen;
  const { prepareStudy, writeSummary } = await import('../../sweep/run-sweep.ts');
  const { logSummary, trackSweep } = await import('../../sweep/tracked-sweep.ts');
  const study = await prepareStudy(plan, address, process.env);
  const run = await trackSweep(setting.tracking, study, plan, { path: folder, config: setting.config });
  await study.storage.close();
  await run?.flush();
  const { workers } = setting;
  await (workers === 1 ? workHere(chosen, setting, options) : workInProcesses(chosen, setting, workers));
  const summary = await writeSummary(plan, folder, address);
  if (run !== null) {
    logSummary(run, summary);
    run.logArtifacts(join(folder, 'trials.csv'));
    await run.end(setting.interrupted() ? 'KILLED' : 'FINISHED');
  }
  return summary;
}

interface Setting {
  readonly trials: number;
  readonly timeoutSeconds: number | null;
  readonly interrupted: () => boolean;
  readonly print: (line: string) => void;
  readonly progress: ProgressFactory;
}

/** Runs trials in this process; each is logged as a part of the sweep's own run. */
async function workHere(chosen: ChosenSweep, setting: Setting, { threads }: Options): Promise<void> {
  const { baseConfig, work } = await import('../../sweep/worker.ts');
  const { trialLine } = await import('../../sweep/run-sweep.ts');
  const { workerIdentity } = await import('../../sweep/worker-identity.ts');
  const { plan, folder, address } = chosen;
  const parent = trackedIn(folder)?.run_id;
  await withTracking({ path: folder, config: baseConfig(plan, process.env) }, 'spatter sweep', (tracking) =>
    work({
      ...setting,
      plan,
      folder,
      storage: address,
      worker: workerIdentity(process.env['JOB_COMPLETION_INDEX']),
      threads: threads === undefined ? null : count('--threads', threads),
      env: process.env,
      cacheFolder: cacheFolder(),
      now: () => new Date(),
      tracking: parent === undefined ? tracking : { ...tracking, parent },
      onNotice: () => undefined,
      onTrial: (trial) => setting.print(trialLine(trial, plan)),
      onTakenOver: (numbers) =>
        setting.print(`taken over from workers that died: trial ${numbers.join(', ')}`),
    }),
  );
}

async function workInProcesses({ plan, folder, address }: ChosenSweep, setting: Setting, workers: number) {
  const { superviseWorkers } = await import('../../sweep/workers.ts');
  const { hasWork } = await import('../../sweep/run-sweep.ts');
  const began = performance.now();
  const isInTime = () =>
    setting.timeoutSeconds === null || performance.now() - began < setting.timeoutSeconds * 1000;
  const start = (index: number) => {
    const child = fork(process.argv[1]!, workerArguments(folder, index, workers, setting), {
      env: { ...process.env, SPATTER_STORAGE: address },
      // Out of the terminal's reach: Ctrl-C is passed on once, below.
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill('SIGINT'));
    return child;
  };
  await superviseWorkers({
    count: workers,
    start,
    onLine: setting.print,
    isOpen: async () => isInTime() && (await hasWork(plan, address, setting.trials)),
    interrupted: setting.interrupted,
  });
}

function workerArguments(folder: string, index: number, workers: number, setting: Setting): string[] {
  const { trials, timeoutSeconds } = setting;
  const threads = Math.max(1, Math.floor(availableParallelism() / workers));
  const timeout = timeoutSeconds === null ? [] : ['--timeout', String(timeoutSeconds)];
  const limit = ['--trials', String(trials), ...timeout];
  return ['sweep', '--resume', folder, '--worker', String(index), '--threads', String(threads), ...limit];
}

/** One of several processes: tells the one that started it what happens, and stops when that one is gone. */
async function beWorker(chosen: ChosenSweep, options: Options): Promise<Result> {
  const send = (message: WorkerMessage) => process.send?.(message);
  const isAsked = interruptFlag(['SIGINT', 'SIGTERM']);
  let orphaned = false;
  process.once('disconnect', () => (orphaned = true));
  const interrupted = () => orphaned || isAsked();
  try {
    const print = (text: string) => send({ kind: 'line', text: `[${options.worker!}] ${text}` });
    await workHere(
      chosen,
      { ...limits(chosen, options), interrupted, print, progress: silentProgress },
      options,
    );
    if (interrupted()) process.exitCode = INTERRUPTED;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'hint' in error)) throw error;
    send({ kind: 'failure', code: String(error.code), message: error.message, hint: String(error.hint) });
  }
  if (process.connected) process.disconnect();
  return {};
}

function printSummary(context: Context, summary: SweepSummary, folder: string): void {
  const { counts, chosen, front, objectives } = summary;
  context.print(
    `${counts.complete} complete, ${counts.pruned} pruned, ${counts.fail} failed${counts.running > 0 ? `, ${counts.running} still run elsewhere` : ''}`,
  );
  if (chosen === null) return;
  const values = objectives.map(({ name }, i) => `${name} ${Number(chosen.values![i]!.toPrecision(6))}`);
  const title = objectives.length === 1 ? 'best' : `chosen of ${front.length} on the front`;
  context.print(`${title}: trial ${chosen.number}, ${values.join(', ')} (${trialBasis(chosen)})`);
  for (const [key, value] of Object.entries(chosen.params)) context.print(`  ${key}=${String(value)}`);
  context.print(`evaluate it:   spatter evaluate ${folder}/${chosen.run_dir ?? ''}`);
  context.print(`see them all:  spatter sweep report ${folder}`);
}

function resultOf(summary: SweepSummary, folder: string, finished: boolean): Result {
  const { study, objectives, counts, chosen, front, rows } = summary;
  return {
    sweep_dir: folder,
    study,
    finished,
    objectives,
    counts,
    chosen,
    front: front.map((number) => rows[number]),
  };
}
