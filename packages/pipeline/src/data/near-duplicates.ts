// Pairs of crops that look the same, found among hundreds of thousands without comparing all with all.
import { FACT, FACTS } from './crop-facts.ts';
import { LOOK_WORDS, lookDistance } from './look-hash.ts';

/** Bits of 128 in which the fingerprints of two pictures of the same thing may differ. */
const NEAR_BITS = 6;
/** Of {@link NEAR_BITS} + 1 bands, two fingerprints that near share at least one exactly. */
const BANDS = NEAR_BITS + 1;
const BAND_BITS = Math.floor((32 * LOOK_WORDS) / BANDS);
/** A pair is compared only with this many neighbours in a crowded band: plain dark crops share bands by the thousand. */
const NEIGHBOURS = 48;
/** Fewer set bits say too little: a crop of even brightness. */
const FEWEST_BITS = 12;
/** Sizes of one thing seen twice differ by less, pixels a side. */
const SAME_SIZE = 2;

export interface Lookalikes {
  /** Slots of each pair, lower first, ascending. */
  readonly pairs: readonly (readonly [number, number])[];
  /** True when bands were so crowded that pairs may be missing. */
  readonly crowded: boolean;
}

/**
 * Pairs of slots whose crops differ in bytes, but hardly in size and look. `keep` says which pairs matter.
 * Every band sorts the crops by its bits, so the work is 7 sorts and a few comparisons for each crop.
 */
export function lookalikes(
  facts: Uint32Array,
  keep: (a: number, b: number) => boolean,
  most = 20_000,
): Lookalikes {
  const slots = telling(facts);
  const found = new Set<number>();
  const crops = facts.length / FACTS;
  let crowded = false;
  for (let band = 0; band < BANDS; band++) {
    const keys = Float64Array.from(slots, (slot) => bandOf(facts, slot, band) * 2 ** 32 + slot).sort();
    for (let i = 0; i < keys.length; i++) {
      const key = Math.floor(keys[i]! / 2 ** 32);
      let k = i + 1;
      for (; k < keys.length && k <= i + NEIGHBOURS && Math.floor(keys[k]! / 2 ** 32) === key; k++) {
        const [a, b] = [keys[i]! % 2 ** 32, keys[k]! % 2 ** 32];
        if (found.size < most && alike(facts, a, b) && keep(a, b)) found.add(a * crops + b);
      }
      crowded ||= found.size >= most || (k > i + NEIGHBOURS && Math.floor((keys[k] ?? -1) / 2 ** 32) === key);
    }
  }
  const pairs = [...found].sort((x, y) => x - y).map((p) => [Math.floor(p / crops), p % crops] as const);
  return { pairs, crowded };
}

/** Slots whose fingerprint has enough bits to tell crops apart. */
function telling(facts: Uint32Array): Uint32Array {
  const zero = new Uint32Array(LOOK_WORDS);
  const words = new Uint32Array(2 * LOOK_WORDS);
  words.set(zero);
  const slots = Array.from({ length: facts.length / FACTS }, (_, slot) => slot);
  return Uint32Array.from(
    slots.filter((slot) => {
      const at = slot * FACTS + FACT.look;
      words.set(facts.subarray(at, at + LOOK_WORDS), LOOK_WORDS);
      return lookDistance(words, 0, LOOK_WORDS) >= FEWEST_BITS;
    }),
  );
}

/** Bits `band · BAND_BITS` to `(band + 1) · BAND_BITS − 1` of the fingerprint. */
function bandOf(facts: Uint32Array, slot: number, band: number): number {
  const at = slot * FACTS + FACT.look;
  const first = band * BAND_BITS;
  const [word, shift] = [first >> 5, first & 31];
  const low = facts[at + word]! >>> shift;
  const high = shift === 0 ? 0 : (facts[at + word + 1] ?? 0) << (32 - shift);
  return ((low | high) & (2 ** BAND_BITS - 1)) >>> 0;
}

function alike(facts: Uint32Array, a: number, b: number): boolean {
  const [p, q] = [a * FACTS, b * FACTS];
  if (Math.abs(facts[p + FACT.width]! - facts[q + FACT.width]!) > SAME_SIZE) return false;
  if (Math.abs(facts[p + FACT.height]! - facts[q + FACT.height]!) > SAME_SIZE) return false;
  if (lookDistance(facts, p + FACT.look, q + FACT.look) > NEAR_BITS) return false;
  return [0, 1, 2, 3].some((w) => facts[p + FACT.digest + w] !== facts[q + FACT.digest + w]);
}

/** Groups of slots whose JPEGs are byte for byte the same, each of two or more, in order of their first slot. */
export function copies(facts: Uint32Array): number[][] {
  const groups = new Map<string, number[]>();
  const first = new Map<string, number>();
  for (let slot = 0; slot * FACTS < facts.length; slot++) {
    const at = slot * FACTS + FACT.digest;
    const key = `${facts[at]!},${facts[at + 1]!},${facts[at + 2]!},${facts[at + 3]!}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, slot);
    else groups.set(key, [...(groups.get(key) ?? [earlier]), slot]);
  }
  return [...groups.values()].sort((a, b) => a[0]! - b[0]!);
}
