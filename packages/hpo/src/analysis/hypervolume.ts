// The volume that loss vectors dominate below a reference point, and the subset that keeps most of it.
import { lexicographicOrder, paretoFront } from './pareto.ts';

type Losses = readonly (readonly number[])[];

/** Volume dominated by `losses` below `reference`; vectors that are not below it count for nothing. Exact. */
export function hypervolume(losses: Losses, reference: readonly number[]): number {
  const inside = losses.filter((loss) => loss.every((value, i) => value < reference[i]!));
  const on = paretoFront(inside);
  const front = inside.filter((_, i) => on[i]);
  const sorted = lexicographicOrder(front).map((i) => front[i]!);
  if (reference.length === 2) return area(sorted, reference);
  return sorted.reduce((sum, loss, i) => sum + exclusive(loss, sorted.slice(i + 1), reference), 0);
}

function area(sorted: Losses, reference: readonly number[]): number {
  let [sum, ceiling] = [0, reference[1]!];
  for (const [x, y] of sorted as readonly (readonly [number, number])[]) {
    sum += (reference[0]! - x) * Math.max(0, ceiling - y);
    ceiling = Math.min(ceiling, y);
  }
  return sum;
}

/** What `loss` dominates and none of `others` does (WFG: While, Bradstreet and Barone, 2012, Eqs. 6 and 7). */
function exclusive(loss: readonly number[], others: Losses, reference: readonly number[]): number {
  const limited = others.map((other) => other.map((value, i) => Math.max(value, loss[i]!)));
  return box(loss, reference) - (limited.length === 0 ? 0 : hypervolume(limited, reference));
}

function box(loss: readonly number[], reference: readonly number[]): number {
  return loss.reduce((volume, value, i) => volume * (reference[i]! - value), 1);
}

/** A point a little worse than the worst of `losses` in every objective. Source: Optuna's `_get_reference_point`. */
export function referencePoint(losses: Losses): number[] {
  return (losses[0] ?? []).map((_, i) => {
    const worst = Math.max(...losses.map((loss) => loss[i]!));
    return Math.max(1.1 * worst, 0.9 * worst) || 1e-12;
  });
}

/**
 * Indices of `size` loss vectors chosen greedily for their hypervolume (Guerreiro, Fonseca and Paquete, 2016), as
 * Optuna's `_solve_hssp`. All vectors are expected to be on one front; of equal ones the first is preferred.
 */
export function hypervolumeSubset(losses: Losses, size: number, reference: readonly number[]): number[] {
  if (size >= losses.length) return losses.map((_, i) => i);
  const unique = firstOfEach(losses);
  if (unique.length < size) {
    const rest = losses.map((_, i) => i).filter((i) => !unique.includes(i));
    return [...unique, ...rest.slice(0, size - unique.length)].sort((a, b) => a - b);
  }
  if (!reference.every(Number.isFinite)) return unique.slice(0, size);
  return greedy(unique, losses, size, reference);
}

function firstOfEach(losses: Losses): number[] {
  const order = lexicographicOrder(losses);
  return order.filter((i, place) => {
    const before = order[place - 1];
    return before === undefined || losses[before]!.some((value, k) => value !== losses[i]![k]);
  });
}

function greedy(
  candidates: readonly number[],
  losses: Losses,
  size: number,
  reference: readonly number[],
): number[] {
  const open = new Map(candidates.map((i) => [i, box(losses[i]!, reference)]));
  const chosen: number[] = [];
  while (chosen.length < size) {
    let [best, most] = [-1, -Infinity];
    for (const [i, bound] of open) {
      // A gain only shrinks as more is chosen, so an old gain that is not the largest need not be computed again.
      if (bound <= most) continue;
      const gain = exclusive(
        losses[i]!,
        chosen.map((c) => losses[c]!),
        reference,
      );
      open.set(i, gain);
      if (gain > most) [best, most] = [i, gain];
    }
    chosen.push(best);
    open.delete(best);
  }
  return chosen;
}
