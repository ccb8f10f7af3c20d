// numpy's legacy random permutation, so that a shuffle by pandas can be repeated here to the row.
import { mersenne } from 'pure-rand/generator/mersenne';

/**
 * 0…length−1 in the order of `numpy.random.RandomState(seed).permutation(length)`, which is what
 * `pandas.DataFrame.sample(frac=1, random_state=seed)` takes its rows by: MT19937, Fisher and Yates from the end,
 * each draw masked to the bits of its bound and rejected above it. numpy keeps this stream frozen.
 * @param seed 0 to 2³²−1.
 * @param length up to 2³²−1.
 */
export function numpyPermutation(seed: number, length: number): Uint32Array {
  const generator = mersenne(seed);
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1;
    let j: number;
    do j = (generator.next() & mask) >>> 0;
    while (j > i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
