// One comparison with scikit-learn's figures, shared by the unit test (committed numbers) and the live interop script.
import { accuracy, decide } from '../accuracy.ts';
import { balancedAccuracy } from '../balanced-accuracy.ts';
import { brierScore, reliabilityBins } from '../calibration.ts';
import { confusionMatrix } from '../confusion.ts';
import { logLoss, logLossFromLogits } from '../log-loss.ts';
import { fitLogistic } from '../logistic.ts';
import { averagePrecision, prCurve } from '../pr.ts';
import { classScores } from '../precision-recall.ts';
import { rocAuc, rocCurve } from '../roc.ts';

/** What `interop/python/sklearn_metrics.py` prints. */
export interface SklearnFile {
  readonly scikit_learn: string;
  readonly cases: readonly SklearnCase[];
}

export interface SklearnCase {
  readonly seed: number;
  readonly label: number[];
  readonly probability: number[];
  readonly logit: number[];
  readonly features: number[][];
  readonly expected: Record<string, unknown>;
}

/** Our figures under the same names as scikit-learn's. */
function ours({ label, probability, logit, features }: SklearnCase): Record<string, unknown> {
  const decision = decide(probability);
  const confusion = confusionMatrix(label, decision);
  const classes = classScores(confusion);
  const roc = rocCurve(label, probability);
  const pr = prCurve(label, probability);
  const bins = reliabilityBins(label, probability).filter((bin) => bin.crops > 0);
  return {
    accuracy: accuracy(label, decision),
    balanced_accuracy: balancedAccuracy(confusion),
    confusion,
    precision: classes.map((scores) => scores.precision),
    recall: classes.map((scores) => scores.recall),
    f1: classes.map((scores) => scores.f1),
    support: classes.map((scores) => scores.support),
    roc_auc: rocAuc(label, probability),
    average_precision: averagePrecision(label, probability),
    log_loss_from_logits: logLossFromLogits(label, logit),
    brier: brierScore(label, probability),
    roc: {
      fpr: [...roc.falsePositiveRate],
      tpr: [...roc.truePositiveRate],
      threshold: [...roc.threshold.slice(1)],
    },
    pr: { precision: [...pr.precision], recall: [...pr.recall], threshold: [...pr.threshold] },
    calibration: {
      share: bins.map((bin) => bin.shareOfClass1),
      mean_probability: bins.map((bin) => bin.meanProbability),
    },
    logistic: [...fitLogistic(features, label).weights],
  };
}

/** Names and values that differ by more than 1e-9 (logistic weights: 1e-6); empty when all agree. */
export function differences(one: SklearnCase): string[] {
  const figures = ours(one);
  const wrong = Object.entries(one.expected).flatMap(([name, value]) =>
    compare(name, figures[name], value, name === 'logistic' ? 1e-6 : 1e-9),
  );
  const sigmoid = one.logit.map((z) => 1 / (1 + Math.exp(-z)));
  return [
    ...wrong,
    ...compare('log_loss', logLoss(one.label, sigmoid), one.expected['log_loss_from_logits'], 1e-9),
  ];
}

function compare(name: string, ours: unknown, theirs: unknown, tolerance: number): string[] {
  if (typeof theirs === 'number') {
    const close = typeof ours === 'number' && Math.abs(ours - theirs) <= tolerance;
    return close ? [] : [`${name}: ${String(ours)} instead of ${theirs}`];
  }
  const [mine, other] = [Object.entries(ours as object), Object.entries(theirs as object)];
  if (mine.length !== other.length) return [`${name}: ${mine.length} values instead of ${other.length}`];
  return other.flatMap(([key, value]) =>
    compare(`${name}.${key}`, (ours as Record<string, unknown>)[key], value, tolerance),
  );
}
