// The order of numbers, fast enough to be asked for on every trial.

/**
 * Indices of finite numbers in ascending order; equal numbers keep their order. The index rides in the lowest bits of
 * each key, so that the engine's own sort of doubles does the work; what those bits decided wrongly is put right after.
 */
export function stableOrder(values: Float64Array): Uint32Array {
  const count = values.length;
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const keys = values.map((value) => value - least);
  const words = new Uint32Array(keys.buffer);
  const mask = 2 ** (32 - Math.clz32(count)) - 1;
  for (let i = 0; i < count; i++) words[LOW + 2 * i] = (words[LOW + 2 * i]! & ~mask) | i;
  keys.sort();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const index = words[LOW + 2 * i]! & mask;
    let place = i;
    for (; place > 0 && isBefore(values, index, order[place - 1]!); place--) order[place] = order[place - 1]!;
    order[place] = index;
  }
  return order;
}

/** Where a double's low word lies. */
const LOW = new Uint32Array(Float64Array.of(2 ** -1074).buffer)[0] === 1 ? 0 : 1;

function isBefore(values: Float64Array, a: number, b: number): boolean {
  return values[a]! < values[b]! || (values[a] === values[b] && a < b);
}
