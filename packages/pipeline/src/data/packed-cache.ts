// The packed cache: every crop decoded once to a small square, kept beside the index, rebuilt when anything changed.
import { join } from 'node:path';
import { buildPackedCache, type OnPacked } from './packed-cache-build.ts';
import {
  cropBytes,
  readCrops,
  readFacts,
  readHeader,
  type PackHeader,
  type PackSpec,
} from './packed-cache-file.ts';
import { planPack, type CropAddresses, type PackPlan } from './packed-cache-plan.ts';
import { packedSize, type Channels } from './transforms/pack.ts';

/** Caches up to this many bytes are held in memory; larger ones are read from the file crop by crop. */
const RESIDENT_BYTES = 2 ** 31;

export interface PackedCacheOptions {
  /** Side of the network's input, pixels; crops are cached at `resizeFactor` times that. */
  readonly resize: number;
  /** Default 1.25, the reference's. */
  readonly resizeFactor?: number;
  readonly channels: Channels;
  /** Default: `.cache` in the index's folder. */
  readonly folder?: string;
  readonly residentBytes?: number;
  /** Called once with the number of crops before a build; a usable cache needs no build. */
  readonly onBuild?: (crops: number) => OnPacked;
}

/** Open to any number of loaders and their workers at once. */
export interface PackedCache {
  readonly path: string;
  /** Side of the squares, pixels. */
  readonly size: number;
  readonly channels: Channels;
  /** Distinct crops. */
  readonly crops: number;
  /** [crops, channels, size, size] in shared memory; null when the cache is too large and stays in its file. */
  readonly data: Uint8Array<SharedArrayBuffer> | null;
  /** [crops, 4]: width and height in pixels and JPEG bytes as stored, sum of the cached values. */
  readonly facts: Uint32Array;
  /** Position of each index row's crop. */
  readonly slots: Uint32Array;
  /** Whether this call built it. */
  readonly built: boolean;
  /** Crops that were smaller than the square and had to be enlarged; worth a warning. */
  readonly enlarged: number;
}

/**
 * Opens the cache of `index`, building it when there is none or when it is stale, foreign, cut short or damaged.
 * @throws {SpatterError} as {@link buildPackedCache}.
 */
export async function openPackedCache(
  index: CropAddresses,
  options: PackedCacheOptions,
): Promise<PackedCache> {
  const { channels } = options;
  const size = packedSize(options.resize, options.resizeFactor);
  const folder = options.folder ?? join(index.root, '.cache');
  const path = join(folder, `crops-${size}-${channels === 1 ? 'gray' : 'rgb'}.bin`);
  const plan = planPack(index);
  const spec: PackSpec = {
    format: 'spatter packed cache',
    version: 1,
    size,
    channels,
    rows: plan.count,
    source: plan.source,
  };
  const resident = plan.count * cropBytes(spec) <= (options.residentBytes ?? RESIDENT_BYTES);
  const found = load(path, spec, resident);
  if (found !== undefined) return toCache(path, plan, found, false);
  await buildPackedCache(index.root, plan, spec, path, options.onBuild?.(plan.count) ?? (() => {}));
  const made = load(path, spec, resident);
  if (made === undefined) throw new Error(`${path} changed while it was opened`);
  return toCache(path, plan, made, true);
}

type Loaded = { readonly header: PackHeader; readonly data: PackedCache['data'] };

function load(path: string, spec: PackSpec, resident: boolean): Loaded | undefined {
  const header = readHeader(path, spec);
  if (header === undefined) return undefined;
  if (!resident) return { header, data: null };
  const data = readCrops(path, header);
  return data === undefined ? undefined : { header, data };
}

function toCache(path: string, plan: PackPlan, { header, data }: Loaded, built: boolean): PackedCache {
  const { size, channels, rows, enlarged } = header;
  const facts = readFacts(path, header);
  return { path, size, channels, crops: rows, data, facts, slots: plan.slots, built, enlarged };
}
