"""Several runs in one table."""

from told import Told, metric

from nbops.comparison import compare, tabulate
from nbops.comparison.many import NOT_KNOWN
from nbops.journal import facts
from nbops.records import Document, Environment, Run, Session, instant


def made(
    session: str,
    auc: float,
    *,
    depth: int = 4,
    numpy: str = "2.0",
    fit: str = "m = fit()",
    cell: str = "fit",
) -> Document:
    told = Told(session)
    points = [metric("loss", 1 / (step + 1), step=step) for step in range(500)]
    told.cell(f"%%track forest depth={depth}\n{fit}", metric("auc", auc), *points, cell_id=cell)
    environment = Environment(
        python="3.11.7",
        implementation="CPython",
        platform="Linux",
        packages={"numpy": numpy, "six": "1"},
    )
    told.findings.append(
        facts.EnvironmentFound(stamp="e0", digest=f"env1:{numpy}", environment=environment)
    )
    return told.document("forest")


def by_hand() -> Document:
    """A run that was made in MLflow without nbops."""
    run = Run(
        id="b" * 32, session_id="", name="by hand", status="finished", origin="mlflow",
        started_at=instant(0), params={"depth": "4"}, metrics={"auc": [(0, 0.7, instant(0))]},
    )  # fmt: skip
    session = Session(
        id="", status="finished", name="MLflow", experiment="churn", user="eve", host="",
        started_at=instant(0), tracking_uri="",
    )  # fmt: skip
    return Document(session=session, runs=(run,))


def test_each_run_is_a_column_and_the_first_is_the_baseline():
    table = tabulate([made("s", 0.8), made("t", 0.9, depth=8), made("u", 0.7, numpy="2.1")])
    assert [(row.kind, row.name, row.values) for row in table.differences] == [
        ("param", "depth", (4, 8, 4)),
        ("package", "numpy", ("2.0", "2.0", "2.1")),
    ]
    auc, loss = table.metrics
    assert (auc.values, auc.goal, auc.best, auc.curves) == ((0.8, 0.9, 0.7), "higher", 1, ())
    assert [round(delta, 3) for delta in auc.deltas] == [0.0, 0.1, -0.1]
    assert (loss.goal, loss.best) == ("lower", None)  # all ended alike
    assert [len(curve) for curve in loss.curves] == [200, 200, 200]
    assert loss.curves[0][-1][0] == 499
    assert table.sentence == "3 runs differ in depth, numpy. auc is best in B forest (0.9)."
    assert [pair.b.run_id for pair in table.pairs] == [run.run_id for run in table.runs[1:]]


def test_what_is_the_same_is_listed_when_it_is_asked_for():
    documents = [made("s", 0.8), made("t", 0.9)]
    assert tabulate(documents).differences == ()
    rows = tabulate(documents, with_same=True).differences
    assert [(row.name, row.values, row.differs) for row in rows] == [
        ("depth", (4, 4), False),
        ("numpy", ("2.0", "2.0"), False),
        ("six", ("1", "1"), False),
    ]


def test_code_that_differs_is_counted_in_lines():
    table = tabulate([made("s", 0.8), made("t", 0.8, fit="m = fit(1)\nm"), made("u", 0.8)])
    (row,) = table.differences
    assert (row.kind, row.notes) == ("code", ("", "+2 −1 lines", "as in A"))


def test_what_a_run_lacks_or_has_alone_is_said_of_that_run():
    other = made("u", 0.8, fit="forest = trees(9)\nprint(forest.score())", cell="trees")
    table = tabulate([made("s", 0.8), made("t", 0.8), other])
    assert {row.notes for row in table.differences} == {
        ("", "as in A", "not in A"),
        ("", "as in A", "missing"),
    }
    assert {change.note for change in table.pairs[1].changes} == {"only in C", "only in A"}
    table = tabulate([made("s", 0.8), made("t", 0.9), by_hand()])
    assert table.unknown == ("code, data and packages: C was made without nbops",)


def test_of_a_run_made_without_nbops_only_params_and_metrics_are_known():
    table = tabulate([made("s", 0.8), by_hand(), made("t", 0.9, numpy="2.1")])
    numpy = next(row for row in table.differences if row.name == "numpy")
    assert numpy.values == ("2.0", None, "2.1")
    assert numpy.notes == ("", NOT_KNOWN, "differs")
    assert table.unknown == ("code, data and packages: B was made without nbops",)
    assert table.metrics[0].values == (0.8, 0.7, 0.9)


def test_text_and_number_of_mlflow_are_the_same_param():
    assert compare(made("s", 0.8), by_hand()).changes == ()
