// Weights to start from: reads a file of any supported kind, and holds its names and shapes against the network's.
import { extname } from 'node:path';
import {
  averageName,
  loadSafetensors,
  TensorError,
  type HostTensor,
  type Model,
  type State,
} from '@spatter/tensor';
import { nearest, type Config } from '../config/index.ts';
import { readTorchFile } from '../store/torch/state-dict.ts';
import { SpatterError } from '../util/errors.ts';
import { fittingOverrides } from './fitting-overrides.ts';
import { readBytes } from '../util/read-file.ts';

/** What must fit: everything, all but the last layer, or whatever does. */
export type Fit = 'strict' | 'new-head' | 'partial';

/** What became of the names of a file and a network. */
export interface FitReport {
  readonly loaded: readonly string[];
  /** Of the network, not in the file; with the file's nearest unused name of the same shape. */
  readonly missing: readonly string[];
  /** Of the file, not in the network. */
  readonly unexpected: readonly string[];
  /** In both, of another shape. */
  readonly misshaped: readonly string[];
}

/** Names per kind that a message shows; the rest is counted. */
const SHOWN = 4;

const BRACE = 0x7b;

/** Tensors of a training run that no network has. */
const isOurs = (name: string): boolean => name.startsWith('optimizer.') || name.startsWith('ema.');

/**
 * Tensors by name of a .safetensors, .pth, .pt or .mdl file, told apart by their bytes where the name says nothing.
 * @throws {SpatterError} FILE_NOT_FOUND, or WEIGHTS when it holds no weights that can be read safely.
 */
export async function readWeights(path: string): Promise<State> {
  const bytes = readBytes(path);
  const isZip = bytes.subarray(0, 2).toString('latin1') === 'PK';
  // A safetensors file's header is a JSON object behind eight bytes of its length.
  const isNamedTorch = ['.pth', '.pt', '.mdl', '.bin', '.ckpt'].includes(extname(path));
  if (isZip || (isNamedTorch && bytes[8] !== BRACE)) return readTorchFile(bytes, path);
  try {
    return new Map([...loadSafetensors(bytes, path).tensors].filter(([name]) => !isOurs(name)));
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    throw new SpatterError('WEIGHTS', error.message, error.hint, { cause: error });
  }
}

const shown = ({ shape }: HostTensor): string => `[${shape.join(', ')}]`;

/** `backbone.fc.weight` for `fc.weight`, or the other way round. */
const isPrefixed = (a: string, b: string): boolean => a.endsWith(`.${b}`) || b.endsWith(`.${a}`);

/**
 * `weights` without what a wrapper put before all names, such as DataParallel's `module.`, torch.compile's `_orig_mod.` or
 * Lightning's `model.`: where no name is the network's as it stands, and more than half of the network's are there behind one prefix.
 */
export function withoutPrefix(
  weights: State,
  wanted: readonly string[],
): { readonly weights: State; readonly prefix: string } {
  const names = [...weights.keys()];
  const asTheyAre = { weights, prefix: '' };
  if (wanted.some((name) => weights.has(name))) return asTheyAre;
  const [first = ''] = wanted;
  const prefixes = names
    .filter((name) => name.endsWith(`.${first}`))
    .map((name) => name.slice(0, -first.length));
  const prefix = prefixes.find(
    (each) => 2 * wanted.filter((name) => weights.has(each + name)).length > wanted.length,
  );
  if (prefix === undefined) return asTheyAre;
  const bare = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  return { weights: new Map([...weights].map(([name, tensor]) => [bare(name), tensor])), prefix };
}

/** Holds the tensors of a file against those of a network. Counters may be missing: old files have none. */
export function compareWeights(weights: State, wanted: State): FitReport {
  const unexpected = [...weights.keys()].filter((name) => !wanted.has(name));
  const missing = [...wanted].filter(([name, { dtype }]) => !weights.has(name) && dtype !== 'int64');
  const shared = [...wanted].filter(([name]) => weights.has(name));
  const fits = ([name, { shape }]: readonly [string, HostTensor]) =>
    weights.get(name)!.shape.join() === shape.join();
  const suggestion = ([name, { shape }]: readonly [string, HostTensor]) => {
    const alike = unexpected.filter((other) => weights.get(other)!.shape.join() === shape.join());
    const near = alike.find((other) => isPrefixed(other, name)) ?? nearest(name, alike, 'whole');
    return near === undefined ? name : `${name} (nearest in the file: ${near})`;
  };
  return {
    loaded: shared.filter(fits).map(([name]) => name),
    missing: missing.map(suggestion),
    unexpected,
    misshaped: shared
      .filter((entry) => !fits(entry))
      .map(([name, tensor]) => `${name} is ${shown(weights.get(name)!)}, must be ${shown(tensor)}`),
  };
}

