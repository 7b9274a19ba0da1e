"""How good a model is; `train.ipynb` does not import it, so that changing it trains nothing anew."""

from sklearn.metrics import f1_score, roc_auc_score


def measure(truth, chance, threshold=0.5):
    return {"auc": roc_auc_score(truth, chance), "f1": f1_score(truth, chance > threshold)}
