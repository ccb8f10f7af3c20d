// The nearest valid name to what was typed.
import { distance } from 'fastest-levenshtein';

/** The candidate nearest to `typed`, or undefined when none is near. Dotted names also match by their last part, unless `by` is `whole`. */
export function nearest(
  typed: string,
  candidates: readonly string[],
  by: 'whole' | 'part' = 'part',
): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(typed.length * 0.4)) + 1;
  for (const candidate of candidates) {
    const part = by === 'part' ? lastPartCost(typed, candidate) : Infinity;
    const cost = Math.min(distance(typed, candidate), part);
    if (cost < least) [best, least] = [candidate, cost];
  }
  return best;
}

// `batch_size` means training.batch_size although their whole texts are far apart; half a point lets a whole match win.
function lastPartCost(typed: string, candidate: string): number {
  const [mine, theirs] = [typed, candidate].map((name) => name.slice(name.lastIndexOf('.') + 1)) as [
    string,
    string,
  ];
  const cost = distance(mine, theirs);
  return cost <= Math.floor(mine.length * 0.25) ? cost + 0.5 : Infinity;
}
