"""The user's values as a record holds them."""

import msgspec
import numpy as np
import pytest

from nbops.errors import UsageError
from nbops.recording.scalars import as_number, as_scalar, as_step


@pytest.mark.parametrize("step", [3, np.int64(3), np.int8(3), 3.0, np.float64(3), np.array(3)])
def test_a_step_is_a_whole_number_however_it_is_held(step: object):
    assert (as_step("loss", step), type(as_step("loss", step))) == (3, int)


@pytest.mark.parametrize("step", [0.5, "3", 2**70, float("nan"), [3]])
def test_what_is_no_step_is_refused_at_the_door(step: object):
    with pytest.raises(UsageError, match="not a whole number"):
        as_step("loss", step)


def test_a_number_beyond_all_floats_is_no_metric():
    with pytest.raises(UsageError, match="not a number"):
        as_number("m", 10**400)
    assert as_number("m", 2**70) == float(2**70)


@pytest.mark.parametrize("value", [2**70, -(2**64), 10**5000], ids=["big", "small", "huge"])
def test_a_param_of_any_size_can_be_written(value: int):
    assert msgspec.json.encode(as_scalar("seed", value))
