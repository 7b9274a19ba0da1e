"""Which way a metric is better, where its name tells; nothing is better or worse where it does not."""

import re
from typing import Literal

Goal = Literal["higher", "lower"]

_LOWER = frozenset(
    [
        "loss",
        "error",
        "err",
        "rmse",
        "mse",
        "mae",
        "mape",
        "smape",
        "medae",
        "msle",
        "rmsle",
        "logloss",
        "logloss",
        "perplexity",
        "ppl",
        "brier",
        "cer",
        "wer",
        "fid",
        "eer",
        "fpr",
        "fnr",
        "deviance",
        "nll",
        "regret",
        "hinge",
    ]
)
_HIGHER = frozenset(
    [
        "accuracy",
        "acc",
        "auc",
        "auroc",
        "roc_auc",
        "prauc",
        "auprc",
        "ap",
        "map",
        "f1",
        "fbeta",
        "precision",
        "recall",
        "sensitivity",
        "specificity",
        "tpr",
        "tnr",
        "r2",
        "bleu",
        "rouge",
        "meteor",
        "iou",
        "miou",
        "dice",
        "ndcg",
        "mrr",
        "kappa",
        "mcc",
        "psnr",
        "ssim",
        "silhouette",
        "likelihood",
        "reward",
    ]
)
_PARTS = re.compile(r"[^a-z0-9]+")


def goal_of(metric: str) -> Goal | None:
    """Which way a metric is better, by the words of its name.

    >>> [goal_of(name) for name in ("val_loss", "ROC_AUC", "f1 (macro)", "score", "epoch")]
    ['lower', 'higher', 'higher', None, None]
    >>> goal_of("neg_mean_squared_error")  # scikit-learn turns errors around
    'higher'
    """
    goal: Goal | None = None
    words = _PARTS.split(metric.lower())
    for word in words:
        if word in _LOWER:
            goal = "lower"
        elif word in _HIGHER and goal != "lower":
            goal = "higher"
    if goal is not None and words[0] in ("neg", "negative"):
        return "lower" if goal == "higher" else "higher"
    return goal


def is_better(goal: Goal | None, delta: float | None) -> bool | None:
    """Whether a change is for the better; None where that is not known, or nothing changed."""
    if goal is None or not delta:
        return None
    return (delta > 0) == (goal == "higher")
