import math

import pytest

import nbops
from nbops.records import (
    Run,
    Session,
    first_line,
    from_json,
    instant,
    last_value,
    to_float,
    to_json,
    to_number,
)


def a_run(**changes: object) -> Run:
    return Run(
        **{
            "id": "r1",
            "session_id": "s1",
            "name": "forest",
            "status": "finished",
            "origin": "track",
            "started_at": instant(1.5),
            **changes,
        }
    )


def test_a_record_survives_json():
    run = a_run(
        params={"depth": 8, "name": "rf", "none": None}, metrics={"auc": [(0, 0.5, instant(2))]}
    )
    assert from_json(to_json(run), Run) == run


def test_instants_are_utc_on_the_wire():
    assert b'"started_at":"1970-01-01T00:00:01.500000Z"' in to_json(a_run())


def test_a_field_of_a_newer_version_is_skipped():
    newer = to_json(a_run()).replace(b'"name":', b'"mood":"good","name":')
    assert from_json(newer, Run) == a_run()


def test_a_record_of_an_older_version_is_read():
    older = b'{"id":"s","status":"running","name":"n","experiment":"e","user":"u","host":"h",'
    older += b'"started_at":"2026-01-01T00:00:00Z","tracking_uri":"sqlite:///x"}'
    assert from_json(older, Session).is_tracking is True


@pytest.mark.parametrize("value", [0.0, -1.5, math.inf, -math.inf])
def test_numbers_survive_json(value: float):
    assert to_float(to_number(value)) == value


def test_nan_survives_json():
    assert math.isnan(to_float(to_number(math.nan)))
    assert b'"NaN"' in to_json(a_run(metrics={"loss": [(0, to_number(math.nan), instant(0))]}))


def test_the_last_value_is_that_of_the_largest_step():
    points = [
        (0, 0.1, instant(1)),
        (5, 0.9, instant(2)),
        (3, 0.5, instant(3)),
        (5, 0.8, instant(4)),
    ]
    assert last_value(points) == 0.8


def test_a_cell_is_recognised_by_its_first_line_that_says_something():
    assert first_line("\n\n  x = 1  \ny") == "x = 1"
    assert first_line("") == ""


def test_public_names_are_sorted_and_there():
    assert nbops.__all__ == sorted(nbops.__all__)
    for name in nbops.__all__:
        assert callable(getattr(nbops, name))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        nbops.nonsense  # noqa: B018
