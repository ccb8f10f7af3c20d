// Parts of a set of images: those it was published in, and seeded, class by class, for the parts it lacks.
import { permutation, randomStream } from '../../util/random.ts';
import { PARTS, collect, type Fractions, type Split } from '../splits/split.ts';
import type { LabelledImages } from './labelled-images.ts';

/**
 * Published val and test images stay there. Parts that were not published are drawn from the training images of each
 * class, in the proportion of their `fractions` to that of train.
 * @throws {SpatterError} SPLIT_IMPOSSIBLE when a part is empty.
 */
export function splitImages(
  { labels, classes, published }: Pick<LabelledImages, 'labels' | 'classes' | 'published'>,
  fractions: Fractions,
  seed: number,
): Split {
  const given = new Set(published);
  const drawn = PARTS.map((part, k) => (part === 'train' || !given.has(part) ? fractions[k]! : 0));
  const [train = 0, val = 0, test = 0] = drawn;
  const total = train + val + test;
  const part = Uint8Array.from(published, (name) => PARTS.indexOf(name));
  classes.forEach((_, label) => {
    const rows = rowsWhere(part, (row) => part[row] === 0 && labels[row] === label);
    const order = permutation(randomStream(seed, label), rows.length);
    const [vals, tests] = [val, test].map((share) => Math.round((share / total) * rows.length)) as [
      number,
      number,
    ];
    order.subarray(0, vals).forEach((i) => (part[rows[i]!] = 1));
    order.subarray(vals, vals + tests).forEach((i) => (part[rows[i]!] = 2));
  });
  const kind = given.has('test') ? 'official' : 'random';
  const official = PARTS.filter((name) => name !== 'train' && given.has(name));
  return collect(part, { kind, gap_frames: 0, seed, by: 'class', published: official });
}

function rowsWhere(part: Uint8Array, holds: (row: number) => boolean): number[] {
  return Array.from(part.keys()).filter(holds);
}
