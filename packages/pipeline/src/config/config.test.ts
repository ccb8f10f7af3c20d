// Tests of the composed config: the shipped groups, the error lines, reading a run's config back.
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpatterError } from '../util/errors.ts';
import { composeConfig, loadResolvedConfig } from './index.ts';

const compose = (...overrides: string[]) => composeConfig({ overrides });

/** The one line that a failing composition prints. */
function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SpatterError) return `${error.code}: ${error.message}; ${error.hint}`;
    throw error;
  }
  return 'it composed';
}

/** A folder of config files, by their paths. */
function folderWith(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'spatter-config-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('the shipped config', () => {
  it('is honest by default', () => {
    const { config } = compose();
    expect(config.data).toMatchObject({ evaluation: 'corrected', split: { kind: 'time-block' } });
    expect(config).toMatchObject({ seed: 42, device: 'auto', training: { batch_size: 1024, epochs: 20 } });
  });

  it('composes the command line of the README', () => {
    const { config } = compose(
      'training.batch_size=1024',
      '+experiment=baseline',
      'training.epochs=5',
      'device=cpu',
    );
    expect(config).toMatchObject({
      experiment: { name: 'baseline' },
      device: 'cpu',
      training: { batch_size: 1024, epochs: 5 },
      data: { evaluation: 'legacy', split: { kind: 'random' } },
    });
  });

  it('lets a group name its experiment, and an experiment name its own', () => {
    const named = (...overrides: string[]) => compose(...overrides).config.experiment;
    expect(named('data=idx')).toMatchObject({ name: 'idx', tags: ['benchmark'] });
    expect(named('data=folder_rgb')).toMatchObject({ name: 'folder' });
    expect(named('data=idx', 'experiment.name=mine')).toMatchObject({ name: 'mine' });
    expect(named('+experiment=demo')).toMatchObject({ name: 'demo' });
    expect(named()).toMatchObject({ name: 'default' });
  });

  it('composes with every option of every group', () => {
    const conf = join(import.meta.dirname, '../../conf');
    const groups = readdirSync(conf, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(groups.map((group) => group.name).sort()).toEqual([
      'data',
      'experiment',
      'extraction',
      'hpo',
      'model',
      'tracking',
      'training',
    ]);
    // hpo belongs to sweeps: its files are tested where they are read.
    for (const { name } of groups.filter((group) => group.name !== 'hpo')) {
      for (const file of readdirSync(join(conf, name))) {
        const plus = name === 'experiment' ? '+' : '';
        expect(failure(() => compose(`${plus}${name}=${file.replace('.yaml', '')}`))).toBe('it composed');
      }
    }
  });

  it('is frozen all the way down, and its YAML has the schema’s key order whatever the overrides', () => {
    const { config, yaml } = compose('+model={architecture:{num_classes:1}}', 'seed=1');
    expect(Object.isFrozen(config.training.optimizer.betas)).toBe(true);
    expect(yaml).toBe(compose().yaml.replace('seed: 42', 'seed: 1'));
  });

  it('is read back from a run directory as it was', () => {
    const { config, yaml } = compose(
      'experiment.notes="yes"',
      'experiment.name="1e5"',
      'training.optimizer.lr=1e-12',
    );
    const run = folderWith({ 'config.yaml': yaml });
    expect(loadResolvedConfig(run)).toEqual(config);
    expect(loadResolvedConfig(join(run, 'config.yaml'))).toEqual(config);
    const earlier = yaml.replaceAll(/^.*(mixup|cutmix)_alpha:.*\n/gm, '');
    expect(earlier).not.toBe(yaml);
    expect(loadResolvedConfig(folderWith({ 'config.yaml': earlier }))).toEqual(config);
  });

  it('takes the prototype’s spellings', () => {
    expect(compose('data.grayscale=false').config.data.kind).toBe('rgb');
    expect(compose('data.splits.val=0.3', 'data.splits.test=0.1').config.data.split).toMatchObject({
      val: 0.3,
      test: 0.1,
    });
    const folder = folderWith({
      'data/old.yaml': 'defaults: [dataset]\ngrayscale: true\nsplits: {train: 0.8, val: 0.1, test: 0.1}\n',
    });
    const { config } = composeConfig({ overrides: ['data=old'], configDirs: [folder] });
    expect(config.data).toMatchObject({ kind: 'gray', split: { train: 0.8, kind: 'time-block' } });
  });
});

