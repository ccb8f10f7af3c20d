// Before any training: how far brightness, size, JPEG bytes and the camera's fingerprint alone would get on a split.
import { BASELINES, fingerprintFeatures, type BaselineName } from './baselines.ts';
import { decisionMetrics } from './binary.ts';
import {
  clusterBootstrap,
  pairedDifference,
  type BootstrapOptions,
  type Difference,
  type Interval,
} from './bootstrap.ts';
import { clusterMean } from './cluster-statistics.ts';
import { chooseClusters, type Clusters } from './clusters.ts';
import { hits, scoreBaseline, type BaselineInput } from './evaluation.ts';
import { fitFingerprint } from './fingerprint.ts';
import { groupBy } from './groups.ts';
import type { Values } from './values.ts';

export interface ShortcutInput extends BaselineInput {
  /** Recording and frame of each test crop. */
  readonly recording: readonly string[];
  readonly frame: Values;
  readonly bootstrap: BootstrapOptions;
}

export interface ShortcutScore {
  readonly name: BaselineName;
  readonly title: string;
  readonly rule: string;
  readonly accuracy: number;
  readonly roc_auc: number;
  readonly interval: Interval;
  /** Accuracy over that of the majority class, on the same resamples. */
  readonly over_majority: Difference;
}

export interface ShortcutSurvey {
  readonly crops: number;
  readonly resampled: { readonly unit: Clusters['unit']; readonly groups: number };
  readonly scores: readonly ShortcutScore[];
  /** The shortcut with the highest accuracy: what a network has to beat. */
  readonly strongest: BaselineName;
  /** True when a shortcut is significantly better than the majority class. */
  readonly shortcut_exists: boolean;
  /** How often the fingerprint names the recording of a test crop; null where test recordings are not in training. */
  readonly names_recording: {
    readonly accuracy: number;
    readonly recordings: number;
    readonly chance: number;
  } | null;
}

/** Fits every baseline on train and judges it on test. Deterministic for a given seed. */
export function measureShortcuts(input: ShortcutInput): ShortcutSurvey {
  const clusters = chooseClusters(groupBy(input.recording).group, input.frame, { label: input.test.label });
  const scored = (Object.keys(BASELINES) as BaselineName[]).map((name) => ({
    name,
    ...scoreBaseline(input, name),
  }));
  const right = scored.map((one) => clusterMean(hits(one.scored), clusters));
  const scores = scored.map(({ name, rule, scored: result }, i): ShortcutScore => {
    const { accuracy, roc_auc } = decisionMetrics(result);
    return {
      ...{ name, title: BASELINES[name].title, rule, accuracy, roc_auc },
      interval: clusterBootstrap(right[i]!, clusters, input.bootstrap),
      over_majority: pairedDifference(right[i]!, right[0]!, clusters, input.bootstrap),
    };
  });
  const strongest = scores.reduce((best, one) => (one.accuracy > best.accuracy ? one : best)).name;
  return {
    crops: input.recording.length,
    resampled: { unit: clusters.unit, groups: clusters.count },
    ...{ scores, strongest },
    shortcut_exists: scores.some(({ over_majority }) => over_majority.better),
    names_recording: nameRecordings(input),
  };
}

function nameRecordings({ train, test, recording }: ShortcutInput): ShortcutSurvey['names_recording'] {
  const known = train.recording;
  if (known === undefined) return null;
  const trained = new Set(known);
  if (!recording.every((name) => trained.has(name))) return null;
  const { names, probability } = fitFingerprint(fingerprintFeatures(train.features), known);
  const posterior = probability(fingerprintFeatures(test.features), recording.length);
  const named = recording.filter((name, i) => {
    const mine = posterior.subarray(i * names.length, (i + 1) * names.length);
    return names[mine.indexOf(Math.max(...mine))] === name;
  });
  const counts = groupBy(recording).group.reduce((all, g) => all.set(g, (all.get(g) ?? 0) + 1), new Map<number, number>()); // prettier-ignore
  const chance = Math.max(...counts.values()) / recording.length;
  return { accuracy: named.length / recording.length, recordings: names.length, chance };
}
