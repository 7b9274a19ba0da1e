"""Private columns and paths: what is said of them, and what is not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nbops.capture.data.contents import describe_frame
from nbops.capture.data.watch import DataWatch
from nbops.capture.secrets.privacy import (
    hide_names,
    is_private_path,
    may_be_kept,
    names_private_column,
    set_private,
)
from nbops.journal.facts import DataSeen


@pytest.fixture(autouse=True)
def private(tmp_path: Path) -> Iterator[None]:
    """Settings of a project at `tmp_path`."""
    set_private(["ssn", "email*"], ["secrets/**", "keys", "~/.aws/**", "**/*.pem"], tmp_path)
    yield
    set_private([], [], tmp_path)


def test_a_frame_is_described_without_the_names_of_private_columns():
    frame = pd.DataFrame({"age": [1], "SSN": [2], "email_work": [3]})
    told = ("age", "private", "private"), ("int64", "private", "private")
    assert describe_frame(frame) == ((1, 3), *told)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("   age  ssn\n0    1    2", True),
        ("<th>Email_home</th>", True),
        ("KeyError: 'ssn'", True),
        ("assn ssnx", False),
        ("mail", False),
    ],
)
def test_a_text_that_names_one_is_told(text: str, is_named: bool):
    assert names_private_column(text) is is_named
    assert names_private_column(hide_names(text)) is False


@pytest.mark.parametrize(
    ("path", "is_private"),
    [
        ("secrets/a.csv", True),
        ("secrets/deep/er/a.csv", True),
        ("secrets", True),
        ("secretsauce/a.csv", False),
        ("data/secrets/a.csv", False),
        ("keys/a", True),
        ("keys.csv", False),
        ("deep/er/server.pem", True),
        ("server.pem", True),
        ("server.pem.txt", False),
    ],
)
def test_paths_are_relative_to_the_project(tmp_path: Path, path: str, is_private: bool):
    assert is_private_path(str(tmp_path / path)) is is_private


def test_a_link_to_a_private_file_is_private_and_so_is_the_home_folder_s(tmp_path: Path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a.csv").write_text("x")
    (tmp_path / "plain.csv").symlink_to(tmp_path / "secrets" / "a.csv")
    assert is_private_path(str(tmp_path / "plain.csv"))
    assert is_private_path(str(Path.home() / ".aws" / "credentials"))


def test_no_copy_is_kept_of_a_file_that_names_a_private_column(tmp_path: Path):
    private = pd.DataFrame({"ssn": ["1"], "age": [2]})
    plain = pd.DataFrame({"age": [2]})
    for frame, may in ((private, False), (plain, True)):
        for name in ("a.csv", "a.parquet", "a.feather", "a.json", "a.pkl"):
            path = tmp_path / name
            getattr(frame, f"to_{ {'pkl': 'pickle'}.get(name[2:], name[2:]) }")(path)
            assert may_be_kept(str(path)) is may, name
    np.savez(tmp_path / "a.npz", x=np.arange(3))  # packed: what is in it does not show
    assert not may_be_kept(str(tmp_path / "a.npz"))
    set_private([], [], tmp_path)
    assert may_be_kept(str(tmp_path / "a.npz"))


def test_a_private_file_is_read_and_written_without_a_name(watch: DataWatch, fresh_workspace):
    root = fresh_workspace.root
    set_private(["ssn"], ["secrets/**"], root)
    (root / "secrets").mkdir()
    watch.take("c", at_end=True)
    (root / "secrets" / "a.csv").write_text("ssn\n1\n")
    written = watch.take("c", at_end=True)
    pd.read_csv(root / "secrets" / "a.csv")
    (read,) = watch.take("c", at_end=True)
    (root / "b.csv").write_text("ssn,age\n1,2\n")
    pd.read_csv(root / "b.csv")
    (public,) = [fact for fact in watch.take("c", at_end=True) if isinstance(fact, DataSeen)]
    assert [(s.uri, s.name, s.digest, s.stat, s.missing) for s in written[0].writes] == [
        ("private:", "private", None, None, "private")
    ]
    assert [(s.uri, s.columns, s.shape, s.missing) for s in read.reads] == [
        ("private:", None, None, "private")
    ]
    assert "a.csv" not in repr((written, read))
    assert [seen.name for seen in public.writes] == ["b.csv"]
