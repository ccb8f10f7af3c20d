// The types of spatter events: what each throws out, and how the gas flow shifts their mix. The ground truth of finer labels.
import { integer, uniform, type Random } from '../util/random.ts';
import type { EjectaName } from './ejecta.ts';
import { lerp } from './streams.ts';

export interface SpatterType {
  /** One line for the guide. */
  readonly description: string;
  /** Share of events at no gas and at full gas; each column adds up to 1. */
  readonly share: readonly [still: number, full: number];
  /** Factor on the rate of each kind of particle; kinds that are not named come at their own rate. */
  readonly mix: Partial<Record<EjectaName, number>>;
  /** Lean of the cone against the gas instead of with it, radians; undefined leaves it to the kind. */
  readonly lean?: number;
  /** Factor on the size and the light of the plume. */
  readonly plume?: readonly [size: number, light: number];
}

/**
 * The catalogue. The shares are ours; their trend follows what is reported of shielding gas: by-products that it does not carry
 * off grow into agglomerates, droplets and flares, a strong flow leaves fine, fast particles (Ladewig et al. 2016).
 */
export const SPATTER_TYPES = {
  calm: {
    description: 'plume and hardly any particles',
    share: [0.1, 0.28],
    mix: { fan: 0.2, streak: 0.12, agglomerate: 0.1 },
  },
  fan: {
    description: 'a dense spray of fine particles',
    share: [0.24, 0.3],
    mix: { fan: 1.9, streak: 0.9, agglomerate: 0.5 },
  },
  long_streak: {
    description: 'one or two fast particles that leave long bright lines',
    share: [0.12, 0.22],
    mix: { fan: 0.7, streak: 0.4, agglomerate: 0.2, comet: 1 },
  },
  droplet: {
    description: 'a few slow, round, bright drops pinched off the melt pool',
    share: [0.13, 0.05],
    mix: { fan: 0.6, streak: 0.4, agglomerate: 0.3, droplet: 1 },
  },
  agglomerate: {
    description: 'many thick, slow clumps of merged particles',
    share: [0.22, 0.04],
    mix: { fan: 1, streak: 1.2, agglomerate: 2.6 },
  },
  back_spatter: {
    description: 'particles thrown against the gas',
    share: [0.07, 0.06],
    mix: { fan: 1.2, streak: 1.6, agglomerate: 1 },
    lean: -0.8,
  },
  plume_flare: {
    description: 'the plume flares up over few particles',
    share: [0.12, 0.05],
    mix: { fan: 0.6, streak: 0.5, agglomerate: 0.5 },
    plume: [1.35, 1.5],
  },
} as const satisfies Record<string, SpatterType>;
export type SpatterTypeName = keyof typeof SPATTER_TYPES;

/** Frames that one event lasts, at least and at most. */
const LASTS = [4, 12] as const;

/** Probability of `name` at gas flow 0 to 1; over all types they add up to 1. */
export function shareOf(name: SpatterTypeName, flow: number): number {
  const [still, full] = SPATTER_TYPES[name].share;
  return lerp(still, full, flow);
}

/** Gives every frame of laser work the type of the event it belongs to. Events follow each other without a gap. */
export function eventsOf(random: Random): (flow: number) => SpatterTypeName {
  let left = 0;
  let type: SpatterTypeName = 'calm';
  return (flow) => {
    if (left-- > 0) return type;
    left = LASTS[0] - 1 + integer(random, LASTS[1] - LASTS[0] + 1);
    return (type = drawType(random, flow));
  };
}

function drawType(random: Random, flow: number): SpatterTypeName {
  const names = Object.keys(SPATTER_TYPES) as SpatterTypeName[];
  let rest = uniform(random);
  return names.find((name) => (rest -= shareOf(name, flow)) < 0) ?? names.at(-1)!;
}
