"""Metrics of random crops as scikit-learn computes them. Usage: sklearn_metrics.py SEED... > cases.json

The committed fixture packages/pipeline/src/metrics/fixtures/sklearn.json is the output for seeds 1 2 3 4 5 6.
"""
import json
import sys

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


def random_crops(seed):
    """Labels, probabilities (odd seeds: two decimals, so many ties) and two features."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 160))
    label = (rng.random(n) < rng.uniform(0.2, 0.8)).astype(int)
    label[:2] = [0, 1]
    logit = rng.normal(0, 1.5, n) + (label - 0.5) * rng.uniform(0, 3)
    probability = 1 / (1 + np.exp(-logit))
    if seed % 2:
        probability = np.round(probability, 2)
        probability[2], probability[3] = 0.0, 1.0
    features = np.stack([rng.normal(label, 1.0), np.round(rng.gamma(2.0, 20.0, n))])
    return label, probability, logit, features


def expected(label, probability, logit, features):
    decision = (probability > 0.5).astype(int)
    fpr, tpr, roc_threshold = m.roc_curve(label, probability, drop_intermediate=False)
    precision, recall, pr_threshold = m.precision_recall_curve(label, probability)
    share, mean_probability = calibration_curve(label, probability, n_bins=10)
    p, r, f, s = m.precision_recall_fscore_support(label, decision, labels=[0, 1], zero_division=0)
    return {
        "accuracy": m.accuracy_score(label, decision),
        "balanced_accuracy": m.balanced_accuracy_score(label, decision),
        "confusion": m.confusion_matrix(label, decision, labels=[0, 1]).tolist(),
        "precision": p.tolist(),
        "recall": r.tolist(),
        "f1": f.tolist(),
        "support": s.tolist(),
        "roc_auc": m.roc_auc_score(label, probability),
        "average_precision": m.average_precision_score(label, probability),
        "log_loss_from_logits": m.log_loss(label, 1 / (1 + np.exp(-logit))),
        "brier": m.brier_score_loss(label, probability),
        "roc": {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "threshold": roc_threshold[1:].tolist()},
        "pr": {
            "precision": precision.tolist(),
            "recall": recall.tolist(),
            "threshold": pr_threshold.tolist(),
        },
        "calibration": {"share": share.tolist(), "mean_probability": mean_probability.tolist()},
        "logistic": logistic(features, label),
    }


def logistic(features, label):
    x = StandardScaler().fit_transform(features.T)
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, label)
    return [*model.coef_[0].tolist(), float(model.intercept_[0])]


def case(seed):
    label, probability, logit, features = random_crops(seed)
    return {
        "seed": seed,
        "label": label.tolist(),
        "probability": probability.tolist(),
        "logit": logit.tolist(),
        "features": features.tolist(),
        "expected": expected(label, probability, logit, features),
    }


json.dump(
    {"scikit_learn": sklearn.__version__, "cases": [case(int(seed)) for seed in sys.argv[1:]]}, sys.stdout
)
