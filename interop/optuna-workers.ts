// Workers of ours and of the real Optuna on one PostgreSQL study, a third of them killed: nothing is lost, doubled or left running.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createStudy, type FrozenTrial, type Study } from '../packages/hpo/src/index.ts';
import { startPostgres } from '../packages/hpo/src/storages/testing/postgres-server.ts';
import type { Checks } from './checks.ts';
import { pythonWith, runPython } from './python.ts';

const TRIALS = 500;
const PAIRS = 5;
const KILLS = 4;
const PEER = join(import.meta.dirname, 'python/optuna_peer.py');
const OURS = join(import.meta.dirname, 'optuna-worker.ts');

export async function run(checks: Checks): Promise<void> {
  const server = await startPostgres();
  checks.check('PostgreSQL is installed', server !== undefined, 'install the package postgresql');
  if (server === undefined) return;
  try {
    const python = pythonWith(['optuna==5.0.0', 'psycopg2-binary==2.9.12']);
    await checkWorkers(checks, python, server.url);
  } finally {
    await server.stop();
  }
}

async function checkWorkers(checks: Checks, python: string, url: string): Promise<void> {
  const study = await createStudy({
    storage: url,
    name: 'shared',
    heartbeat: { intervalSeconds: 5, unsignedSeconds: 20, retry: {} },
  });
  // Python takes longer to start.
  const theirs = Array.from({ length: PAIRS }, () => startTheirs(python, pythonAddress(url)));
  await untilCompleted(study, 10);
  const workers = theirs.flatMap((worker) => [startOurs(url), worker]);
  const killed = await killSome(study, workers);
  await Promise.all(workers.map(ended));
  const survivors = workers.filter((worker) => !killed.includes(worker));
  checks.check(
    `${survivors.length} of ${workers.length} workers ended by themselves`,
    survivors.every((w) => w.exitCode === 0),
  );
  await drain(study);
  const trials = await study.trials();
  checkTrials(checks, trials);
  const dump = runPython<{ trials: unknown[]; best: number }>(python, PEER, ['dump', pythonAddress(url)]);
  const best = (await study.bestTrial()).number;
  checks.check('Optuna reads the same study', dump.trials.length === trials.length && dump.best === best);
  await study.storage.close();
}

/** SQLAlchemy's address for the driver that we install. */
function pythonAddress(url: string): string {
  return url.replace('postgresql:', 'postgresql+psycopg2:');
}

function startOurs(url: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', OURS, url, String(TRIALS), '0.02'], {
    stdio: 'inherit',
  });
}

function startTheirs(python: string, url: string): ChildProcess {
  return spawn(python, [PEER, 'worker', url, String(TRIALS), '0.02'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function ended(worker: ChildProcess): Promise<void> {
  if (worker.exitCode === null && worker.signalCode === null) await once(worker, 'exit');
}

/** Kills workers of both kinds in turn, each when another share of the trials has completed. */
async function killSome(study: Study, workers: readonly ChildProcess[]): Promise<ChildProcess[]> {
  const victims = workers.slice(0, KILLS);
  for (const [i, victim] of victims.entries()) {
    await untilCompleted(study, ((i + 1) * TRIALS) / (KILLS + 2));
    await killAtWork(study, victim);
  }
  return victims;
}

/** Kills `victim` while a trial of its own runs: it is stopped first, so that the trial cannot end in between. */
async function killAtWork(study: Study, victim: ChildProcess): Promise<void> {
  while (victim.exitCode === null) {
    victim.kill('SIGSTOP');
    const running = await study.trials(['RUNNING']);
    if (running.some(({ userAttrs }) => userAttrs['pid'] === victim.pid)) break;
    victim.kill('SIGCONT');
    await new Promise((resolve) => setTimeout(resolve, 7));
  }
  victim.kill('SIGKILL');
}

async function untilCompleted(study: Study, count: number): Promise<void> {
  const limit = performance.now() + 300_000;
  while ((await study.trials(['COMPLETE'])).length < count) {
    if (performance.now() > limit) throw new Error('the workers make no progress');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends what the dead have left: silent trials fail, and what is queued is told to have run. */
async function drain(study: Study): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 21_000));
  await study.failStaleTrials();
  for (
    let waiting = await study.trials(['WAITING']);
    waiting.length > 0;
    waiting = await study.trials(['WAITING'])
  ) {
    await study.tell(await study.ask(), 1e6);
  }
}

function checkTrials(checks: Checks, trials: readonly FrozenTrial[]): void {
  const count = (state: string): number => trials.filter((trial) => trial.state === state).length;
  const completed = trials.filter((trial) => trial.state === 'COMPLETE');
  const failed = trials.filter((trial) => trial.state === 'FAIL').map((trial) => trial.number);
  const retried = trials.flatMap((trial) => {
    const history = trial.systemAttrs['retry_history'];
    return Array.isArray(history) ? [Number(history.at(-1))] : [];
  });
  checks.check(
    `numbers are contiguous from 0 to ${trials.length - 1}`,
    trials.every((trial, i) => trial.number === i),
  );
  checks.check(`${completed.length} trials completed`, completed.length >= TRIALS);
  checks.check('no zombie: none runs or waits', count('RUNNING') + count('WAITING') === 0);
  checks.check(`the dead left ${failed.length} failed trials`, failed.length > 0 && failed.length <= KILLS);
  const once = JSON.stringify(retried.sort((a, b) => a - b)) === JSON.stringify(failed);
  checks.check('each failed trial was tried again, once', once, `${String(failed)} and ${String(retried)}`);
  const by = (who: string): number => completed.filter((trial) => trial.userAttrs['by'] === who).length;
  checks.check(
    `both kinds worked: ${by('us')} trials by us, ${by('optuna')} by Optuna`,
    by('us') > 50 && by('optuna') > 50,
  );
  const whole = completed.every((trial) => trial.values?.length === 1 && trial.completedAt !== undefined);
  checks.check('every completed trial is whole', whole);
}
