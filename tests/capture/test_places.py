from pathlib import Path

import numpy as np

import nbops
from nbops.capture.data.places import data_filter
from nbops.workspace import Workspace


def test_what_is_installed_is_no_data_and_the_projects_files_are(fresh_workspace: Workspace):
    is_excluded = data_filter(fresh_workspace)
    assert is_excluded(np.__file__)
    assert is_excluded(str(fresh_workspace.state / "store" / "x"))
    assert not is_excluded(str(fresh_workspace.root / "train.csv"))


def test_a_checkout_of_nbops_does_not_record_nbops_itself(fresh_workspace: Workspace):
    checkout = Workspace(Path(nbops.__file__).parents[1], fresh_workspace.state)
    is_excluded = data_filter(checkout)
    assert is_excluded(nbops.__file__)
    assert not is_excluded(str(checkout.root / "examples" / "helpers.py"))
