// What one spatter event throws out of the melt pool within a frame.
import { normal, uniform, type Random } from '../util/random.ts';
import { EJECTA, type EjectaKind, type EjectaName, type Particle } from './ejecta.ts';
import { SPATTER_TYPES, type SpatterType, type SpatterTypeName } from './spatter-types.ts';
import { between } from './streams.ts';

/** Kinds that an event must name to hold any. */
const RARE: ReadonlySet<EjectaName> = new Set(['droplet', 'comet'] as const);

/** The particles that an event of `type` throws out within one frame at `power` (0 to 1); their number is Poisson. */
export function throwOut(random: Random, type: SpatterTypeName, flow: number, power: number): Particle[] {
  const { mix, lean }: SpatterType = SPATTER_TYPES[type];
  return (Object.keys(EJECTA) as EjectaName[]).flatMap((name) => {
    const own = EJECTA[name](flow);
    const kind = lean === undefined ? own : { ...own, lean };
    const rate = kind.rate * (mix[name] ?? (RARE.has(name) ? 0 : 1));
    return Array.from({ length: poisson(random, rate * power * power) }, () => drawParticle(random, kind));
  });
}

function drawParticle(random: Random, kind: EjectaKind): Particle {
  const speed = between(random, ...kind.speed);
  const lean = kind.lean + kind.spread * normal(random);
  const sideways = 0.5 * kind.spread * normal(random);
  return {
    kind,
    born: uniform(random),
    life: between(random, ...kind.life),
    velocity: [
      speed * Math.sin(lean) * Math.cos(sideways),
      speed * Math.sin(sideways),
      speed * Math.abs(Math.cos(lean)) * Math.cos(sideways),
    ],
    radius: between(random, ...kind.radius),
    light: kind.light * between(random, 0.35, 1.2),
  };
}

/** Knuth's product method; fine for the small means used here. */
function poisson(random: Random, mean: number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(random); product > limit; product *= uniform(random)) count++;
  return count;
}
