// Tests of weights to start from: PyTorch files written by torch 2.15, files that would run code, names that do not fit.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileTrainStep, LOSSES, OPTIMIZERS, saveSafetensors, type State } from '@spatter/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { composeConfig } from '../config/index.ts';
import { MODELS } from '../models/catalogue.ts';
import { readPickle } from '../store/torch/pickle.ts';
import { readTorchFile } from '../store/torch/state-dict.ts';
import { dictionary, tensor, text, torchFile } from '../store/torch/testing/torch-file.ts';
import { buildModel } from './build.ts';
import { fittingOverrides } from './fitting-overrides.ts';
import { readWeights, withPretrained } from './pretrained.ts';

const folder = mkdtempSync(join(tmpdir(), 'spatter-pretrained-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);
const numbers = (state: State, name: string) => Array.from(state.get(name)!.data, Number);

describe('PyTorch files', () => {
  it('give tensors of every type, in any layout, as float32 where they are floats', async () => {
    const state = await readWeights(fixture('tensors.pth'));
    const six = [0, 1, 2, 3, 4, 5];
    for (const name of ['float', 'double', 'half', 'bfloat16', 'parameter']) {
      expect(state.get(name), name).toMatchObject({ dtype: 'float32', shape: [2, 3] });
      expect(numbers(state, name), name).toEqual(six.map((value) => value - 1.5));
    }
    expect(numbers(state, 'transposed')).toEqual([0, 3, 1, 4, 2, 5]);
    expect(numbers(state, 'view')).toEqual([2, 3]);
    expect(state.get('count')).toMatchObject({ dtype: 'int64', shape: [] });
    expect(numbers(state, 'count')).toEqual([7]);
    expect(numbers(state, 'flags')).toEqual([1, 0]);
  });

  it('may wrap the state dict, as checkpoints do, under the names of DataParallel', async () => {
    const state = await readWeights(fixture('checkpoint.mdl'));
    expect([...state.keys()]).toEqual(['layer.weight']);
    expect(numbers(state, 'layer.weight')).toEqual([1, 2]);
  });

  it.each([
    ['evil-system.pth', /would call posix\.system on loading; nothing was executed/],
    ['evil-eval.pth', /would call __builtin__\.eval on loading; nothing was executed/],
    ['module.pth', /would call torch\.nn\.modules\.linear\.Linear on loading/],
    ['legacy.pth', /must be a zip file as PyTorch 1\.6 and newer write it/],
  ])('%s is refused in one line', async (name, message) => {
    const refusal = await readWeights(fixture(name)).catch((error: unknown) => error as Error);
    expect(refusal).toMatchObject({ code: 'WEIGHTS' });
    expect((refusal as Error).message).toMatch(message);
    expect((refusal as Error).message).not.toContain('\n');
  });

  it('cut short anywhere, or with any byte of their pickle changed, are refused or harmless', async () => {
    const whole = readFileSync(fixture('checkpoint.mdl'));
    for (let length = 0; length < whole.length; length += 37)
      await expect(readTorchFile(whole.subarray(0, length), 'x')).rejects.toMatchObject({ code: 'WEIGHTS' });
    const at = whole.indexOf(Buffer.from([0x80, 0x02]));
    for (let i = at; i < at + 120; i++) {
      const changed = Buffer.from(whole);
      changed[i]! ^= 0x15;
      const outcome = await readTorchFile(changed, 'x').catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'WEIGHTS' });
    }
  });

  const four = tensor({ shape: [4], strides: [1] });

  it('give the wrapped state dict, whatever tensors stand beside it', async () => {
    const body = dictionary({ loss: four, model_state_dict: dictionary({ 'a.weight': four }), lr: 'K\x03' });
    expect([...(await readTorchFile(torchFile(body), 'x')).keys()]).toEqual(['a.weight']);
    const lightning = dictionary({
      loops: 'ccollections\ndefaultdict\n)R',
      state_dict: dictionary({ a: four }),
    });
    expect([...(await readTorchFile(torchFile(lightning), 'x')).keys()]).toEqual(['a']);
  });

  it('are read by what they are where the name says otherwise', async () => {
    const weights: State = new Map([['a', { dtype: 'float32', shape: [1], data: new Float32Array(1) }]]);
    expect([...(await readWeights(file('safe.bin', saveSafetensors(weights)))).keys()]).toEqual(['a']);
    expect([...(await readWeights(file('x.safetensors', torchFile(dictionary({ b: four }))))).keys()]).toEqual(['b']); // prettier-ignore
  });

  const million = tensor({ shape: [1_000_000], strides: [1] });
  const unfolding: [string, Buffer, RegExp][] = [
    ['one value repeated', torchFile(dictionary({ w: tensor({ shape: [2 ** 31], strides: [0] }) })), /unfold to 8 times the file/],
    ['endless extents', torchFile(dictionary({ w: tensor({ shape: [2 ** 40, 2 ** 40], strides: [0, 0] }) })), /reaches beyond/],
    ['one storage many times', torchFile(dictionary(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`w${i}`, million]))), 1_000_000), /unfold to 8/],
    ['entries over the same bytes', torchFile(dictionary({ w: four }), 1000, 3), /its entries claim more bytes than it has/],
    ['a dictionary in itself', torchFile(`}q\x00${text('model')}h\x00s`), /must hold tensors by name/],
  ]; // prettier-ignore
  it.each(unfolding)('that would unfold are refused: %s', async (_, bytes, message) => {
    await expect(readTorchFile(bytes, 'x')).rejects.toMatchObject({
      code: 'WEIGHTS',
      message: expect.stringMatching(message) as string,
    });
  });

  it('whose pickle asks for what tensors never need are refused', () => {
    const refuse = () => {
      throw new Error('must not be asked');
    };
    // protocol 2, INST of os.system: an opcode that would call without REDUCE.
    const inst = Buffer.from('\x80\x02(ios\nsystem\n.', 'latin1');
    expect(() => readPickle(inst, refuse, 'x')).toThrow(/holds opcode 0x69/);
    // NEWOBJ of a name is a call like any other: it is asked for and refused.
    const made = Buffer.from('\x80\x02csubprocess\nPopen\n)\x81.', 'latin1');
    expect(() => readPickle(made, refuse, 'x')).toThrow('must not be asked');
  });
});

