"""A run that a person made, held against a job of the same notebook."""

from told import Told, metric, seen

from nbops.comparison import compare

DECLARED = "depth = 4\nname = 'wine'"


def by_hand(declared: str = DECLARED) -> Told:
    told = Told("s")
    told.cell(declared, cell_id="parameters")
    told.cell("import nbops", cell_id="import")
    told.cell("nbops.log_metric('auc', depth / 10)", metric("auc", 0.4), cell_id="score")
    told.cell("plot = read('b.csv')", cell_id="plot", reads=[seen("b.csv")])
    return told


def job(depth: int = 4, *, cell: str | None = None, auc: float = 0.4) -> Told:
    told = Told("t", kind="job", name="churn", params={"depth": depth, "name": "wine"})
    told.cell(DECLARED, cell_id="parameters")
    if depth != 4:
        told.cell(f"# Parameters\ndepth = {depth}", cell_id="parameters-injected")
    told.cell("import nbops", cell_id="import")
    if cell:
        told.cell(cell, cell_id="new")
    told.cell("nbops.log_metric('auc', depth / 10)", metric("auc", auc), cell_id="score")
    told.cell("plot = read('b.csv')", cell_id="plot", reads=[seen("b.csv")])
    told.end()
    return told


def differ(one: Told, other: Told) -> list[tuple[str, str, object, object]]:
    found = compare(one.document("brave-lake [3]"), other.document("churn"))
    there = compare(other.document("churn"), one.document("brave-lake [3]"))
    assert [each.kind for each in found.changes] == [each.kind for each in there.changes]
    return [(each.kind, each.name, each.a, each.b) for each in found.changes]


def test_the_same_notebook_run_by_hand_and_as_a_job_differs_in_nothing():
    assert differ(by_hand(), job()) == []


def test_a_value_that_the_job_was_given_is_told_beside_the_one_that_stands_there():
    assert differ(by_hand(), job(8, auc=0.8)) == [("param", "depth", 4, 8)]
    assert differ(by_hand("depth = 5\nname = 'wine'"), job()) == [("param", "depth", 5, 4)]


def test_a_cell_of_the_job_that_the_metric_depends_on_is_a_difference():
    told = differ(by_hand(), job(cell="depth = depth * 2", auc=0.8))
    assert [(kind, name) for kind, name, *_ in told] == [("code", "depth = depth * 2")]


def test_a_param_that_no_cell_assigns_as_it_stands_is_a_difference():
    told = differ(by_hand("depth = int('4')\nname = 'wine'"), job())
    assert ("param", "depth", None, 4) in told
