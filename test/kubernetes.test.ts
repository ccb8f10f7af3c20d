// The shipped manifest is an Indexed Job, and runs a command line that exists.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { program } from '../packages/pipeline/src/cli/main.ts';
import { composePlan } from '../packages/pipeline/src/sweep/plan.ts';
import { composeConfig } from '../packages/pipeline/src/config/index.ts';

interface Job {
  readonly kind: string;
  readonly spec: {
    readonly completionMode: string;
    readonly completions: number;
    readonly parallelism: number;
    readonly template: {
      readonly spec: {
        readonly restartPolicy: string;
        readonly volumes: readonly { readonly name: string }[];
        readonly containers: readonly {
          readonly command: readonly string[];
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string }[];
          readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
        }[];
      };
    };
  };
}

const job = parse(readFileSync(join(import.meta.dirname, '../deploy/kubernetes/sweep.yaml'), 'utf8')) as Job;

it('deploy/kubernetes/sweep.yaml runs one sweep in many indexed pods', () => {
  const { completionMode, completions, parallelism, template } = job.spec;
  expect([job.kind, completionMode, template.spec.restartPolicy]).toEqual(['Job', 'Indexed', 'Never']);
  expect(parallelism).toBeLessThanOrEqual(completions);
  const [worker] = template.spec.containers;
  expect([worker!.command, worker!.env[0]!.name]).toEqual([['spatter'], 'SPATTER_STORAGE']);
  const [name, ...rest] = worker!.args;
  const command = program().commands.find((each) => each.name() === name)!;
  const { operands, unknown } = command.parseOptions(rest);
  expect(unknown).toEqual([]);
  expect(command.opts()).toMatchObject({ study: 'line3', trials: '200' });
  const plan = composePlan({ study: 'line3', storage: null, overrides: operands, configDirs: [], env: {} });
  const { paths, data } = composeConfig({ overrides: plan.overrides }).config;
  const mounts = worker!.volumeMounts.map(({ mountPath }) => mountPath);
  expect(mounts).toEqual([paths.data_root, paths.run_root, data.cache_dir]);
  expect(worker!.volumeMounts.map((mount) => mount.name)).toEqual(
    template.spec.volumes.map((volume) => volume.name),
  );
});
