"""Each cause is found where it is, and nothing is found in its clean twin."""

import pytest
from causes import CAUSES


@pytest.mark.parametrize("cause", CAUSES)
def test_the_cause_is_found_and_nothing_else(cause: str):
    kind, faulty, _ = CAUSES[cause]
    found = {finding.kind for finding in faulty.check()}
    assert found == {kind}


@pytest.mark.parametrize("cause", CAUSES)
def test_the_clean_twin_is_silent(cause: str):
    clean = CAUSES[cause][2]
    assert [str(finding) for finding in clean.check()] == []
