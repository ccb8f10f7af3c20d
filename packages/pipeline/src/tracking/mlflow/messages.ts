// The messages of MLflow's REST interface that spatter reads and writes.
import type { Batch, DatasetInput, MetricPoint, RunStatus } from '../store.ts';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** 64-bit numbers may arrive as texts, and so do values that are not finite. */
export interface MetricMessage {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number | string;
  readonly step?: number | string;
}

export interface RunMessage {
  readonly info: {
    readonly run_id: string;
    readonly experiment_id: string;
    readonly run_name?: string;
    readonly status: RunStatus;
    readonly start_time: number | string;
    readonly end_time?: number | string;
    readonly artifact_uri: string;
  };
  readonly data: {
    readonly metrics?: readonly MetricMessage[];
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  };
  readonly inputs?: {
    readonly dataset_inputs?: readonly {
      readonly tags?: readonly KeyValue[];
      readonly dataset: { readonly name: string; readonly digest: string };
    }[];
  };
}

export const pairsOf = (entries: Readonly<Record<string, string>> = {}): KeyValue[] =>
  Object.entries(entries).map(([key, value]) => ({ key, value }));

export const entriesOf = (pairs: readonly KeyValue[] = []): Record<string, string> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));

/** The body of `runs/log-batch`. Values that are not finite go as texts, as protobuf's JSON has them. */
export function batchMessage(run_id: string, { params, metrics = [], tags }: Batch): object {
  return {
    run_id,
    params: pairsOf(params),
    tags: pairsOf(tags),
    metrics: metrics.map(({ key, value, step, time }) => ({
      key,
      value: Number.isFinite(value) ? value : String(value),
      step,
      timestamp: time,
    })),
  };
}

/** The body of `runs/log-inputs`. */
export function inputsMessage(run_id: string, dataset: DatasetInput): object {
  const { name, digest, source, profile, context, tags } = dataset;
  return {
    run_id,
    datasets: [
      {
        tags: pairsOf({ 'mlflow.data.context': context, ...tags }),
        dataset: {
          name,
          digest,
          source_type: 'local',
          source: JSON.stringify({ uri: source }),
          profile: JSON.stringify(profile),
        },
      },
    ],
  };
}

/** Databases keep infinities as the largest number. */
export function readMetric({ key, value, step = 0, timestamp }: MetricMessage): MetricPoint {
  const number = Number(value);
  const finite = Math.abs(number) !== Number.MAX_VALUE;
  return { key, value: finite ? number : number * Infinity, step: Number(step), time: Number(timestamp) };
}

/** The datasets of a run, by name and digest. */
export function readDatasets({ inputs }: RunMessage): Pick<DatasetInput, 'name' | 'digest' | 'context'>[] {
  const found = (inputs?.dataset_inputs ?? []).map(({ dataset: { name, digest }, tags }) => ({
    name,
    digest,
    context: entriesOf(tags)['mlflow.data.context'] ?? '',
  }));
  return found.sort((a, b) => (a.name + a.digest < b.name + b.digest ? -1 : 1));
}
