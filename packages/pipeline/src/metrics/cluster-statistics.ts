// Figures as functions of how often each cluster of crops was drawn: what a cluster bootstrap evaluates thousands of times.
import type { Clusters } from './clusters.ts';
import { ascendingOrder } from './ranking.ts';
import { sameLength, type Values } from './values.ts';

/** The figure when cluster k counts `times[k]` times; NaN when it is undefined for that draw. */
export type ClusterStatistic = (times: Float64Array) => number;

/** Mean of `values` over crops (accuracy: 1 for right, 0 for wrong). Costs one pass over clusters per draw. */
export function clusterMean(values: Values, { cluster, count }: Clusters): ClusterStatistic {
  sameLength('clusterMean', values, cluster);
  const [sum, crops] = [new Float64Array(count), new Float64Array(count)];
  cluster.forEach((k, crop) => {
    sum[k]! += values[crop]!;
    crops[k]!++;
  });
  return (times) => dot(sum, times) / dot(crops, times);
}

/** Mean of the recalls of two classes. NaN for a draw without one of them. */
export function clusterBalancedAccuracy(right: Values, label: Values, clusters: Clusters): ClusterStatistic {
  const { cluster, count } = clusters;
  const [hits, crops] = [0, 1].map(() => [new Float64Array(count), new Float64Array(count)] as const) as [
    readonly [Float64Array, Float64Array],
    readonly [Float64Array, Float64Array],
  ];
  cluster.forEach((k, crop) => {
    const y = label[crop] === 1 ? 1 : 0;
    hits[y][k]! += right[crop]!;
    crops[y][k]!++;
  });
  return (times) =>
    (dot(hits[0], times) / dot(crops[0], times) + dot(hits[1], times) / dot(crops[1], times)) / 2;
}

/** Area under the ROC curve, ties counting half. Sorts once; one pass over crops per draw. */
export function clusterRocAuc(label: Values, score: Values, { cluster }: Clusters): ClusterStatistic {
  sameLength('clusterRocAuc', label, cluster);
  const order = ascendingOrder(score);
  const [owner, positive, last] = [
    new Int32Array(order.length),
    new Uint8Array(order.length),
    new Uint8Array(order.length),
  ];
  order.forEach((crop, i) => {
    owner[i] = cluster[crop]!;
    positive[i] = Number(label[crop] === 1);
    last[i] = Number(i + 1 === order.length || score[order[i + 1]!] !== score[crop]);
  });
  return (times) => weightedAuc(owner, positive, last, times);
}

/** `last[i]` marks the end of a run of equal scores; arrays are in ascending order of score. */
function weightedAuc(owner: Int32Array, positive: Uint8Array, last: Uint8Array, times: Float64Array): number {
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
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
