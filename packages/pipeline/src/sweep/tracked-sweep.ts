// The tracked run of a sweep, which its trials are parts of: one for all workers that log into the same store.
import type { Study } from '@spatter/hpo';
import type { Config } from '../config/index.ts';
import type { TrackedRun } from '../tracking/index.ts';
import { rememberTracked, trackedIn, trackRun, type Tracking } from '../train/tracked-run.ts';
import type { SweepPlan } from './plan.ts';
import type { SweepSummary } from './summary.ts';

/** The attribute of a study that names its tracked run. */
const TRACKED = 'spatter:tracking';

/** Begins the run of a sweep, or continues the one that another worker, or an earlier start, has begun. Null where nothing is tracked. */
export async function trackSweep(
  tracking: Tracking,
  study: Study,
  plan: SweepPlan,
  sweep: { readonly path: string; readonly config: Config },
): Promise<TrackedRun | null> {
  if (tracking.tracker.address === null) return null;
  const shared = (await study.attributes()).user[TRACKED] as { uri?: string; run_id?: string } | undefined;
  if (shared?.uri === tracking.tracker.address && typeof shared.run_id === 'string')
    rememberTracked(sweep.path, { uri: shared.uri, run_id: shared.run_id });
  const run = await trackRun(tracking, sweep);
  const record = trackedIn(sweep.path);
  if (run === null || record === null) return run;
  if (shared === undefined) await study.setUserAttr(TRACKED, { uri: record.uri, run_id: record.run_id });
  run.setTags({ 'spatter.kind': 'sweep', 'spatter.study': plan.study });
  run.logParams({
    'hpo.sampler': plan.settings.sampler.name,
    'hpo.pruner': plan.settings.pruner.name,
    'hpo.objectives': plan.settings.objectives,
    'hpo.searched': plan.searched.map(({ key }) => key),
  });
  return run;
}

/** Logs what was found: the chosen trial's values and parameters, and how many trials there are. */
export function logSummary(run: TrackedRun, { chosen, objectives, rows, counts }: SweepSummary): void {
  run.logMetrics({ trials: rows.length, ...counts }, rows.length);
  if (chosen === null) return;
  const values = objectives.map(({ name }, i) => [`best_${name}`, chosen.values![i]!] as const);
  const { split, val_leak_share: leak } = chosen;
  run.logMetrics(
    { ...Object.fromEntries(values), ...(leak === null ? {} : { val_leak_share: leak }) },
    rows.length,
  );
  if (split !== null) run.setTags({ 'spatter.split': JSON.stringify({ kind: split }) });
  run.setTags({ 'spatter.chosen_trial': String(chosen.number), 'spatter.chosen_run': chosen.run_dir ?? '' });
}
