// MLflow's limits on what is logged, and how what exceeds them is made to fit: a logged value is cut, never lost.
import type { Batch, MetricPoint } from './store.ts';

/** Most characters of a key, a param, a tag; most entries of a request (MLflow 3, `mlflow.utils.validation`). */
export const LIMITS = {
  key: 250,
  param: 6000,
  tag: 8000,
  metricsPerBatch: 1000,
  paramsPerBatch: 100,
} as const;

/** Keys may hold letters, digits, `_ - . / :` and spaces; other characters become `_`. */
export function fitKey(key: string): string {
  return key.replaceAll(/[^\w.\-/ :]/g, '_').slice(0, LIMITS.key);
}

function fitEntries(entries: Readonly<Record<string, string>> = {}, longest: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [
      fitKey(key),
      value.length > longest ? `${value.slice(0, longest - 1)}…` : value,
    ]),
  );
}

/** The batch as MLflow accepts it. */
export function fitBatch({ params, metrics = [], tags }: Batch): Required<Batch> {
  return {
    params: fitEntries(params, LIMITS.param),
    metrics: metrics.map((point) => ({ ...point, key: fitKey(point.key) })),
    tags: fitEntries(tags, LIMITS.tag),
  };
}

/** Splits a batch into pieces that fit one request each. */
export function piecesOf({ params = {}, metrics = [], tags = {} }: Batch): Batch[] {
  const entries = (record: Readonly<Record<string, string>>) =>
    chunks(Object.entries(record), LIMITS.paramsPerBatch).map((chunk) => Object.fromEntries(chunk));
  return [
    ...entries(params).map((chunk) => ({ params: chunk })),
    ...chunks(metrics, LIMITS.metricsPerBatch).map((chunk): Batch => ({ metrics: chunk })),
    ...entries(tags).map((chunk) => ({ tags: chunk })),
  ];
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** True when `a` counts as later than `b`, in MLflow's order: step, then time, then value. */
export function isLater(a: MetricPoint, b: MetricPoint): boolean {
  return (
    a.step - b.step > 0 ||
    (a.step === b.step && (a.time > b.time || (a.time === b.time && a.value > b.value)))
  );
}
