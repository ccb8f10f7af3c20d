// Before any training: how far brightness, size, JPEG bytes and the camera's fingerprint alone would get on a split.
import { accuracy } from './accuracy.ts';
import { BASELINES, fingerprintFeatures, type BaselineName } from './baselines.ts';
import {
  clusterBootstrap,
  pairedDifference,
  type BootstrapOptions,
  type Difference,
  type Interval,
} from './bootstrap.ts';
import { clusterMean } from './cluster-statistics.ts';
import { chooseClusters, type Clusters } from './clusters.ts';
import {
  decideCropClassBaselines,
  type CropClassBaselineName,
  type KnownCrops,
} from './crop-class-baselines.ts';
import { hits, scoreBaseline, type BaselineInput } from './evaluation.ts';
import { fitFingerprint } from './fingerprint.ts';
import { groupBy } from './groups.ts';
import { rocAuc } from './roc.ts';
import type { Values } from './values.ts';

export interface ShortcutInput extends BaselineInput {
  readonly train: KnownCrops;
  /** Number of classes, two or more. */
  readonly classes: number;
  /** Recording and frame of each test crop. */
  readonly recording: readonly string[];
  readonly frame: Values;
  readonly bootstrap: BootstrapOptions;
}

export interface ShortcutScore {
  readonly name: BaselineName | CropClassBaselineName;
  readonly title: string;
  readonly rule: string;
  readonly accuracy: number;
  /** Null with more than two classes. */
  readonly roc_auc: number | null;
  readonly interval: Interval;
  /** Accuracy over that of the majority class, on the same resamples. */
  readonly over_majority: Difference;
}

export interface ShortcutSurvey {
  readonly crops: number;
  readonly resampled: { readonly unit: Clusters['unit']; readonly groups: number };
  readonly scores: readonly ShortcutScore[];
  /** The shortcut with the highest accuracy: what a network has to beat. */
  readonly strongest: ShortcutScore['name'];
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
  const { label } = input.test;
  const decided = input.classes > 2 ? ofClasses(input) : ofTwo(input);
  const right = decided.map(({ decision }) => clusterMean(hits({ label, decision }), clusters));
  const scores = decided.map(({ decision, ...named }, i): ShortcutScore => ({
    ...named,
    accuracy: accuracy(label, decision),
    interval: clusterBootstrap(right[i]!, clusters, input.bootstrap),
    over_majority: pairedDifference(right[i]!, right[0]!, clusters, input.bootstrap),
  }));
  const strongest = scores.reduce((best, one) => (one.accuracy > best.accuracy ? one : best)).name;
  return {
    crops: input.recording.length,
    resampled: { unit: clusters.unit, groups: clusters.count },
    ...{ scores, strongest },
    shortcut_exists: scores.some(({ over_majority }) => over_majority.better),
    names_recording: nameRecordings(input),
  };
}

type Decided = Pick<ShortcutScore, 'name' | 'title' | 'rule' | 'roc_auc'> & { readonly decision: Values };

function ofTwo(input: BaselineInput): Decided[] {
  return (Object.keys(BASELINES) as BaselineName[]).map((name) => {
    const { rule, scored } = scoreBaseline(input, name);
    const roc_auc = rocAuc(scored.label, scored.probability);
    return { name, title: BASELINES[name].title, rule, roc_auc, decision: scored.decision };
  });
}

function ofClasses({ train, test, recording, classes }: ShortcutInput): Decided[] {
  const crops = { features: test.features, crops: recording.length };
  return decideCropClassBaselines(train, classes, crops).map((each) => ({ ...each, roc_auc: null }));
}

function nameRecordings({ train, test, recording }: ShortcutInput): ShortcutSurvey['names_recording'] {
  const known = train.recording;
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
