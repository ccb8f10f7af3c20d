// Spatter in flight: the kinds of particles, how the gas changes them, and their paths.
import { lerp } from './streams.ts';

/** One kind of particle at a given gas flow. Lengths are chamber units, times are frames. */
export interface EjectaKind {
  /** Mean number thrown out per frame. */
  readonly rate: number;
  /** Initial speed, lowest and highest. */
  readonly speed: readonly [number, number];
  /** Lean of the cone downwind from straight up, and its spread; radians. */
  readonly lean: number;
  readonly spread: number;
  /** Half width of the streak, pixels. */
  readonly radius: readonly [number, number];
  /** How fast it takes on the speed of the gas, per frame: light particles high, agglomerates low. */
  readonly drag: number;
  /** Light when thrown out, and how fast it cools, per frame. */
  readonly light: number;
  readonly cooling: number;
  readonly life: readonly [number, number];
  /** Orange instead of white. */
  readonly warm: boolean;
}

/**
 * The kinds. Little gas: many wide, slow, bright, round-flying agglomerates, since the plume is not carried off and hot
 * particles merge in it. Much gas: fine particles, fast and thin, swept downwind (trend after the published LPBF crops).
 */
export const EJECTA = {
  fan: (flow) => ({
    rate: lerp(44, 50, flow),
    speed: [lerp(40, 30, flow), lerp(110, 130, flow)],
    lean: lerp(0.05, 0.75, flow),
    spread: lerp(0.85, 0.45, flow),
    radius: [0.9, 1.3],
    drag: 1.1,
    light: lerp(0.34, 0.4, flow),
    cooling: 1.6,
    life: [0.3, 1.1],
    warm: true,
  }),
  streak: (flow) => ({
    rate: lerp(7, 5, flow),
    speed: [70, 170],
    lean: lerp(0, 0.45, flow),
    spread: lerp(0.75, 0.6, flow),
    radius: [0.9, lerp(1.6, 1.2, flow)],
    drag: 0.5,
    light: 0.9,
    cooling: 0.7,
    life: [0.5, 1.8],
    warm: false,
  }),
  agglomerate: (flow) => ({
    rate: lerp(6, 0.6, flow),
    speed: [15, 75],
    lean: lerp(0, 0.3, flow),
    spread: 0.8,
    radius: [1.5, lerp(3.2, 2, flow)],
    drag: 0.15,
    light: 1.2,
    cooling: 0.4,
    life: [0.8, 2],
    warm: false,
  }),
  // The next two come only in events of their own.
  droplet: (flow) => ({
    rate: 4,
    speed: [20, 60],
    lean: lerp(0, 0.25, flow),
    spread: 0.7,
    radius: [2.4, lerp(4, 3, flow)],
    drag: 0.1,
    light: 1.4,
    cooling: 0.3,
    life: [1, 2],
    warm: false,
  }),
  comet: (flow) => ({
    rate: 1.6,
    speed: [130, 220],
    lean: lerp(0, 0.5, flow),
    spread: 0.55,
    radius: [1.3, 1.8],
    drag: 0.3,
    light: 1.2,
    cooling: 0.35,
    life: [1.2, 2],
    warm: false,
  }),
} as const satisfies Record<string, (flow: number) => EjectaKind>;
export type EjectaName = keyof typeof EJECTA;

/** A particle: along the gas, across it, up; chamber units and frames, from the melt pool at time 0. */
export interface Particle {
  readonly kind: EjectaKind;
  /** Moment in its frame at which it leaves the melt pool, 0 to 1. */
  readonly born: number;
  readonly life: number;
  readonly velocity: readonly [number, number, number];
  readonly radius: number;
  readonly light: number;
}

/** What carries a particle: speed of the gas along its own axis, and gravity; chamber units and frames. */
export interface Air {
  readonly wind: number;
  readonly gravity: number;
}

/** The gas and the fall at one flow. */
export function airAt(flow: number): Air {
  return { wind: lerp(0, 150, flow * flow), gravity: 34 };
}

/** Distance travelled along one axis after time `t`, from `speed`, towards the `carried` speed by linear drag `k`. */
export function travelled(speed: number, carried: number, k: number, t: number): number {
  return carried * t + ((speed - carried) * (1 - Math.exp(-k * t))) / k;
}
