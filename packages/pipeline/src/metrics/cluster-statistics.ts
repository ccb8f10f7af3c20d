// Figures as functions of how often each cluster of crops was drawn: what a cluster bootstrap evaluates thousands of times.
import type { Clusters } from './clusters.ts';
import { ascendingOrder } from './ranking.ts';
import { sameLength, type Values } from './values.ts';

/** The figure when cluster k counts `times[k]` times; NaN when it is undefined for that draw. */
export type ClusterStatistic = (times: Float64Array) => number;

/** Mean of `values` over crops (accuracy: 1 for right, 0 for wrong). Costs one pass over clusters per draw. */
export function clusterMean(
  values: Values,
  { cluster, count }: Pick<Clusters, 'cluster' | 'count'>,
): ClusterStatistic {
  sameLength('clusterMean', values, cluster);
  const [sum, crops] = [new Float64Array(count), new Float64Array(count)];
  cluster.forEach((k, crop) => {
    sum[k]! += values[crop]!;
    crops[k]!++;
  });
  return (times) => dot(sum, times) / dot(crops, times);
}

/** Mean of the recalls of `classes`. NaN for a draw without one of them. */
export function clusterBalancedAccuracy(
  right: Values,
  label: Values,
  { cluster, count }: Pick<Clusters, 'cluster' | 'count'>,
  classes: readonly number[] = [0, 1],
): ClusterStatistic {
  const tallies = new Map(
    classes.map((k) => [k, { hits: new Float64Array(count), crops: new Float64Array(count) }]),
  );
  cluster.forEach((k, crop) => {
    const { hits, crops } = tallies.get(label[crop]!)!;
    hits[k]! += right[crop]!;
    crops[k]!++;
  });
  const all = [...tallies.values()];
  return (times) =>
    all.reduce((sum, { hits, crops }) => sum + dot(hits, times) / dot(crops, times), 0) / all.length;
}

/** Crops in ascending order of score; `last` marks the end of a run of equal scores. */
interface RankedClusters {
  readonly owner: Int32Array;
  readonly positive: Uint8Array;
  readonly last: Uint8Array;
}

/** Area under the ROC curve, ties counting half. Sorts once. */
export function clusterRocAuc(label: Values, score: Values, { cluster, count }: Clusters): ClusterStatistic {
  sameLength('clusterRocAuc', label, cluster);
  const order = ascendingOrder(score);
  const ranked: RankedClusters = {
    owner: Int32Array.from(order, (crop) => cluster[crop]!),
    positive: Uint8Array.from(order, (crop) => Number(label[crop] === 1)),
    last: Uint8Array.from(order, (crop, i) =>
      Number(i + 1 === order.length || score[order[i + 1]!] !== score[crop]),
    ),
  };
  // A draw walks either all pairs of clusters or all crops; the first is far cheaper per step.
  return count * count <= 8 * order.length ? aucByPairs(ranked, count) : aucByCrops(ranked);
}

/** Counts, for each pair of clusters, how often a class-1 crop of the first beats a class-0 crop of the second. */
function aucByPairs({ owner, positive, last }: RankedClusters, count: number): ClusterStatistic {
  const wins = Array.from({ length: count }, () => new Float64Array(count));
  const [positives, negatives] = [new Float64Array(count), new Float64Array(count)];
  for (let from = 0, to = 0; from < owner.length; from = to) {
    while (last[to++] === 0);
    // Halves of the run's class-0 crops before and after its class-1 crops: that is how ties count.
    const half = () => {
      for (let i = from; i < to; i++) if (positive[i] === 0) negatives[owner[i]!]! += 0.5;
    };
    half();
    for (let i = from; i < to; i++) {
      if (positive[i] === 0) continue;
      const row = wins[owner[i]!]!;
      for (let k = 0; k < count; k++) row[k]! += negatives[k]!;
      positives[owner[i]!]!++;
    }
    half();
  }
  return (times) => {
    const area = wins.reduce((sum, row, k) => (times[k] === 0 ? sum : sum + times[k]! * dot(row, times)), 0);
    return area / (dot(positives, times) * dot(negatives, times));
  };
}

function aucByCrops({ owner, positive, last }: RankedClusters): ClusterStatistic {
  return (times) => {
    let [area, positives, negatives, runPositives, runNegatives] = [0, 0, 0, 0, 0];
    for (let i = 0; i < owner.length; i++) {
      if (positive[i] === 1) runPositives += times[owner[i]!]!;
      else runNegatives += times[owner[i]!]!;
      if (last[i] === 0) continue;
      area += runPositives * (negatives + runNegatives / 2);
      positives += runPositives;
      negatives += runNegatives;
      runPositives = runNegatives = 0;
    }
    return area / (positives * negatives);
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