describe('error lines', () => {
  const lines: [string, string][] = [
    [
      'training.batchsize=3',
      'CONFIG_UNKNOWN_KEY: training.batchsize: unknown key (from the command line); did you mean training.batch_size?',
    ],
    [
      'batch_size=3',
      'CONFIG_UNKNOWN_KEY: batch_size: unknown key (from the command line); did you mean training.batch_size?',
    ],
    [
      '+training.optimiser.lr=1',
      'CONFIG_UNKNOWN_KEY: training.optimiser: unknown key (from the command line); did you mean training.optimizer?',
    ],
    [
      '+xyzzy=3',
      'CONFIG_UNKNOWN_KEY: xyzzy: unknown key (from the command line); spatter config lists all keys',
    ],
    [
      'training.num_workers=4',
      'CONFIG_UNKNOWN_KEY: training.num_workers: unknown key (from the command line); leave it out: one loader thread serves; see data.prefetch',
    ],
    [
      'training={epochs:2,lr:1}',
      'CONFIG_UNKNOWN_KEY: training.lr: unknown key (from the command line in training={epochs:2,lr:1}); did you mean training.optimizer.lr?',
    ],
    [
      'training.epochs="five"',
      'CONFIG_VALUE: training.epochs must be an integer ≥ 1, got "five" (from the command line); change training.epochs',
    ],
    [
      'training.epochs=2.5',
      'CONFIG_VALUE: training.epochs must be an integer ≥ 1, got 2.5 (from the command line); change training.epochs',
    ],
    [
      'training.epochs=???',
      'CONFIG_VALUE: training.epochs is mandatory (???) and was not given (from the command line); add training.epochs=…',
    ],
    [
      'device=gpu',
      'CONFIG_VALUE: device must be one of auto, cpu, cuda, mps, webgpu, got "gpu" (from the command line); did you mean cpu?',
    ],
    [
      'training.optimizer.betas=[0.9]',
      'CONFIG_VALUE: training.optimizer.betas must be a list of two numbers ≥ 0 and < 1, got [0.9] (from the command line); change training.optimizer.betas',
    ],
    [
      'model.architecture=3',
      'CONFIG_VALUE: model.architecture must be a map of keys, got 3 (from the command line); see docs/reference/config.md',
    ],
    [
      '~training.epochs',
      'CONFIG_VALUE: training.epochs must be an integer ≥ 1, got nothing (from the command line: ~training.epochs); add training.epochs=…',
    ],
    [
      'seed=${nope}',
      'CONFIG_VALUE: seed cannot be resolved from "${nope}": there is no nope (from the command line); check the interpolation',
    ],
    [
      'data.split.train=0.7',
      'CONFIG_VALUE: data.split.train + val + test must be 1, got 1.1 (from the command line); change the shares',
    ],
    [
      'data.kind=ratio',
      'CONFIG_VALUE: data.class1_ratio must be a number with data.kind=ratio, got null (from conf/data/dataset.yaml:5); set both, as in data.kind=ratio data.class1_ratio=0.3',
    ],
    [
      'training.loss=cross_entropy',
      'CONFIG_VALUE: model.architecture.num_classes must be 2 or more with training.loss=cross_entropy, got 1 (from conf/model/lenet5.yaml:5); change one of the two',
    ],
    [
      'model.architecture.in_channels=2',
      'CONFIG_VALUE: model.architecture.in_channels must be 1 or 3 with data.kind=gray, got 2 (from the command line); change one of the two',
    ],
    [
      'extraction.max_area=10',
      'CONFIG_VALUE: extraction.max_area must be ≥ extraction.min_area (2000), got 10 (from the command line); change one of the two',
    ],
    [
      '+experiment=baselin',
      'CONFIG_NOT_FOUND: no config experiment/baselin; did you mean baseline? experiment has baseline, demo, honest',
    ],
    [
      'experiment=baseline',
      'CONFIG_OVERRIDE: experiment=baseline: nothing to override: the defaults list has no experiment; add it with +experiment=baseline',
    ],
    [
      'seed',
      'CONFIG_OVERRIDE: seed: = and a value are missing (character 5); write key=value, +key=value, ~key or group=option',
    ],
    [
      'seed=1,2',
      'CONFIG_OVERRIDE: seed=1,2: several values are a sweep, which needs --multirun; write a list as [a,b], or quote the comma (character 7); write key=value, +key=value, ~key or group=option',
    ],
    [
      'seed=[1',
      'CONFIG_OVERRIDE: seed=[1: ] or a comma is needed, got the end (character 8); write key=value, +key=value, ~key or group=option',
    ],
    [
      '+seed=1',
      'CONFIG_OVERRIDE: +seed=1: seed exists already; write seed=1 to change it, or ++seed=1 to set it either way',
    ],
    [
      '~data.cache_dir',
      'CONFIG_OVERRIDE: ~data.cache_dir: there is no data.cache_dir to delete; check the key',
    ],
    [
      'models/lenet5=x',
      'CONFIG_OVERRIDE: models/lenet5=x: there is no config group models/lenet5; check the group’s name',
    ],
    [
      'experiment.tags={a:1}',
      'CONFIG_OVERRIDE: experiment.tags={a:1}: experiment.tags is a list and cannot become a map; check the value',
    ],
  ];
  it.each(lines)('%s', (override, line) => {
    expect(failure(() => compose(override))).toBe(line);
  });

  it('name the file and line of a user’s config', () => {
    const folder = folderWith({
      'experiment/mine.yaml': '# @package _global_\ntraining:\n  epochs: 3\n  epocs: 4\n',
    });
    const run = () => composeConfig({ overrides: ['+experiment=mine'], configDirs: [folder] });
    expect(failure(run)).toBe(
      `CONFIG_UNKNOWN_KEY: training.epocs: unknown key (from ${folder}/experiment/mine.yaml:4); did you mean training.epochs?`,
    );
  });

  it('say which folder or run is missing', () => {
    expect(failure(() => composeConfig({ overrides: [], configDirs: ['/nowhere'] }))).toMatch(
      /^CONFIG_NOT_FOUND: \/nowhere/,
    );
    expect(failure(() => loadResolvedConfig('/nowhere/run'))).toMatch(/^FILE_NOT_FOUND: \/nowhere\/run/);
  });
});
