// The packed cache: every crop decoded once to a small square, kept beside the index, rebuilt when anything changed.
import { join } from 'node:path';
import { buildPackedCache, type OnPacked } from './packed-cache-build.ts';
import {
  bodyBytes,
  checksum,
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
  /** Lets damaged crops in, as black planes that their facts name damaged; default false. Not for training. */
  readonly tolerant?: boolean;
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
  /** [crops, FACTS], see `FACT`. */
  readonly facts: Uint32Array;
  /** Position of each index row's crop. */
  readonly slots: Uint32Array;
  /** Whether this call built it. */
  readonly built: boolean;
  /** Crops that were smaller than the square and had to be enlarged; worth a warning. */
  readonly enlarged: number;
  /** Crops that could not be decoded; 0 unless opened as tolerant. */
  readonly damaged: number;
}

/**
 * Opens the cache of `index`, building it when there is none or when it is stale, foreign, cut short or damaged.
 * @throws {SpatterError} as {@link buildPackedCache}.
 */
export async function openPackedCache(
  index: CropAddresses,
  options: PackedCacheOptions,
): Promise<PackedCache> {
  const { tolerant = false } = options;
  const plan = planPack(index);
  const { path, spec } = cacheFile(index.root, plan, options);
  const resident = plan.count * cropBytes(spec) <= (options.residentBytes ?? RESIDENT_BYTES);
  const found = load(path, spec, resident);
  // A cache with damaged crops is built again, which names the first of them.
  if (found !== undefined && (tolerant || found.header.damaged === 0))
    return toCache(path, plan, found, false);
  const onPacked = options.onBuild?.(plan.count) ?? (() => {});
  await buildPackedCache(index.root, plan, spec, path, { tolerant, onPacked });
  const made = load(path, spec, resident);
  if (made === undefined) throw new Error(`${path} changed while it was opened`);
  return toCache(path, plan, made, true);
}

/** The facts of a usable cache of `index`; undefined where there is none. Builds nothing. */
export function cachedFacts(
  index: CropAddresses,
  options: Pick<PackedCacheOptions, 'resize' | 'channels'>,
): Uint32Array | undefined {
  const { path, spec } = cacheFile(index.root, planPack(index), options);
  const header = readHeader(path, spec);
  const whole = header !== undefined && checksum(path, bodyBytes(header)) === header.crc32;
  return whole ? readFacts(path, header) : undefined;
}

function cacheFile(
  root: string,
  plan: PackPlan,
  { resize, resizeFactor, channels, folder = join(root, '.cache') }: PackedCacheOptions,
): { path: string; spec: PackSpec } {
  const size = packedSize(resize, resizeFactor);
  const path = join(folder, `crops-${size}-${channels === 1 ? 'gray' : 'rgb'}.bin`);
  const kind = { format: 'spatter packed cache', version: 4 } as const;
  return { path, spec: { ...kind, size, channels, rows: plan.count, source: plan.source } };
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
  const { size, channels, rows, enlarged, damaged } = header;
  const facts = readFacts(path, header);
  return { path, size, channels, crops: rows, data, facts, slots: plan.slots, built, enlarged, damaged };
}