function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : '';
  return [`${names.length} ${what}: ${names.slice(0, SHOWN).join(', ')}${more}`];
}

/** The report in words: what is missing, unexpected, of another shape. */
export function describeFit({ missing, unexpected, misshaped }: FitReport): string {
  const parts = [
    ...listed('missing', missing),
    ...listed('unexpected', unexpected),
    ...listed('of another shape', misshaped),
  ];
  return parts.join('; ');
}

/** Name of a tensor at the start of a line of a report. */
const nameIn = (line: string): string => line.split(' ', 1)[0]!;

/**
 * `fresh` with the weights of the file at `path` in place of its own, and a line about it for people. The head is the last
 * layer: the last two parameters of the network. With `config`, which built `model`, a refusal says what to type instead.
 * @throws {SpatterError} WEIGHTS when the file does not fit as `fit` demands.
 */
export async function withPretrained(
  fresh: State,
  model: Model,
  { path, fit, config }: { readonly path: string; readonly fit: Fit; readonly config?: Config },
): Promise<{ state: State; notice: string }> {
  const head = new Set(model.parameters.slice(-2).map(({ name }) => name));
  const isFree = (line: string) => fit === 'new-head' && head.has(nameIn(line));
  const own = [...model.parameters, ...model.buffers].map(({ name }) => name).concat(model.counters);
  const { weights: read, prefix } = withoutPrefix(await readWeights(path), own);
  const wanted = new Map(own.filter((name) => !isFree(name)).map((name) => [name, fresh.get(name)!]));
  const weights = new Map([...read].filter(([name]) => !isFree(name)));
  const report = compareWeights(weights, wanted);
  const faults = describeFit(report);
  if (report.loaded.length === 0 || (fit !== 'partial' && faults !== '')) {
    const onlyHead = [...report.missing, ...report.unexpected, ...report.misshaped].every((line) =>
      head.has(nameIn(line)),
    );
    throw misfit(path, model, faults, adviceFor(read, fit, onlyHead, config));
  }
  const taken = report.loaded.map(
    (name) => [name, as(weights.get(name)!, fresh.get(name)!, path, name)] as const,
  );
  const left = fit === 'strict' || faults === '' ? '' : `; ${faults}`;
  const kept = fit === 'new-head' ? `; fresh: ${[...head].join(', ')}` : '';
  const bare = prefix === '' ? '' : `, named without ${prefix}`;
  const notice = `weights of ${path}: ${taken.length} of ${own.length} tensors${bare}${kept}${left}`;
  const averages = taken.flatMap(([name, value]) =>
    fresh.has(averageName(name)) ? [[averageName(name), value] as const] : [],
  );
  return { state: new Map([...fresh, ...taken, ...averages]), notice };
}

/** `value` where it is of the type that the network has. */
function as(value: HostTensor, { dtype }: HostTensor, path: string, name: string): HostTensor {
  if (value.dtype === dtype) return value;
  const message = `${path} must hold ${name} as ${dtype}, but holds ${value.dtype}`;
  throw new SpatterError('WEIGHTS', message, 'convert the tensor before saving');
}

/** What to type instead: the overrides with which the file fits, where there are any. */
function adviceFor(weights: State, fit: Fit, onlyHead: boolean, config?: Config): string {
  if (fit === 'strict' && onlyHead) return 'type model.pretrained_fit=new-head to begin the last layer anew';
  const overrides = config === undefined ? undefined : fittingOverrides(config, weights);
  if (overrides !== undefined && overrides.length > 0) {
    const head = fit === 'strict' ? ', and model.pretrained_fit=new-head if its classes are others' : '';
    return `the file fits ${overrides.join(' ')}${head}`;
  }
  return fit === 'partial'
    ? 'name weights of this network'
    : 'choose the model it was made with, or model.pretrained_fit=partial to take what fits';
}

const misfit = (path: string, { name }: Model, faults: string, advice: string): SpatterError =>
  new SpatterError('WEIGHTS', `${path} must fit ${name}, but: ${faults}`, advice);
