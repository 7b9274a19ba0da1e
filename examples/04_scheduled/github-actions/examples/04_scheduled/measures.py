"""How good a model is."""

from sklearn.metrics import accuracy_score, f1_score


def measure(truth, guess):
    return {
        "accuracy": accuracy_score(truth, guess),
        "f1": f1_score(truth, guess, average="macro"),
    }
