// Trains the cases of cases.json with our engine, from the same hashed weights and batches as interop/python/torch_fixtures.py.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compileTrainStep,
  LOSSES,
  OPTIMIZERS,
  type DeviceName,
  type HostTensor,
  type Model,
  type State,
} from '@spatter/tensor';
import { MODELS } from '../catalogue.ts';

export interface ParityCase {
  readonly model: keyof typeof MODELS;
  readonly in_channels: number;
  readonly num_classes: number;
  readonly optimizer: keyof typeof OPTIMIZERS;
  readonly options: object;
  readonly lr: number;
  readonly clipNorm?: number;
  /** The fixture keeps every `stride`-th value of each parameter. */
  readonly stride: number;
}

export const CASES_FILE = join(import.meta.dirname, 'cases.json');
export const CASES = JSON.parse(readFileSync(CASES_FILE, 'utf8')) as Record<string, ParityCase>;

const STEPS = 20;
const BATCH = 8;

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

export function hashedParameters(model: Model): Map<string, HostTensor> {
  return new Map(
    model.parameters.map(({ name, shape }, salt) => {
      const fanIn = shape.length > 1 ? product(shape.slice(1)) : product(shape);
      const values = hashed(salt, product(shape)).map((u) => (2 * u - 1) / Math.sqrt(fanIn));
      return [name, { dtype: 'float32', shape, data: Float32Array.from(values) }];
    }),
  );
}

/** Gray images in eight levels, so that many pooling windows tie; repeated to `channels`. */
export function hashedImages(step: number, channels: number, size = BATCH): Float32Array {
  const gray = hashed(3000 + step, size * 1024).map((u) => Math.floor(u * 8) / 8);
  return Float32Array.from({ length: size * channels * 1024 }, (_, i) => {
    const image = Math.floor(i / (channels * 1024));
    return gray[image * 1024 + (i % 1024)]!;
  });
}

function hashedLabels(step: number, classes: number): Float32Array {
  return Float32Array.from(hashed(2000 + step, BATCH), (u) => Math.floor(u * Math.max(classes, 2)));
}

export interface ParityRun {
  readonly losses: number[];
  readonly norms: number[];
  readonly state: State;
}

/** The case's model, trained; `channels` are those of the images (1: gray, taken as repeated). */
export async function trainCase(
  parity: ParityCase,
  channels: number,
  device: DeviceName,
): Promise<ParityRun> {
  const model = MODELS[parity.model](parity);
  const step = compileTrainStep({
    model,
    loss: parity.num_classes === 1 ? LOSSES.bce_with_logits : LOSSES.cross_entropy,
    optimizer: OPTIMIZERS[parity.optimizer](parity.options),
    inputShape: [channels, 32, 32],
    ...(parity.clipNorm === undefined ? {} : { clipNorm: parity.clipNorm }),
    device,
  });
  let state: State = new Map([...step.initialState(0), ...hashedParameters(model)]);
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let i = 0; i < STEPS; i++) {
    const batch = { x: hashedImages(i, channels), y: hashedLabels(i, parity.num_classes), size: BATCH };
    const result = await step.run(state, batch, { lr: parity.lr });
    state = result.state;
    losses.push(result.loss);
    if (result.gradNorm !== undefined) norms.push(result.gradNorm);
  }
  await step.dispose();
  return { losses, norms, state };
}

/** Largest difference between a run and the fixture, relative to each tensor's largest magnitude, by name. */
export function differences(
  name: string,
  run: ParityRun,
  fixture: ReadonlyMap<string, HostTensor>,
): Map<string, number> {
  const { stride } = CASES[name]!;
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
  for (const [key, tensor] of run.state)
    if (!key.startsWith('optimizer.'))
      compare(
        key,
        [...(tensor.data as Float32Array)].filter((_, i) => i % stride === 0),
      );
  return worst;
}
