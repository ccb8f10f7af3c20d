// The jobs of a multirun, one after the other: a job that fails is named and the others go on; the command then fails as it did.
import { join } from 'node:path';
import { formatYaml, type Job } from '../config/index.ts';
import { trackGroup, type Tracking } from '../train/tracked-run.ts';
import { writeFileAtomic } from '../util/atomic.ts';
import type { Context, Result } from './context.ts';
import { describe } from './describe.ts';
import { withTracking } from './tracking.ts';

export interface Multirun {
  readonly context: Context;
  readonly sweepDir: string;
  readonly jobs: readonly Job[];
  readonly train: (job: Job, tracking: Tracking) => Promise<Result>;
}

/** Runs every job as a part of one tracked run. @throws what the first job that failed threw, after the last job. */
export async function runJobs({ context, sweepDir, jobs, train }: Multirun): Promise<Result> {
  const [first] = jobs as [Job];
  const directory = { path: sweepDir, config: first.composed.config };
  writeFileAtomic(join(sweepDir, 'multirun.yaml'), formatYaml({ hydra: first.hydra, ...first.composed.raw }));
  return withTracking(directory, 'spatter train --multirun', async (tracking) => {
    const group = trackGroup(tracking, directory.config, sweepDir);
    const part = group === null ? tracking : { ...tracking, parent: group.id };
    const { results, failures } = await inTurn(context, jobs, (job) => train(job, part));
    group?.logArtifacts(join(sweepDir, 'multirun.yaml'));
    await group?.end(failures.length === 0 ? 'FINISHED' : 'FAILED');
    if (failures.length > 0) throw failures[0]!.error;
    return { sweep_dir: sweepDir, jobs: results };
  });
}

interface Outcomes {
  readonly results: readonly Result[];
  readonly failures: readonly { readonly error: unknown }[];
}

/** Stops early only when a job was interrupted. */
async function inTurn(
  context: Context,
  jobs: readonly Job[],
  train: (job: Job) => Promise<Result>,
): Promise<Outcomes> {
  const results: Result[] = [];
  const failures: { error: unknown }[] = [];
  context.print(`${jobs.length} jobs`);
  for (const [i, job] of jobs.entries()) {
    const { overrides } = job.composed;
    context.print(`\n#${i} ${overrides.join(' ')}`);
    try {
      const result = await train(job);
      results.push({ job: i, overrides, ...result });
      if (result['finished'] === false) break;
    } catch (error) {
      failures.push({ error });
      results.push({ job: i, overrides, error: describe(error) });
      process.stderr.write(`spatter: job #${i} failed: ${describe(error).replace(/^spatter: /, '')}\n`);
    }
  }
  return { results, failures };
}
