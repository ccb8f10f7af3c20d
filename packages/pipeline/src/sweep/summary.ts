// What a sweep has found so far: its trials as rows, the best of them, and the front where several objectives compete.
import {
  violation,
  type Direction,
  type FrozenTrial,
  type ParamValue,
  type Study,
  type TrialState,
} from '@spatter/hpo';
import type { Objective } from './objectives.ts';
import { readObjectives } from './objectives.ts';
import type { SweepPlan } from './plan.ts';
import { RUN, SPLIT, VAL_LEAK, textAttr } from './trial-attributes.ts';

export interface TrialRow {
  readonly number: number;
  readonly state: TrialState;
  readonly values: readonly number[] | null;
  readonly params: Readonly<Record<string, ParamValue>>;
  /** Folder inside the sweep's. */
  readonly run_dir: string | null;
  readonly seconds: number | null;
  readonly epochs: number | null;
  readonly val_accuracy: number | null;
  /** Kind of the split, and share of val crops with a training crop near in time; null where not known. */
  readonly split: string | null;
  readonly val_leak_share: number | null;
  readonly error: string | null;
}

export interface SweepSummary {
  readonly study: string;
  readonly objectives: readonly Objective[];
  readonly counts: Readonly<Record<Lowercase<TrialState>, number>>;
  readonly rows: readonly TrialRow[];
  /** Numbers of the trials on the front (one objective: the best alone), best first objective first. */
  readonly front: readonly number[];
  /** The trial to take: the best, or the point of the front that is nearest to the ideal. Null while none completed. */
  readonly chosen: TrialRow | null;
}

export async function summarise(study: Study, plan: SweepPlan): Promise<SweepSummary> {
  const objectives = readObjectives(plan.settings.objectives);
  const trials = await study.trials();
  const rows = trials.map(rowOf);
  const sign = directionSign(study.directions[0]!);
  const best = trials.some((trial) => trial.state === 'COMPLETE' && violation(trial) === 0)
    ? await (study.directions.length === 1 ? study.bestTrial().then((trial) => [trial]) : study.bestTrials())
    : [];
  const front = [...best].sort((a, b) => sign * (a.values![0]! - b.values![0]!)).map(({ number }) => number);
  const chosen = chooseFromFront(
    front.map((number) => rows[number]!.values!),
    study.directions,
  );
  return {
    study: study.name,
    objectives,
    counts: countStates(trials),
    rows,
    front,
    chosen: chosen === undefined ? null : rows[front[chosen]!]!,
  };
}

const directionSign = (direction: Direction): 1 | -1 => (direction === 'minimize' ? 1 : -1);

/**
 * The point of a front that is nearest to the ideal one, each objective scaled to 0 … 1 over the front; index, or
 * undefined for none. Of equals the first.
 */
export function chooseFromFront(
  front: readonly (readonly number[])[],
  directions: readonly Direction[],
): number | undefined {
  const losses = front.map((values) => values.map((value, i) => directionSign(directions[i]!) * value));
  const scale = directions.map((_, i) => {
    const column = losses.map((loss) => loss[i]!);
    const [low, high] = [Math.min(...column), Math.max(...column)];
    return (value: number) => (high > low ? (value - low) / (high - low) : 0);
  });
  const distances = losses.map((loss) => Math.hypot(...loss.map((value, i) => scale[i]!(value))));
  return distances.length === 0 ? undefined : distances.indexOf(Math.min(...distances));
}

function rowOf(trial: FrozenTrial): TrialRow {
  const { number, state, values, params, userAttrs, startedAt, completedAt } = trial;
  const seconds = startedAt && completedAt ? (completedAt.getTime() - startedAt.getTime()) / 1000 : null;
  const figure = (name: string) => (typeof userAttrs[name] === 'number' ? userAttrs[name] : null);
  return {
    number,
    state,
    values: values ?? null,
    params,
    run_dir: textAttr(trial, RUN),
    seconds,
    epochs: figure('epochs'),
    val_accuracy: figure('val_accuracy'),
    split: textAttr(trial, SPLIT),
    val_leak_share: figure(VAL_LEAK),
    error: textAttr(trial, 'error'),
  };
}

function countStates(trials: readonly FrozenTrial[]): SweepSummary['counts'] {
  const counts = { running: 0, complete: 0, pruned: 0, fail: 0, waiting: 0 };
  for (const { state } of trials) counts[state.toLowerCase() as Lowercase<TrialState>]++;
  return counts;
}
