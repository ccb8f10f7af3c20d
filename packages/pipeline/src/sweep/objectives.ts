// What a sweep can search for, by name: how each is measured, and whether it is to be small or large.
import type { Direction } from '@spatter/hpo';
import type { ModelCost } from '../export/model-cost.ts';
import type { EpochMetrics } from '../train/policies/policy.ts';
import { SpatterError } from '../util/errors.ts';

/** What a finished trial is measured by. */
export interface TrialOutcome {
  readonly history: readonly EpochMetrics[];
  /** Of the trained network. */
  readonly cost: () => Promise<ModelCost>;
}

interface ObjectiveSpec {
  readonly direction: Direction;
  readonly unit: string;
  /** The value of one epoch, for objectives that a trial can be pruned by. */
  readonly ofEpoch?: (metrics: EpochMetrics) => number;
  readonly measure: (outcome: TrialOutcome) => number | Promise<number>;
}

const best = (history: readonly EpochMetrics[], value: (metrics: EpochMetrics) => number, sign: 1 | -1) =>
  sign * Math.max(...history.map((metrics) => sign * value(metrics)));

/** The catalogue. */
export const OBJECTIVES = {
  val_accuracy: {
    direction: 'maximize',
    unit: 'share of validation crops',
    ofEpoch: (metrics) => metrics.val_accuracy,
    measure: ({ history }) => best(history, (metrics) => metrics.val_accuracy, 1),
  },
  val_loss: {
    direction: 'minimize',
    unit: 'mean over validation crops',
    ofEpoch: (metrics) => metrics.val_loss,
    measure: ({ history }) => best(history, (metrics) => metrics.val_loss, -1),
  },
  latency_ms: {
    direction: 'minimize',
    unit: 'ms, median of one crop on one CPU thread',
    measure: async ({ cost }) => (await cost()).latency_ms,
  },
  params: { direction: 'minimize', unit: 'weights', measure: async ({ cost }) => (await cost()).params },
  macs: {
    direction: 'minimize',
    unit: 'multiply-adds of one crop',
    measure: async ({ cost }) => (await cost()).macs,
  },
  model_bytes: {
    direction: 'minimize',
    unit: 'bytes of the exported ONNX file',
    measure: async ({ cost }) => (await cost()).model_bytes,
  },
} as const satisfies Record<string, ObjectiveSpec>;

export type ObjectiveName = keyof typeof OBJECTIVES;

/** One objective of a sweep. */
export interface Objective {
  readonly name: ObjectiveName;
  readonly direction: Direction;
}

/**
 * Objectives from their texts, `name` or `name:minimize`.
 * @throws {SpatterError} CONFIG_VALUE for an unknown name or direction, none at all, or one twice.
 */
export function readObjectives(texts: readonly string[]): Objective[] {
  const objectives = texts.map(readObjective);
  const names = new Set(objectives.map(({ name }) => name));
  if (names.size === objectives.length && names.size > 0) return objectives;
  throw new SpatterError(
    'CONFIG_VALUE',
    `hpo.objectives must name one objective or more, each once, got [${texts.join(', ')}]`,
    `choose from ${Object.keys(OBJECTIVES).join(', ')}`,
  );
}

function readObjective(text: string): Objective {
  const [name = '', direction] = text.split(':').map((part) => part.trim());
  const known = Object.hasOwn(OBJECTIVES, name) ? (name as ObjectiveName) : undefined;
  if (
    known !== undefined &&
    (direction === undefined || direction === 'minimize' || direction === 'maximize')
  )
    return { name: known, direction: direction ?? OBJECTIVES[known].direction };
  throw new SpatterError(
    'CONFIG_VALUE',
    `an objective must be a name, or name:minimize or name:maximize, got ${text}`,
    `choose from ${Object.keys(OBJECTIVES).join(', ')}`,
  );
}

/** What a trial reports after an epoch, where its only objective is one that training gives. */
export function reportedValue(
  objectives: readonly Objective[],
): ((metrics: EpochMetrics) => number) | undefined {
  if (objectives.length !== 1) return undefined;
  const spec: ObjectiveSpec = OBJECTIVES[objectives[0]!.name];
  return spec.ofEpoch;
}
