"""Copies of data by digest, within a limit."""

import os
from pathlib import Path

import pytest

from nbops.digests import digest_bytes
from nbops.store import Store
from nbops.tracking.kept_data import KeptData
from nbops.workspace import Workspace


def keep(data: KeptData, path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    return data.keep(str(path), digest_bytes(content), len(content))


def test_a_file_is_kept_once_by_its_content(fresh_workspace: Workspace, tmp_path: Path):
    fresh_workspace.prepare()
    data = KeptData(fresh_workspace)
    assert keep(data, tmp_path / "a", b"one")
    assert keep(data, tmp_path / "b", b"one")
    kept = [path for path in fresh_workspace.kept_data.rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"one"]
    assert kept[0].stat().st_mode & 0o777 == 0o600


def test_another_content_than_was_read_is_not_kept(fresh_workspace: Workspace, tmp_path: Path):
    fresh_workspace.prepare()
    (tmp_path / "a").write_bytes(b"changed since")
    assert not KeptData(fresh_workspace).keep(str(tmp_path / "a"), digest_bytes(b"one"), 3)
    assert not [path for path in fresh_workspace.kept_data.rglob("*") if path.is_file()]


def test_the_least_used_makes_room(fresh_workspace: Workspace, tmp_path: Path):
    fresh_workspace.prepare()
    data = KeptData(fresh_workspace, most_bytes=25)
    store = Store(fresh_workspace.kept_data)
    contents = [bytes([letter]) * 10 for letter in b"abc"]
    for age, content in enumerate(contents[:2]):
        assert keep(data, tmp_path / "f", content)
        os.utime(store.path_of(digest_bytes(content)), (1000 + age, 1000 + age))
    assert keep(data, tmp_path / "f", contents[0])  # used again
    assert keep(data, tmp_path / "f", contents[2])
    assert [store.get(digest_bytes(content)) is not None for content in contents] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(("setting", "is_kept"), [(0, False), (1, True)])
def test_what_is_kept_is_a_setting(
    fresh_workspace: Workspace, tmp_path: Path, setting: int, is_kept: bool
):
    (fresh_workspace.root / "pyproject.toml").write_text(f"[tool.nbops]\nkeep_data = {setting}\n")
    fresh_workspace.prepare()
    data = KeptData(Workspace(fresh_workspace.root, fresh_workspace.state))
    assert keep(data, tmp_path / "a", b"x" * 900_000) is is_kept
    assert not keep(data, tmp_path / "a", b"x" * 1_100_000)
