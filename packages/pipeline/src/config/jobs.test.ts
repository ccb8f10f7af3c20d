// Multiruns: which jobs a command line means, where they go, and what is refused before the first runs. Hydra's own answers: npm run interop -- hydra.
import { describe, expect, it } from 'vitest';
import { planJobs } from './index.ts';

const plan = (overrides: readonly string[], multirun = true) =>
  planJobs({
    overrides,
    multirun,
    name: 'train',
    cwd: '/here',
    env: {},
    now: new Date(2026, 10, 23, 9, 5, 7),
  });
const lines = (...overrides: string[]) =>
  plan(overrides).jobs.map(({ composed }) => composed.overrides.join(' '));

describe('the jobs of a multirun', () => {
  const cases: [string[], string[]][] = [
    [
      ['seed=1,2', 'training.epochs=3'],
      ['seed=1 training.epochs=3', 'seed=2 training.epochs=3'],
    ],
    [
      ['seed=1,2', 'data.resize=32,32'],
      ['seed=1 data.resize=32', 'seed=1 data.resize=32', 'seed=2 data.resize=32', 'seed=2 data.resize=32'],
    ],
    [['seed=choice(4, 5)'], ['seed=4', 'seed=5']],
    [['seed=range(1,6,2)'], ['seed=1', 'seed=3', 'seed=5']],
    [['training.optimizer.lr=range(0.1,0.4,0.1)'], [1, 2, 3].map((n) => `training.optimizer.lr=0.${n}`)],
    [['training=glob(*)'], ['training=default', 'training=quick']],
    [['model=glob(lenet5*,exclude=*_act*)'], ['model=lenet5']],
    [['seed=1,2', 'seed=3'], ['seed=3']],
    [['experiment.tags=[a,b],[c]'], ['experiment.tags=[a,b]', 'experiment.tags=[c]']],
    [['experiment.notes="a,b",c'], ['experiment.notes="a,b"', 'experiment.notes=c']],
    [[], ['']],
  ];
  it.each(cases)('%j', (overrides, expected) => {
    expect(lines(...overrides)).toEqual(expected);
  });

  const wrong: [string, string, RegExp][] = [
    ['seed=1,', 'CONFIG_OVERRIDE', /value is missing beside the comma/],
    ['seed=choice()', 'CONFIG_OVERRIDE', /needs values/],
    ['seed=range(1,5,0)', 'CONFIG_OVERRIDE', /not 0/],
    ['seed=interval(1,2)', 'CONFIG_OVERRIDE', /there are choice, range and glob/],
    ['seed=shuffle(1,2)', 'CONFIG_OVERRIDE', /no sweep that spatter runs/],
    ['training=glob(none*)', 'CONFIG_OVERRIDE', /runs through no value/],
    ['seed=1,many', 'CONFIG_VALUE', /seed must be/],
    ['sed=1,2', 'CONFIG_UNKNOWN_KEY', /sed/],
    ['paths.run_dir=same', 'CONFIG_OVERRIDE', /directory of its own/],
    ['hydra.sweep.dri=x', 'CONFIG_UNKNOWN_KEY', /hydra\.sweep\.dri/],
  ];
  it.each(wrong)('%s is refused', (line, code, message) => {
    expect(() => plan([line, 'training.epochs=1,2'])).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    );
  });
});

describe('directories', () => {
  it('are numbered under multirun/<date>/<time>, or as hydra.sweep says', () => {
    const { sweepDir, jobs } = plan(['seed=1,2']);
    expect(sweepDir).toBe('multirun/2026-11-23/09-05-07');
    expect(jobs.map(({ path }) => path)).toEqual([`${sweepDir!}/0`, `${sweepDir!}/1`]);
    const own = plan(['seed=1,2', 'hydra.sweep.dir=sweeps/lr', 'hydra.sweep.subdir=job_${hydra.job.num}']);
    expect(own.jobs.map(({ path }) => path)).toEqual(['sweeps/lr/job_0', 'sweeps/lr/job_1']);
    expect(own.jobs[1]!.hydra).toMatchObject({
      mode: 'MULTIRUN',
      job: { name: 'train', num: 1, override_dirname: 'seed=2' },
      overrides: { task: ['seed=2'] },
    });
  });

  it('of one run are the config’s matter, or hydra.run.dir', () => {
    expect(plan(['seed=1'], false)).toMatchObject({ sweepDir: null, jobs: [{ path: null }] });
    expect(plan(['hydra.run.dir=out/${now:%Y}'], false).jobs[0]!.path).toBe('out/2026');
    expect(plan(['paths.run_dir=mine', 'hydra.run.dir=out'], false).jobs[0]!.path).toBe('mine');
  });
});
