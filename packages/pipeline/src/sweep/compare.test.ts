// Which networks are compared, and the page about them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countMacs } from '@spatter/tensor';
import { composeConfig } from '../config/index.ts';
import { modelCost } from '../export/model-cost.ts';
import { MODELS } from '../models/catalogue.ts';
import { compareCells, comparePage } from '../report/compare-page.ts';
import { buildStep } from '../train/build.ts';
import { chooseModels, compareStatements, type ComparedModel } from './compare-models.ts';

const row = (model: ComparedModel['model'], more: Partial<ComparedModel> = {}): ComparedModel => ({
  model,
  run_dir: `runs/compare/${model}`,
  test_accuracy: 0.9,
  test_accuracy_low: 0.85,
  test_accuracy_high: 0.94,
  best_baseline_accuracy: 0.7,
  leak_share: 0.02,
  epochs: 3,
  of_epochs: 3,
  params: 61_111,
  macs: 416_520,
  latency_ms: 0.05,
  latency_p99_ms: 0.07,
  model_bytes: 250_000,
  train_images_per_second: 10_000,
  ...more,
});

describe('a comparison of networks', () => {
  it('takes every network of the catalogue that has a config, or those named', () => {
    expect(chooseModels([])).toEqual(Object.keys(MODELS));
    expect(chooseModels(['cnn', 'lenet5'])).toEqual(['lenet5', 'cnn']);
    expect(() => chooseModels(['lenet6'])).toThrow('lenet6 is no model of the catalogue');
    const conf = join(import.meta.dirname, '../../conf/model');
    for (const model of chooseModels([])) expect(existsSync(join(conf, `${model}.yaml`)), model).toBe(true);
  });

  it('says on its page which network was cut short', () => {
    const rows = [row('lenet5'), row('resnet18', { epochs: 1, test_accuracy_low: null, latency_ms: 3 })];
    const html = comparePage({
      rows,
      measured: compareStatements(composeConfig({ overrides: [] }).config, rows, 600),
    });
    expect(html).toContain('fewer epochs than that: resnet18');
    expect(html).toContain('the best trivial one reaches 70.0');
    expect(html).toContain('or 600 s of training');
    expect(compareCells(rows[1]!)).toEqual(
      expect.arrayContaining(['resnet18', 'no interval', '1 of 3', '61,111', '416,520', '3.000']),
    );
  });
});

describe('the cost of a network', () => {
  const model = MODELS.lenet5({ in_channels: 1, num_classes: 1 });

  it('counts the multiply-adds of convolutions and matrix products', () => {
    // 28²·6·25 + 10²·16·6·25 + 400·120 + 120·84 + 84.
    expect(countMacs(model, [1, 32, 32])).toBe(117_600 + 240_000 + 48_000 + 10_080 + 84);
  });

  it('is measured on what is exported', async () => {
    const { config } = composeConfig({ overrides: ['model.architecture.in_channels=1', 'device=cpu'] });
    const step = buildStep(config);
    const cost = await modelCost(model, step.initialState(1), [1, 32, 32]);
    await step.dispose();
    expect(cost.params).toBe(156 + 2416 + 48_120 + 10_164 + 85);
    expect(cost.model_bytes).toBeGreaterThan(4 * cost.params);
    expect(cost.latency_p99_ms).toBeGreaterThanOrEqual(cost.latency_ms);
    expect(cost.latency_ms).toBeGreaterThan(0);
  });
});
