// The Python prototype's spellings: those with a counterpart are translated, the others get a hint of their own.
import type { Override } from './grammar.ts';
import { child, isMap, setChild, type Tree, type TreeMap } from './tree.ts';

/** Translates `data.grayscale` and `data.splits` in the content of a file, in place. */
export function translateTree(tree: TreeMap): void {
  const data = child(tree, 'data');
  if (!isMap(data)) return;
  move(data, 'grayscale', 'kind', kindOf);
  move(data, 'splits', 'split', (value) => value);
}

function kindOf(grayscale: Tree): Tree {
  return typeof grayscale === 'boolean' ? (grayscale ? 'gray' : 'rgb') : grayscale;
}

function move(map: TreeMap, from: string, to: string, translate: (value: Tree) => Tree): void {
  const value = child(map, from);
  if (value === undefined || child(map, to) !== undefined) return;
  setChild(map, to, translate(value));
  Reflect.deleteProperty(map, from);
}

/** Translates the key, and where needed the value, of an override. */
export function translateOverride(override: Override): Override {
  if (override.key === 'data.grayscale' && override.value !== undefined)
    return { ...override, key: 'data.kind', value: kindOf(override.value) };
  const key = override.key.replace(/^data\.splits(?=\.|$)/, 'data.split');
  return key === override.key ? override : { ...override, key };
}

const RETIRED: readonly (readonly [RegExp, string])[] = [
  [/^data\.(files|labels)$/, 'list the recordings in the index: spatter data index'],
  [/^data\.transforms\.normalize$/, 'leave it out: inputs are scaled to 0…1 and not normalised'],
  [
    /^training\.(num_workers|pin_memory|persistent_workers)$/,
    'leave it out: one loader thread serves; see data.prefetch',
  ],
  [/^training\.mixed_precision$/, 'leave it out: training is in float32'],
  [
    /^paths\.(checkpoint_dir|log_dir)$/,
    'use paths.run_root: a run keeps checkpoints and logs in its own directory',
  ],
];

/** What to do instead of a key of the prototype that has no counterpart. */
export function retiredHint(path: string): string | undefined {
  return RETIRED.find(([pattern]) => pattern.test(path))?.[1];
}
