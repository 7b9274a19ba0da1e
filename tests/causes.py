"""Small notebooks, one for each cause why a result does not come again, each with a twin that is clean.

Cells are called a, b, c ... from top to bottom. What ran is a list of their names in order of execution, with
another source where the cell looked otherwise then; no list is a notebook that was never run.
"""

from dataclasses import dataclass, field
from typing import Any

from told import Told, seen

from nbops.capture.environment.declared import Declared
from nbops.checks import Cell, Finding, Notebook, Surroundings, check_notebook
from nbops.journal.facts import SeenModule
from nbops.records import instant

Ran = str | tuple[str, str] | tuple[str, str, dict[str, Any]]


TOP = """
import random, torch
import numpy as np, pandas as pd
from torch import nn
from numpy.random import default_rng
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
def load(): return pd.DataFrame()
def clean(x): return x.dropna()
seed, wine = 7, load()
"""
"""First cell of every notebook."""


@dataclass(frozen=True)
class Case:
    """A notebook, what ran of it, and what its surroundings answer."""

    cells: list[str]
    ran: list[Ran] = field(default_factory=list)
    around: dict[str, Any] = field(default_factory=dict)
    top: str = TOP

    def check(self, **options: Any) -> list[Finding]:
        return check_notebook(
            notebook_of(self.cells, self.top), self.runs(), Surroundings(**self.around), **options
        )

    def runs(self) -> list[Any]:
        return told_of(self.cells, self.ran, self.top)


def notebook_of(
    cells: list[str], top: str = TOP, tags: dict[str, tuple[str, ...]] | None = None
) -> Notebook:
    """A notebook that was saved after everything ran."""
    made = [
        Cell(source, key, (tags or {}).get(key, ()), position)
        for position, (key, source) in enumerate(zip(_KEYS, [top, *cells], strict=False))
    ]
    return Notebook(tuple(made), saved_at=instant(1e6))


_KEYS = ("top", *"abcdefgh")


def told_of(cells: list[str], ran: list[Ran], top: str = TOP) -> list[Any]:
    """Cell runs as they are recorded."""
    standing = dict(zip(_KEYS, [top, *cells], strict=False))
    told = Told()
    for one in ["top", *ran] if ran else []:
        key, source, more = (one, None, {}) if isinstance(one, str) else (*one, {})[:3]
        told.cell(source or standing[key], cell_id=key, **more)
    return list(told.replay().cell_runs())


def _reading(key: str, source: str, digest: str = "file1:aa") -> tuple[str, str, dict[str, Any]]:
    return key, source, {"reads": [seen("wine.csv", digest)]}


def _writing(key: str, source: str, digest: str = "file1:aa") -> tuple[str, str, dict[str, Any]]:
    return key, source, {"writes": [seen("wine.csv", digest)]}


_HELPERS = SeenModule(path="helpers.py", digest="file1:aa")
_READ = "wine = pd.read_csv('wine.csv')"
_WRITE = "load().to_csv('wine.csv')"
_LIST = {
    "declared": Declared(frozenset({"pandas", "scikit-learn"}), ("pyproject.toml",)),
    "is_local": lambda name: name == "helpers",
}
_THERE = {"is_there": lambda path: path == "wine.csv"}

