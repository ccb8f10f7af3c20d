// Dominance between loss vectors: every objective is to be minimised.

/** Whether `a` is at least as good as `b` everywhere and better somewhere. */
export function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) return false;
    if (a[i]! < b[i]!) better = true;
  }
  return better;
}

/** Whether each loss vector is dominated by no other. Equal vectors are all on the front. */
export function paretoFront(losses: readonly (readonly number[])[]): boolean[] {
  const order = lexicographicOrder(losses);
  const front: (readonly number[])[] = [];
  const on = new Array<boolean>(losses.length).fill(false);
  for (const i of order) {
    if (front.some((other) => dominates(other, losses[i]!))) continue;
    on[i] = true;
    const last = front.at(-1);
    if (last === undefined || compareLexicographically(last, losses[i]!) !== 0) front.push(losses[i]!);
  }
  return on;
}

/**
 * Each loss vector's front: 0 is the Pareto front, 1 the front without it, and so on (Deb et al., 2002). Once
 * `enough` vectors are ranked, all others share the next rank.
 */
export function nonDominationRanks(losses: readonly (readonly number[])[], enough = losses.length): number[] {
  const ranks = new Array<number>(losses.length).fill(0);
  let rest = losses.map((_, i) => i);
  for (let rank = 0; rest.length > 0; rank++) {
    for (const i of rest) ranks[i] = rank;
    if (losses.length - rest.length >= enough) break;
    const on = paretoFront(rest.map((i) => losses[i]!));
    rest = rest.filter((_, place) => !on[place]);
  }
  return ranks;
}

export function compareLexicographically(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  }
  return 0;
}

/** Indices in lexicographic order of the vectors; equal ones keep their order. */
export function lexicographicOrder(vectors: readonly (readonly number[])[]): number[] {
  return vectors.map((_, i) => i).sort((i, j) => compareLexicographically(vectors[i]!, vectors[j]!));
}
