// Which parameters past trials have in common, so that they can be sampled together.
import { sameDistribution, type Distribution } from './distributions.ts';
import type { FrozenTrial } from './trial-record.ts';

/** Parameters by name, in the order of the names. */
export type SearchSpace = Readonly<Record<string, Distribution>>;

/** Parameters that every given trial has, with one and the same distribution (Optuna's `intersection_search_space`). */
export function commonSpace(trials: readonly FrozenTrial[]): SearchSpace {
  const newest = trials.at(-1);
  if (newest === undefined) return {};
  let shared = Object.entries(newest.distributions);
  let last = newest.distributions;
  for (const { distributions } of trials) {
    // Storages give trials that searched the same space one and the same object.
    if (distributions === last) continue;
    last = distributions;
    shared = shared.filter(([name, distribution]) => {
      const other = distributions[name];
      return other !== undefined && (other === distribution || sameDistribution(other, distribution));
    });
  }
  return sortedByName(shared);
}

/**
 * The coarsest partition of all parameters such that every trial has either all or none of a part
 * (Optuna's `_GroupDecomposedSearchSpace`): parameters that appear under the same conditions stay together.
 */
export function groupedSpaces(trials: readonly FrozenTrial[]): SearchSpace[] {
  let groups: [string, Distribution][][] = [];
  for (const { distributions } of trials) {
    const known = new Set(groups.flatMap((group) => group.map(([name]) => name)));
    const fresh = Object.entries(distributions).filter(([name]) => !known.has(name));
    const split = groups.flatMap((group) => [
      group.filter(([name]) => name in distributions),
      group.filter(([name]) => !(name in distributions)),
    ]);
    groups = [...split, fresh].filter((group) => group.length > 0);
  }
  return groups.map(sortedByName);
}

function sortedByName(entries: readonly (readonly [string, Distribution])[]): SearchSpace {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
