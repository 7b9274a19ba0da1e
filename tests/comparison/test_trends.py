"""What is concluded of three runs and more, made so that the answer is known."""

from itertools import count

from told import Told, metric, seen

from nbops.comparison import tabulate
from nbops.comparison.trends import Trend
from nbops.journal import facts
from nbops.records import Document, Environment, Run, Session, instant

_numbers = count()
_SEEDED = "np.random.seed(0)"


def made(
    auc: float | None,
    *,
    depth: float = 4,
    lr: float = 0.1,
    digest: str | None = "a",
    seed: str = _SEEDED,
    fit: str = "m = fit(df, np.random.rand())",
    numpy: str = "2.0",
    loss: float | None = None,
) -> Document:
    """A run of a fit that draws at random, in a session of its own."""
    told = Told(f"5e55{next(_numbers):08x}")
    told.cell(f"import numpy as np\n{seed}", cell_id="seed")
    whole = None if digest is None else "file1:" + digest * 64
    read = seen("a.csv", whole, missing=None if digest else "gone")
    told.cell("df = read('a.csv')", cell_id="load", reads=[read])
    logged = [] if auc is None else [metric("system/cpu", auc), metric("auc", auc)]
    logged += [] if loss is None else [metric("loss", loss)]
    told.cell(f"%%track forest depth={depth} lr={lr}\n{fit}", *logged, cell_id="fit")
    environment = Environment(
        python="3.11.7", implementation="CPython", platform="Linux", packages={"numpy": numpy}
    )
    told.findings.append(
        facts.EnvironmentFound(stamp="e0", digest=f"env1:{numpy}", environment=environment)
    )
    return told.document("forest")


def by_hand(auc: float) -> Document:
    """A run that was made in MLflow without nbops."""
    run = Run(
        id="b" * 32, session_id="", name="by hand", status="finished", origin="mlflow",
        started_at=instant(0), params={"depth": "4", "lr": "0.1"},
        metrics={"auc": [(0, auc, instant(0))]},
    )  # fmt: skip
    session = Session(
        id="", status="finished", name="MLflow", experiment="churn", user="eve", host="",
        started_at=instant(0), tracking_uri="",
    )  # fmt: skip
    return Document(session=session, runs=(run,))


def trends(*documents: Document) -> list[Trend]:
    return list(tabulate(documents).trends)


def test_a_metric_that_follows_the_one_thing_that_differs():
    (found,) = trends(made(0.8), made(0.91, depth=8), made(0.85, depth=6))
    assert (found.says, found.factor) == ("because", "param depth")
    assert found.sentence == (
        "auc rises with depth: 0.8 at 4, 0.85 at 6, 0.91 at 8."
        " Between A, B and C nothing else that was recorded differs."
    )
    (found,) = trends(made(0.8), made(0.91, depth=8), made(0.85, depth=16))
    assert found.sentence.startswith("auc differs because of depth, best at 8: 0.8 at 4,")


def test_each_thing_is_told_by_the_runs_that_differ_in_it_alone():
    told = trends(
        made(0.8), made(0.9, depth=8), made(0.8, lr=0.2), made(0.7, depth=2, lr=0.3, numpy="2.1")
    )
    assert [(one.says, one.factor, len(one.run_ids)) for one in told] == [
        ("because", "param depth", 2),
        ("did_nothing", "param lr", 2),
        ("cannot_tell", "", 0),
    ]
    assert told[1].sentence == "lr alone did not move auc: A and C differ in nothing else."
    assert told[2].sentence == (
        "What numpy did to auc these records cannot tell: it never differs alone."
        " A run that changes only numpy would tell more."
    )


def test_what_cannot_be_told_of_several_metrics_is_said_once():
    (told,) = trends(
        made(0.8, loss=1),
        made(0.9, depth=8, lr=0.2, loss=0.5),
        made(0.7, depth=2, lr=0.3, loss=2),
    )
    assert told.sentence.startswith("What depth and lr did to auc and loss these records cannot")


def test_runs_beside_the_baseline_tell_too():
    base = made(0.5, depth=1, lr=0.9)
    (depth, lr) = trends(base, made(0.8), made(0.9, depth=8))
    assert (depth.says, depth.sentence[:43]) == (
        "because",
        "auc differs because of depth, best at 8: 0.",
    )
    assert depth.sentence.endswith("Between B and C nothing else that was recorded differs.")
    assert lr.says == "cannot_tell"


def test_code_and_data_are_told_by_the_runs_that_have_them():
    edited = "m = fit(df.dropna(), np.random.rand())"
    (code,) = trends(made(0.8), made(0.9, fit=edited), made(0.9, fit=edited))
    assert code.sentence.startswith(
        f"auc differs because of the code of `{edited}`, best in B and C: 0.8 in A, 0.9 in B and C."
    )
    (data,) = trends(made(0.8), made(0.7, digest="b"), made(0.9, digest="c"))
    assert data.sentence.startswith("auc differs because of a.csv, best in C: 0.8 in A,")


def test_what_repeats_give_as_well_or_was_never_repeated_may_be_chance():
    (found,) = trends(made(0.80), made(0.84), made(0.83, depth=8))
    assert found.says == "may_be_chance"
    assert found.sentence == (
        "auc is 0.82 at 4, 0.83 at 8 as depth alone differs, which may be chance: repeats gave ±0.02."
    )
    loose = {"seed": "x = 1"}
    (found,) = trends(made(0.8, **loose), made(0.9, depth=8, **loose), made(0.7, depth=2, **loose))
    assert found.says == "may_be_chance"
    assert found.sentence == (
        "auc is 0.7 at 2, 0.8 at 4, 0.9 at 8 as depth alone differs, which may be chance:"
        " np.random was not seeded, and no run was repeated."
    )
    (found,) = trends(made(0.80), made(0.81), made(0.95, depth=8))
    assert found.says == "because"
    assert found.sentence.endswith("nothing else that was recorded differs; repeats gave ±0.005.")


def test_nothing_is_concluded_from_what_is_not_known_or_did_not_move():
    unknown = [made(0.8, digest=None), made(0.9, depth=8, digest=None), made(0.7, depth=2)]
    assert [one.says for one in trends(*unknown)] == ["cannot_tell"]
    assert trends(made(0.8), made(0.8, depth=8), made(0.8, depth=2)) == []
    assert trends(made(None), made(None, depth=8), made(0.8, depth=2)) == []
    assert trends(made(0.8), made(0.9, depth=8)) == [], "of two runs their pair says more"


def test_a_baseline_that_tells_little_hides_no_difference_of_the_others():
    (depth,) = trends(by_hand(0.5), made(0.8), made(0.9, depth=8, numpy="2.1"))
    assert depth.says == "cannot_tell", "B and C differ in numpy, too"
    (depth,) = trends(by_hand(0.5), made(0.8), made(0.9, depth=8))
    assert depth.sentence.endswith("Between B and C nothing else that was recorded differs.")
