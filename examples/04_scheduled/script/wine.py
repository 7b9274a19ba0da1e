"""wine: wine.ipynb without Jupyter.

Exported from wine.ipynb by nbops. Where nbops is installed it is recorded as a run; where it is not, it runs
all the same.
"""

import argparse
import ast
import contextlib
import os
import sys
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
os.chdir(Path(__file__).resolve().parent)

try:
    import nbops
except ImportError:

    class _Unrecorded:
        """Takes what is logged, and prints the metrics."""

        def __getattr__(self, name):
            return lambda *_, **__: self

        @contextlib.contextmanager
        def track(self, name=None, **params):
            yield self

        def log_metric(self, key, value, step=None):
            print(f"{key} = {float(value)!r}")

        def log_metrics(self, metrics, step=None):
            for key, value in metrics.items():
                self.log_metric(key, value, step)

    nbops = sys.modules["nbops"] = _Unrecorded()


def _show(value):
    if value is not None:
        print(value)
    return value


def _score(value):
    """A marked cell's last value: a number, or a dict of numbers, is its metrics."""
    found = value if isinstance(value, dict) else {"result": value}
    with contextlib.suppress(TypeError, ValueError):
        nbops.log_metrics({str(key): float(number) for key, number in found.items()})
    return _show(value)


def _truth(text):
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _literal(text):
    try:
        return ast.literal_eval({"true": "True", "false": "False", "null": "None"}.get(text, text))
    except (SyntaxError, ValueError):
        return text


def _or_none(read):
    return lambda text: None if text in ("None", "null") else read(text)


def _between(read, low, high):
    def check(text):
        value = read(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} does not lie between {low} and {high}")
        return value

    return check


display = globals().get("display", _show)
_parser = argparse.ArgumentParser(
    description=__doc__.partition("\n")[0],
    conflict_handler="resolve",  # a parameter may be called help; -h is ours
)
_parser.add_argument("--depth", dest='depth', type=_between(int, 1.0, 20.0), default=4, help='how deep a tree may grow')
_parser.add_argument("--share", dest='share', type=_between(float, 0.1, 0.9), default=0.5, help='of the wines, to learn from')
_parser.add_argument("--model", dest='model', type=str, default='forest', choices=['forest', 'boosted'], help="takes 'forest' or 'boosted'")
_parser.add_argument("--is-balanced", "--is_balanced", dest='is_balanced', type=_truth, default=False, help='whether rare cultivars count more')
_parser.add_argument("--title", dest='title', type=str, default='Wine, as it is', help='takes str')
_options = _parser.parse_args()

with nbops.track('wine', **vars(_options)):
    # %% [1]
    from typing import Annotated, Literal

    depth: Annotated[int, "1..20"] = _options.depth  # how deep a tree may grow
    share: Annotated[float, "0.1..0.9"] = _options.share  # of the wines, to learn from
    model: Literal["forest", "boosted"] = _options.model
    is_balanced = _options.is_balanced  # whether rare cultivars count more
    title = _options.title
    leaves = 2**depth

    # %% [2]
    import pandas as pd
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.model_selection import train_test_split

    from measures import measure

    wine = pd.read_csv("wine.csv")
    train, test = train_test_split(wine, train_size=share, random_state=0, stratify=wine["target"])
    _show((len(train), len(test)))

    # %% [3]
    with nbops.track('fit'):
        if model == "forest":
            weight = "balanced" if is_balanced else None
            fitted = RandomForestClassifier(
                max_depth=depth, max_leaf_nodes=leaves, class_weight=weight, random_state=0
            )
        else:
            fitted = GradientBoostingClassifier(max_depth=depth, n_estimators=20, random_state=0)
        fitted.fit(train.drop(columns="target"), train["target"])
        scores = measure(test["target"], fitted.predict(test.drop(columns="target")))
        _score(scores)
        nbops.log_param('depth', depth)
        nbops.log_param('model', model)

    # %% [4]
    import json
    from pathlib import Path

    Path("scores.json").write_text(json.dumps({"title": title, **scores}))
    print(f"{title}: accuracy {scores['accuracy']:.3f} with trees of depth {depth}")
