// Metrics per group of crops: per recording, per position in the picture, per anything with a name.
import { mean, sameLength, type Values } from './values.ts';
import type { Scored } from './binary.ts';

/** Each crop's group as an index into `names`. */
export interface Grouping {
  readonly group: Int32Array;
  readonly names: readonly string[];
}

export interface GroupMetrics {
  readonly name: string;
  readonly crops: number;
  /** Share of the group's crops whose true class is 1. */
  readonly shareOfClass1: number;
  readonly accuracy: number;
  readonly meanProbability: number;
}

/** Groups crops by name, in the order in which names first appear. */
export function groupBy(names: readonly string[]): Grouping {
  const index = new Map<string, number>();
  const group = Int32Array.from(names, (name) => {
    if (!index.has(name)) index.set(name, index.size);
    return index.get(name)!;
  });
  return { group, names: [...index.keys()] };
}

/** Groups crops by the cell of a `columns` × `rows` grid over the picture that their centre (pixels) lies in. */
export function positionGrid(
  centre: { readonly x: Values; readonly y: Values },
  picture: { readonly width: number; readonly height: number },
  columns = 3,
  rows = 3,
): Grouping {
  const cell = (value: number, size: number, count: number) =>
    Math.min(count - 1, Math.max(0, Math.floor((value / size) * count)));
  const group = Int32Array.from(
    { length: centre.x.length },
    (_, i) => cell(centre.y[i]!, picture.height, rows) * columns + cell(centre.x[i]!, picture.width, columns),
  );
  const names = Array.from(
    { length: rows * columns },
    (_, k) => `row ${Math.floor(k / columns) + 1}, column ${(k % columns) + 1}`,
  );
  return { group, names };
}

/** One line per group that has crops, in the order of `names`. */
export function groupMetrics(scored: Scored, { group, names }: Grouping): GroupMetrics[] {
  sameLength('groupMetrics', scored.label, group);
  const members = names.map((): number[] => []);
  group.forEach((g, crop) => members[g]!.push(crop));
  return names.flatMap((name, g) => {
    const crops = members[g]!;
    if (crops.length === 0) return [];
    const right = crops.map((i) => Number(scored.label[i] === scored.decision[i]));
    return {
      name,
      crops: crops.length,
      shareOfClass1: mean(crops.map((i) => Number(scored.label[i] === 1))),
      accuracy: mean(right),
      meanProbability: mean(crops.map((i) => scored.probability[i]!)),
    };
  });
}
