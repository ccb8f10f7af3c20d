// Opening the study of a sweep: creating it with its plan, joining it, and taking over what dead workers left.
import { createStudy, loadStudy, openStorage, retryOf, type Storage, type Study } from '@spatter/hpo';
import { join } from 'node:path';
import { SpatterError } from '../util/errors.ts';
import { readObjectives } from './objectives.ts';
import { parsePlan, planDigest, type SweepPlan } from './plan.ts';
import { prunerOf, samplerOf } from './sampler.ts';
import { isAbandoned, type WorkerIdentity } from './worker-identity.ts';

const PLAN_ATTR = 'spatter:plan';

/** Seconds between two signs of life; a worker that is silent for GRACE is taken for dead. */
const INTERVAL = 20;
const GRACE = 120;

/** How often the parameters of a trial are tried when its workers die. */
const RETRIES = { max: 5 } as const;

/** Address of a sweep's storage: its own file unless another was named. */
export const storageAddress = (folder: string, address: string | null): string =>
  address ?? `sqlite:///${join(folder, 'study.db')}`;

/** The plan of a study that others began, or undefined when there is no such study. */
export async function planOfStudy(address: string, name: string): Promise<SweepPlan | undefined> {
  const storage = await openStorage(address);
  try {
    const study = await storage.findStudy(name);
    if (study === undefined) return undefined;
    const plan = study.userAttrs[PLAN_ATTR];
    return parsePlan(typeof plan === 'string' ? plan : '', `the study ${name}`);
  } finally {
    await storage.close();
  }
}

/** @throws {SpatterError} SWEEP_DIFFERS when a command line describes another search than the study holds. */
export function requireSamePlan(own: SweepPlan, theirs: SweepPlan): void {
  if (planDigest(own) === planDigest(theirs)) return;
  throw new SpatterError(
    'SWEEP_DIFFERS',
    `the study ${theirs.study} was begun with other settings, search space or overrides`,
    'leave the overrides out to join it as it is, or name another --study',
  );
}

/** Creates the study of `plan`, or opens it where it exists. `epochs` are those of a whole trial. */
export async function openSweepStudy(plan: SweepPlan, address: string, epochs: number): Promise<Study> {
  const storage = await openStorage(address);
  const objectives = readObjectives(plan.settings.objectives);
  const { settings, searched } = plan;
  const study = await createStudy({
    name: plan.study,
    storage,
    loadIfExists: true,
    directions: objectives.map(({ direction }) => direction),
    sampler: samplerOf({ settings, searched, objectives: objectives.length }),
    pruner: prunerOf(settings, epochs),
    seed: settings.seed,
    ...heartbeatFor(storage),
  });
  const { user } = await study.attributes();
  if (user[PLAN_ATTR] === undefined) {
    await study.setUserAttr(PLAN_ATTR, JSON.stringify(plan));
    await study.setMetricNames(objectives.map(({ name }) => name));
  }
  return study;
}

/** Journal files have no heartbeats. */
function heartbeatFor(storage: Storage) {
  if (storage.heartbeats === undefined) return {};
  const heartbeat = {
    intervalSeconds: INTERVAL,
    graceSeconds: GRACE,
    unsignedSeconds: GRACE,
    retry: RETRIES,
  };
  return { heartbeat };
}

/** Opens a study to look at. @throws {HpoError} STUDY_NOT_FOUND. */
export const readStudy = (address: string, name: string): Promise<Study> =>
  loadStudy({ storage: address, name });

/** Fails and queues again the trials of workers that are known to be dead. Gives their numbers. */
export async function failAbandoned(
  study: Study,
  me: WorkerIdentity,
  ours: ReadonlySet<number>,
): Promise<number[]> {
  const failed: number[] = [];
  for (const trial of await study.trials(['RUNNING'])) {
    if (!isAbandoned(trial, me, ours)) continue;
    if (await study.storage.failTrial(trial.id, retryOf(trial, RETRIES))) failed.push(trial.number);
  }
  return failed;
}

/** Gives a trial back that its worker was asked to leave: it waits to be continued. */
export async function giveBack(study: Study, id: number): Promise<void> {
  const trial = (await study.trials()).find((each) => each.id === id);
  if (trial !== undefined) await study.storage.failTrial(id, retryOf(trial, {}));
}
