// Seeded numbers for initial parameters: each parameter has its own stream, so adding a layer changes no other.

/** MurmurHash3's finaliser (Appleby, 2011). */
function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Uniform numbers in [0, 1) that depend only on `seed` and `name` (SplitMix32). */
export function uniformStream(seed: number, name: string): () => number {
  let state = mix(seed ^ 0x9e3779b9);
  for (const byte of new TextEncoder().encode(name)) state = mix(state + 0x9e3779b9 + byte);
  return () => mix((state = (state + 0x9e3779b9) >>> 0)) / 2 ** 32;
}

/** Standard normal numbers that depend only on `seed` and `name` (Box and Muller, 1958). */
export function normalStream(seed: number, name: string): () => number {
  const next = uniformStream(seed, name);
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const second = spare;
      spare = undefined;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** 1 / keep with probability `keep`, else 0, `count` times; depends only on `seed` and `name`. */
export function keepMask(seed: number, name: string, count: number, keep: number): Float32Array {
  const next = uniformStream(seed, name);
  return Float32Array.from({ length: count }, () => (next() < keep ? 1 / keep : 0));
}
