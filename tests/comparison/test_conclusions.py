"""What is concluded from runs that were made so that the answer is known."""

from itertools import count

import pytest
from told import Told, listed, metric, seen

from nbops.comparison import compare
from nbops.comparison.conclusions import with_conclusions
from nbops.comparison.differences import Comparison, Conclusion
from nbops.journal import facts
from nbops.records import Document, Environment

_numbers = count()


def made(
    auc: float,
    *,
    depth: int = 4,
    digest: str | None = "a",
    seed: str = "np.random.seed(0)",
    extra: str = "",
    numpy: str = "2.0",
    names: str = "a.csv",
) -> Document:
    """A run of a fit that draws at random, in a session of its own."""
    told = Told(f"5e55{next(_numbers):08x}")
    told.cell(f"import numpy as np\n{seed}", cell_id="seed")
    whole = None if digest is None else "file1:" + digest * 64
    told.cell(
        "df = read('a.csv')",
        cell_id="load",
        reads=[seen("a.csv", whole, missing=None if digest else "gone")],
        listings=[listed("data", names)],
    )
    fit = f"%%track forest depth={depth}\nm = fit(df, np.random.rand(), depth){extra}"
    told.cell(fit, cell_id="fit")
    told.cell("%track metric auc=score(m)", metric("auc", auc), cell_id="score")
    environment = Environment(
        python="3.11.7", implementation="CPython", platform="Linux", packages={"numpy": numpy}
    )
    told.findings.append(
        facts.EnvironmentFound(stamp="e0", digest=f"env1:{numpy}", environment=environment)
    )
    return told.document("forest")


def explained(a: Document, b: Document, *history: Document) -> Comparison:
    return with_conclusions(a, b, compare(a, b), history)


def concluded(a: Document, b: Document, *history: Document) -> Conclusion:
    (conclusion,) = explained(a, b, *history).conclusions
    return conclusion


def test_one_recorded_difference_is_the_cause():
    found = concluded(made(0.8), made(0.9, depth=8))
    assert (found.says, found.causes) == ("because", ("param depth",))
    assert found.sentence == (
        "auc 0.8 → 0.9 (+0.1) because of depth 4 → 8: nothing else that was recorded differs."
    )
    assert found.pairs[0].delta == pytest.approx(0.1)


def test_nothing_is_concluded_of_a_metric_that_did_not_move():
    assert explained(made(0.8), made(0.8, depth=8)).conclusions == ()


def test_of_several_changes_none_is_the_cause_and_it_is_said_what_would_help():
    found = concluded(made(0.8), made(0.9, depth=8, digest="b", numpy="2.1"))
    assert found.says == "cannot_tell"
    assert set(found.causes) == {"param depth", "data a.csv", "package numpy"}
    assert "3 things changed; these records cannot tell which." in found.sentence
    assert "A run that changes only depth 4 → 8 would tell more." in found.sentence
    assert found.pairs == ()


def test_pairs_in_the_history_that_differ_in_one_change_alone_are_named():
    a, b = made(0.8), made(0.9, depth=8, digest="b")
    elsewhere = made(0.5, numpy="1.0"), made(0.57, depth=8, numpy="1.0")
    found = concluded(a, b, *elsewhere)
    assert found.says == "cannot_tell"
    assert "Alone, depth 4 → 8 moved auc by +0.07" in found.sentence
    assert [(pair.a, pair.b) for pair in found.pairs] == [
        (elsewhere[0].runs[0].id, elsewhere[1].runs[0].id)
    ]
    assert "A run that changes only a.csv" in found.sentence


def test_a_run_between_that_has_all_of_the_effect_tells_which_change_did_it():
    a, b = made(0.8), made(0.9, depth=8, digest="b")
    only_depth = made(0.9, depth=8)
    comparison = explained(a, b, only_depth)
    (found,) = comparison.conclusions
    assert (found.says, found.causes) == ("because", ("param depth",))
    assert "cannot tell" not in comparison.sentence
    assert (found.pairs[0].a, found.pairs[0].b) == (a.runs[0].id, only_depth.runs[0].id)


def test_a_run_between_that_saw_as_many_other_names_tells_nothing():
    a, b = made(0.8), made(0.9, depth=8, names="a.csv b.csv")
    assert concluded(a, b, made(0.9, names="a.csv c.csv")).says == "cannot_tell"
    found = concluded(a, b, made(0.9, names="a.csv b.csv"))
    assert (found.says, found.causes) == ("because", ("data data/*.csv (names)",))


def test_a_run_between_that_has_half_of_the_effect_does_not():
    a, b = made(0.8), made(0.9, depth=8, digest="b")
    found = concluded(a, b, made(0.85, depth=8))
    assert found.says == "cannot_tell"
    assert "Alone, depth 4 → 8 moved auc by +0.05" in found.sentence


def test_unseeded_randomness_may_be_chance():
    a, b = made(0.8, seed="x = 1"), made(0.81, seed="x = 1", depth=8)
    found = concluded(a, b)
    assert found.says == "may_be_chance"
    assert "was not seeded, and neither run was repeated" in found.sentence


def test_a_difference_within_the_spread_of_repeats_may_be_chance():
    repeats = [made(auc, seed="x = 1") for auc in (0.78, 0.80, 0.82, 0.84)]
    a, b = made(0.8, seed="x = 1"), made(0.83, seed="x = 1", depth=8)
    found = concluded(a, b, *repeats)
    assert found.says == "may_be_chance"
    assert found.spread.count == 5
    assert "may be chance: 5 repeats gave ±0.03" in found.sentence


def test_a_difference_beyond_the_spread_of_repeats_is_no_chance():
    repeats = [made(auc, seed="x = 1") for auc in (0.79, 0.81)]
    found = concluded(made(0.8, seed="x = 1"), made(0.95, seed="x = 1", depth=8), *repeats)
    assert (found.says, found.causes) == ("because", ("param depth",))
    assert "3 repeats gave ±0.01" in found.sentence


def test_a_move_without_any_change_has_no_recorded_cause():
    found = concluded(made(0.8), made(0.9))
    assert found.says == "no_cause_recorded"
    assert "nothing that was recorded changed" in found.sentence


def test_what_could_not_be_compared_keeps_a_cause_from_being_claimed():
    a, b = made(0.8, digest=None), made(0.9, digest=None, depth=8)
    found = concluded(a, b)
    assert found.says == "cannot_tell"
    assert found.sentence.endswith(
        "1 thing changed; these records cannot tell whether that did it."
    )
    said = compare(a, b).sentence + found.sentence
    assert said.count("Not all could be compared") == 1


def test_code_is_quoted():
    found = concluded(made(0.8), made(0.9, extra=" * 2"))
    assert "because of the code of `m = fit(df, np.random.rand(), depth) * 2`" in found.sentence


def test_a_seed_that_is_gone_is_a_change():
    found = compare(made(0.8), made(0.8, seed="x = 1"))
    assert ("seed", "np.random") in [(change.kind, change.name) for change in found.changes]
