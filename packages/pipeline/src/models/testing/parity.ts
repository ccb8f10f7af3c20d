// Trains the cases of cases.json with our engine, from the same hashed weights and batches as interop/python/torch_fixtures.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compileForward,
  compileTrainStep,
  LOSSES,
  OPTIMIZERS,
  type DeviceName,
  type HostTensor,
  type Model,
  type State,
} from '@spatter/tensor';
import { MODELS, type AnyModelOptions } from '../catalogue.ts';

export interface ParityCase {
  readonly model: keyof typeof MODELS;
  readonly in_channels: number;
  readonly num_classes: number;
  readonly architecture?: Partial<AnyModelOptions>;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly options: object;
  readonly lr: number;
  readonly clipNorm?: number;
  readonly clipValue?: number;
  readonly labelSmoothing?: number;
  /** Train steps; 20 where left out. */
  readonly steps?: number;
  /** Side of the square images; 32 where left out. */
  readonly size?: number;
  /** The fixture keeps every `stride`-th value of each parameter. */
  readonly stride: number;
}

export const CASES_FILE = join(import.meta.dirname, 'cases.json');
export const CASES = JSON.parse(readFileSync(CASES_FILE, 'utf8')) as Record<string, ParityCase>;

const BATCH = 8;
/** Number of the batch that the trained network is evaluated on. */
const UNSEEN = 100;

/** Uniform numbers in [0, 1) with 24 bits, so exact in float32. */
function hashed(salt: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    let h = Math.imul(i + salt * 7919 + 1, 2654435761) >>> 0;
    h = Math.imul(h ^ (h >>> 15), 2246822519) >>> 0;
    h = Math.imul(h ^ (h >>> 13), 3266489917) >>> 0;
    return ((h ^ (h >>> 16)) >>> 8) / 2 ** 24;
  });
}

const product = (extents: readonly number[]) => extents.reduce((a, b) => a * b, 1);

/** Weights around 0, those of normalisation around 1; buffers as they begin. */
export function hashedParameters(model: Model): Map<string, HostTensor> {
  const hashedTensors = model.parameters.map(({ name, shape, initial }, salt) => {
    const fanIn = shape.length > 1 ? product(shape.slice(1)) : product(shape);
    const isGain = 'constant' in initial && initial.constant === 1;
    const value = (u: number) => (isGain ? 0.5 + u : (2 * u - 1) / Math.sqrt(fanIn));
    const data = Float32Array.from(hashed(salt, product(shape)), value);
    return [name, { dtype: 'float32' as const, shape, data }] as const;
  });
  const buffers = model.buffers.map(({ name, shape, initial }) => {
    const data = new Float32Array(product(shape)).fill('constant' in initial ? initial.constant : 0);
    return [name, { dtype: 'float32' as const, shape, data }] as const;
  });
  return new Map([...hashedTensors, ...buffers]);
}

/** Gray images in eight levels, so that many pooling windows tie; repeated to `channels`. */
export function hashedImages(step: number, channels: number, count = BATCH, side = 32): Float32Array {
  const pixels = side * side;
  const gray = hashed(3000 + step, count * pixels).map((u) => Math.floor(u * 8) / 8);
  return Float32Array.from({ length: count * channels * pixels }, (_, i) => {
    const image = Math.floor(i / (channels * pixels));
    return gray[image * pixels + (i % pixels)]!;
  });
}

export function hashedLabels(step: number, classes: number): Float32Array {
  return Float32Array.from(hashed(2000 + step, BATCH), (u) => Math.floor(u * Math.max(classes, 2)));
}

export interface ParityRun {
  readonly losses: number[];
  readonly norms: number[];
  readonly state: State;
  /** Logits of the trained network, in evaluation, on a batch it has not seen. */
  readonly evaluated: Float32Array;
}

/** The network of a case. */
export function modelOf({ model, in_channels, num_classes, architecture }: ParityCase): Model {
  return MODELS[model]({ in_channels, num_classes, ...architecture });
}

/** The case's model, trained; `channels` are those of the images (1: gray, taken as repeated). */
export async function trainCase(
  parity: ParityCase,
  channels: number,
  device: DeviceName,
): Promise<ParityRun> {
  const model = modelOf(parity);
  const side = parity.size ?? 32;
  const inputShape = [channels, side, side] as const;
  const step = compileTrainStep({
    model,
    loss: parity.num_classes === 1 ? LOSSES.bce_with_logits : LOSSES.cross_entropy,
    optimizer: OPTIMIZERS[parity.optimizer](parity.options),
    inputShape,
    clipNorm: parity.clipNorm,
    clipValue: parity.clipValue,
    labelSmoothing: parity.labelSmoothing,
    device,
  });
  let state: State = new Map([...step.initialState(0), ...hashedParameters(model)]);
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let i = 0; i < (parity.steps ?? 20); i++) {
    const batch = {
      x: hashedImages(i, channels, BATCH, side),
      y: hashedLabels(i, parity.num_classes),
      size: BATCH,
    };
    const result = await step.run(state, batch, { lr: parity.lr });
    state = result.state;
    losses.push(result.loss);
    if (result.gradNorm !== undefined) norms.push(result.gradNorm);
  }
  await step.dispose();
  const forward = compileForward({ model, inputShape, device });
  const evaluated = await forward.run(state, hashedImages(UNSEEN, channels, BATCH, side), BATCH);
  await forward.dispose();
  return { losses, norms, state, evaluated };
}

/** Largest difference between a run and the fixture, relative to each tensor's largest magnitude, by name. */
export function differences(
  name: string,
  { stride }: ParityCase,
  run: ParityRun,
  fixture: ReadonlyMap<string, HostTensor>,
): Map<string, number> {
  const expected = (key: string) => [...(fixture.get(`${name}/${key}`)!.data as Float32Array)];
  const worst = new Map<string, number>();
  const compare = (key: string, ours: readonly number[]) => {
    const theirs = expected(key);
    const scale = Math.max(...theirs.map(Math.abs), 1e-30);
    const gaps = theirs.map((value, i) => Math.abs(value - ours[i]!) / scale);
    worst.set(key, ours.length === theirs.length ? Math.max(0, ...gaps) : Infinity);
  };
  compare('losses', run.losses);
  compare('norms', run.norms);
  compare('evaluated', [...run.evaluated]);
  for (const [key, tensor] of run.state)
    if (!key.startsWith('optimizer.'))
      compare(
        key,
        Array.from(tensor.data, Number).filter((_, i) => i % stride === 0),
      );
  return worst;
}