describe('weights for a network', () => {
  const model = MODELS.lenet5({ in_channels: 1, num_classes: 1 });
  const options = {
    loss: LOSSES.bce_with_logits,
    optimizer: OPTIMIZERS.adam(),
    inputShape: [1, 32, 32],
  } as const;
  const stateOf = (network: typeof model, seed: number) =>
    compileTrainStep({ ...options, model: network, device: 'cpu' }).initialState(seed);
  const fresh = stateOf(model, 1);
  const saved = (state: State, name: string) => file(name, saveSafetensors(state));
  const load = (path: string, fit: 'strict' | 'new-head' | 'partial' = 'strict') =>
    withPretrained(fresh, model, { path, fit });

  it('replace parameters and leave the optimiser fresh', async () => {
    const { state, notice } = await load(saved(stateOf(model, 2), 'two.safetensors'));
    expect(numbers(state, 'model.0.weight')).toEqual(numbers(stateOf(model, 2), 'model.0.weight'));
    expect([...state.keys()]).toEqual([...fresh.keys()]);
    expect(notice).toMatch(/: 10 of 10 tensors$/);
  });

  it('that do not fit are reported by name, with the nearest', async () => {
    const other = new Map([...stateOf(model, 2)].filter(([name]) => !name.startsWith('optimizer.')));
    other.set('module.0.weight', other.get('model.0.weight')!).delete('model.0.weight');
    other.set('model.9.bias', { dtype: 'float32', shape: [3], data: new Float32Array(3) });
    const path = saved(other, 'wrong.safetensors');
    await expect(load(path)).rejects.toThrow(
      /1 missing: model\.0\.weight \(nearest in the file: module\.0\.weight\); 1 unexpected: module\.0\.weight; 1 of another shape: model\.9\.bias is \[3\], must be \[1\]$/,
    );
    expect((await load(path, 'partial')).notice).toMatch(/8 of 10 tensors; 1 missing/);
  });

  it('of other classes serve with a new head', async () => {
    const ten = stateOf(MODELS.lenet5({ in_channels: 1, num_classes: 10 }), 3);
    const path = saved(
      new Map([...ten].filter(([name]) => !name.startsWith('optimizer.'))),
      'ten.safetensors',
    );
    await expect(load(path)).rejects.toMatchObject({ code: 'WEIGHTS' });
    const { state, notice } = await load(path, 'new-head');
    expect(notice).toMatch(/8 of 10 tensors; fresh: model\.9\.weight, model\.9\.bias$/);
    expect(numbers(state, 'model.9.weight')).toEqual(numbers(fresh, 'model.9.weight'));
    expect(numbers(state, 'model.7.weight')).toEqual(numbers(ten, 'model.7.weight'));
  });

  it('fit under what a wrapper puts before every name, and say so', async () => {
    const two = stateOf(model, 2);
    const own = [...two].filter(([name]) => name.startsWith('model.'));
    const wrapped = new Map(own.map(([name, tensor]) => [`backbone.${name}`, tensor]));
    const { state, notice } = await load(saved(wrapped, 'prefixed.safetensors'));
    expect(notice).toMatch(/10 of 10 tensors, named without backbone\.$/);
    expect(numbers(state, 'model.9.weight')).toEqual(numbers(two, 'model.9.weight'));
    const beside = new Map([...wrapped, ['criterion.weight', two.get('model.9.bias')!]]);
    await expect(load(saved(beside, 'beside.safetensors'))).rejects.toThrow(
      /1 unexpected: criterion\.weight$/,
    );
  });

  it('whose names are mostly others are not taken for wrapped', async () => {
    const one = new Map([['backbone.model.0.weight', fresh.get('model.0.weight')!]]);
    await expect(load(saved(one, 'one.safetensors'))).rejects.toThrow(
      /10 missing: model\.0\.weight \(nearest in the file: backbone\.model\.0\.weight\)/,
    );
  });

  it('of nothing in common are refused even in part', async () => {
    const path = saved(new Map([['a', fresh.get('model.0.bias')!]]), 'alien.safetensors');
    await expect(load(path, 'partial')).rejects.toMatchObject({ code: 'WEIGHTS' });
    await expect(load(join(folder, 'nowhere.pth'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});

describe('a refusal says with which overrides the file fits', () => {
  const config = (...overrides: string[]) => composeConfig({ overrides }).config;
  const arch = (...values: string[]) => values.map((value) => `model.architecture.${value}`);
  /** Shapes of the network that `overrides` describe; values do not matter. */
  const weightsOf = (...overrides: string[]): State => {
    const { parameters } = buildModel(config('model.architecture.num_classes=1', ...overrides));
    return new Map(
      parameters.map(({ name, shape }) => [name, { dtype: 'float32', shape, data: new Float32Array() }]),
    );
  };
  const narrow = arch('width=8');
  const published = arch('stem=imagenet', 'in_channels=3');

  it.each([
    ['the stem', ['model=resnet18'], ['model=resnet18', ...published], arch('stem=imagenet')],
    [
      'the channels',
      ['model=resnet18', ...arch('in_channels=1')],
      ['model=resnet18', ...published],
      arch('stem=imagenet', 'in_channels=3'),
    ],
    ['the width', ['model=resnet18', ...narrow], ['model=resnet18'], arch('width=64')],
    [
      'the patches',
      ['model=vit_tiny'],
      ['model=vit_tiny', ...arch('patch=8'), 'data.resize=64'],
      [...arch('patch=8'), 'data.resize=64'],
    ],
    [
      'the network',
      ['model=lenet5'],
      ['model=resnet34', ...published],
      ['model=resnet34', ...arch('stem=imagenet')],
    ],
    ['a narrow network', ['model=cnn'], ['model=efficientnet_b0'], ['model=efficientnet_b0']],
    ['nothing', ['model=vit_small'], ['model=vit_small'], []],
  ] as const)('%s', (_, asked, made, overrides) => {
    expect(fittingOverrides(config(...asked), weightsOf(...made))).toEqual(overrides);
    const { config: repaired } = composeConfig({ overrides: [...asked, ...overrides] });
    const wanted = buildModel(repaired).parameters.map(({ name, shape }) => [name, shape]);
    expect([...weightsOf(...made)].map(([name, { shape }]) => [name, shape])).toEqual(wanted);
  });

  it('none where no network takes them', () => {
    const alien: State = new Map([['a', { dtype: 'float32', shape: [1], data: new Float32Array(1) }]]);
    expect(fittingOverrides(config('model=cnn'), alien)).toBeUndefined();
  });
});
