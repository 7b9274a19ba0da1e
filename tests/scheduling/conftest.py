"""A project to export, and a place that knows nothing of it."""

from pathlib import Path

import pytest
from elsewhere import Elsewhere
from projects import write_project

from nbops.workspace import Workspace


@pytest.fixture
def project(fresh_workspace: Workspace) -> Path:
    write_project(fresh_workspace.root)
    return fresh_workspace.root


@pytest.fixture
def elsewhere(tmp_path: Path, migrated_store: Path) -> Elsewhere:
    return Elsewhere(tmp_path / "elsewhere", migrated_store)