CAUSES: dict[str, tuple[str, Case, Case]] = {
    # name: kind, the notebook with the cause, its clean twin
    "a cell uses what stands below it": (
        "order",
        Case(["y = x + 1", "x = 1"], ["b", "a"]),
        Case(["x = 1", "y = x + 1"], ["a", "b"]),
    ),
    "a cell uses what stands below it, never run": (
        "order",
        Case(["y = x + 1", "x = 1"]),
        Case(["x = 1", "y = x + 1"]),
    ),
    "an import stands below its use": (
        "order",
        Case(["x = math.pi", "import math"]),
        Case(["import math", "x = math.pi"]),
    ),
    "what a function reads stands below its call": (
        "order",
        Case(["def f(): return k", "y = f()", "k = 1"], ["c", "a", "b"]),
        Case(["def f(): return k", "k = 1", "y = f()"], ["a", "b", "c"]),
    ),
    "a cell between was skipped": (
        "order",
        Case(["x = load()", "x = clean(x)", "print(x)"], ["a", "b", "a", "c"]),
        Case(["x = load()", "x = clean(x)", "print(x)"], ["a", "b", "c"]),
    ),
    "a cell that adds to itself ran twice": (
        "order",
        Case(["n = 0", "n += 1"], ["a", "b", "b"]),
        Case(["n = 0", "n += 1"], ["a", "b", "a", "b"]),
    ),
    "a column is changed twice": (
        "order",
        Case(["df = load()", "df['a'] = df['a'] * 2"], ["a", "b", "b"]),
        Case(["df = load()", "df['b'] = df['a'] * 2"], ["a", "b", "b"]),
    ),
    "a list is appended to twice": (
        "order",
        Case(["found = []", "found.append(1)"], ["a", "b", "b"]),
        Case(["found = {}", "found['one'] = 1", "found['two'] = 2"], ["a", "b", "c", "b"]),
    ),
    "an optimizer stepped twice": (
        "order",
        Case(["opt = torch.optim.SGD([])", "opt.step()"], ["a", "b", "b"]),
        Case(["opt = torch.optim.SGD([])", "opt.step()"], ["a", "b", "a", "b"]),
    ),
    "a cell between ran too early": (
        "order",
        Case(["x = {}", "x['a'] = 1", "x['a'] = 2", "print(x)"], ["a", "c", "b", "d"]),
        Case(["x = {}", "x['a'] = 1", "x['b'] = 2", "print(x)"], ["a", "c", "b", "d"]),
    ),
    "a column of a cell below is read": (
        "order",
        Case(["df = load()", "y = df['b']", "df['b'] = 1"], ["a", "c", "b"]),
        Case(["df = load()", "y = df['a']", "df['b'] = 1"], ["a", "c", "b"]),
    ),
    "a name is deleted above its use": (
        "order",
        Case(["x = 1", "del x", "y = x"], ["a", "c", "b"]),
        Case(["x = 1", "y = x", "del x"], ["a", "b", "c"]),
    ),
    "more was drawn since the seed than the notebook's order has": (
        "order",
        Case(["np.random.seed(1)", "x = np.random.rand()"], ["a", "b", "b"]),
        Case(["np.random.seed(1)", "x = np.random.rand()"], ["a", "b", "a", "b"]),
    ),
    "a file is written below the cell that reads it": (
        "order",
        Case([_READ, _WRITE], [_writing("b", _WRITE), _reading("a", _READ)]),
        Case([_WRITE, _READ], [_writing("a", _WRITE), _reading("b", _READ)]),
    ),
    "the cell that made a name was deleted": (
        "hidden",
        Case(["y = x + 1"], [("gone", "x = 1"), "a"]),
        Case(["x = 1", "y = x + 1"], [("pasted from", "x = 1"), "b"]),
    ),
    "the cell that made a name was edited": (
        "hidden",
        Case(["x = 2", "y = x + 1"], [("a", "x = 1"), "b"]),
        Case(["x = 1  # one", "y = x + 1"], [("a", "x = 1"), "b"]),
    ),
    "the cell that wrote a file was deleted": (
        "hidden",
        Case([_READ], [_writing("gone", _WRITE), _reading("a", _READ)]),
        Case([_READ], [_reading("a", _READ)]),
    ),
    "a name is made nowhere": (
        "hidden",
        Case(["y = x + 1"]),
        Case(["from config import *", "y = x + 1"]),
    ),
    "a cell above ran again with another value": (
        "stale",
        Case(["x = 2", "y = x + 1"], [("a", "x = 1"), "b", "a"]),
        Case(["x = 2", "y = x + 1"], ["a", "b", "a"]),
    ),
    "a cell above ran again on other data": (
        "stale",
        Case(
            [_READ, "n = len(wine)"],
            [_reading("a", _READ), "b", _reading("a", _READ, "file1:bb")],
        ),
        Case([_READ, "n = len(wine)"], [_reading("a", _READ), "b", _reading("a", _READ)]),
    ),
    "a seeded cell drew again": (
        "stale",
        Case(["np.random.seed(1)", "x = np.random.rand()", "y = x"], ["a", "b", "c", "a", "b"]),
        Case(["rng = default_rng(1)", "x = 1", "y = x"], ["a", "b", "c", "a", "b"]),
    ),
    "a file changed since": (
        "stale",
        Case([_READ], [_reading("a", _READ)], {"has_changed": lambda ref: True}),
        Case(
            [_READ], [_reading("a", _READ)], {"has_changed": lambda ref: ref.digest != "file1:aa"}
        ),
    ),
    "a local module changed since": (
        "stale",
        Case(
            ["import helpers"],
            [("a", "import helpers", {"modules": [_HELPERS]})],
            {"has_changed_module": lambda ref: ref.path == "helpers.py"},
        ),
        Case(
            ["import helpers"],
            [("a", "import helpers", {"modules": [_HELPERS]})],
            {"has_changed_module": lambda ref: None},
        ),
    ),
    "numpy's generator is not seeded": (
        "random",
        Case(["x = np.random.rand(3)"]),
        Case(["np.random.seed(0)", "x = np.random.rand(3)"]),
    ),
    "numpy's generator was seeded after it was drawn from": (
        "random",
        Case(["x = np.random.rand(3)", "np.random.seed(0)"], ["a", "b"]),
        Case(["np.random.seed(0)", "x = np.random.rand(3)"], ["a", "b"]),
    ),
    "a generator of its own has no seed": (
        "random",
        Case(["rng = np.random.default_rng()"]),
        Case(["rng = np.random.default_rng(7)"]),
    ),
    "an estimator has no random state": (
        "random",
        Case(["m = RandomForestClassifier(10)"]),
        Case(["m = RandomForestClassifier(random_state=seed)"]),
    ),
    "a split is shuffled without a seed": (
        "random",
        Case(["train, test = train_test_split(wine)"], ["a"]),
        Case(["train, test = train_test_split(wine, shuffle=False)"], ["a"]),
    ),
    "a function that draws is called without a seed": (
        "random",
        Case(["def pick(): return random.random()", "x = pick()"]),
        Case(["def pick(): return random.random()", "random.seed(0)", "x = pick()"]),
    ),
    "torch is not seeded": (
        "random",
        Case(["net = nn.Linear(2, 2)"]),
        Case(["torch.manual_seed(0)", "net = nn.Linear(2, 2)"]),
    ),
    "a framework's seed is missing": (
        "random",
        Case(["import lightning as L", "net = torch.nn.LSTM(2, 2)"]),
        Case(["import lightning as L\nL.seed_everything(0)", "net = torch.nn.LSTM(2, 2)"]),
    ),
    "an import is not declared": (
        "undeclared",
        Case(["import pandas\nimport xgboost"], around=_LIST, top=""),
        Case(
            ["import pandas\nfrom sklearn import svm\nimport json, helpers"], around=_LIST, top=""
        ),
    ),
    "nothing is declared for an import": (
        "undeclared",
        Case(
            ["import pandas"],
            around={**_LIST, "declared": Declared(files=("requirements.txt",))},
            top="",
        ),
        Case(["import pandas"], top=""),
    ),
    "a path is absolute": (
        "path",
        Case(["open('/home/ada/wine.csv')"], around=_THERE),
        Case(["open('wine.csv'); open('/dev/null'); print('/home/ada/x')"], around=_THERE),
    ),
    "a named path is absolute": (
        "path",
        Case(["DATA = 'C:\\\\data\\\\wine.csv'", "open(DATA)"], around=_THERE),
        Case(["DATA = 'wine.csv'", "open(DATA)"], around=_THERE),
    ),
    "a file is missing": (
        "path",
        Case(["import pandas as pd\npd.read_csv('beer.csv')"], around=_THERE),
        Case(["!wget https://x.org/beer.csv", "open('beer.csv')"], around=_THERE),
    ),
}
