import base64
import hashlib
import os
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from told import Told

from nbops.capture.environment.packages import (
    list_packages,
    package_folders,
    read_environment,
    stamp_environment,
)
from nbops.digests import digest_environment
from nbops.journal import facts
from nbops.tracking import environments
from nbops.tracking.environments import PackageChecker, _installed


def test_packages_are_those_an_import_would_get():
    packages = list_packages(sys.path)
    assert packages["msgspec"] == metadata.version("msgspec")
    assert list(packages) == sorted(packages)


def test_a_package_that_is_only_half_installed_hides_no_other(tmp_path: Path):
    for name, metadata_bytes in (
        ("half", None),
        ("odd", b"Name: odd\xff"),
        ("whole", b"Name: whole\nVersion: 1"),
    ):
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        if metadata_bytes is not None:
            (folder / "METADATA").write_bytes(metadata_bytes)
    import importlib_metadata  # as it is once MLflow was imported: it raises where Python's own says None

    assert importlib_metadata
    assert list_packages([str(tmp_path)]) == {"whole": "1"}


def test_installing_anything_changes_the_stamp(tmp_path: Path):
    folder = tmp_path / "site-packages"
    folder.mkdir()
    before = stamp_environment([str(folder)])
    assert stamp_environment([str(folder)]) == before
    (folder / "thing-1.0.dist-info").mkdir()
    assert stamp_environment([str(folder)]) != before


def test_of_a_package_found_twice_the_first_counts(tmp_path: Path):
    for name, version in (("one", "1.0"), ("two", "2.0")):
        info = tmp_path / name / f"My_Thing-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: My_Thing\nVersion: {version}\n"
        )
    assert list_packages([str(tmp_path / "one"), str(tmp_path / "two")]) == {"my-thing": "1.0"}


def test_folders_of_packages_are_told_from_the_rest():
    assert package_folders(["", "/x/lib/site-packages", "/usr/lib/python3"]) == [
        "/x/lib/site-packages"
    ]


def test_equal_environments_have_one_digest():
    one, other = (
        read_environment(sys.path, "3.11.7", "CPython", "Linux-6-x86_64") for _ in range(2)
    )
    assert digest_environment(one) == digest_environment(other)
    assert one.memory_bytes > 0
    assert one.cpu_count


def test_what_is_installed_is_listed_anew_while_an_installer_may_still_write(tmp_path: Path):
    folder = tmp_path / "site-packages"

    def found() -> dict[str, object]:
        return _installed([str(folder)]).distributions

    info = folder / "thing-1.0.dist-info"
    info.mkdir(parents=True)
    assert found() == {}
    (info / "METADATA").write_text("Name: thing\nVersion: 1.0\n")
    assert list(found()) == ["thing"], "the folder's own time is the same"
    os.utime(folder, (0, 0))
    assert found() is found()


def test_jobs_of_a_process_share_one_look_at_all_files_that_are_installed(
    tmp_path: Path, private_homes: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "site-packages"
    info = folder / "thing-1.0.dist-info"
    info.mkdir(parents=True)
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1").digest()).rstrip(b"=").decode()
    (info / "METADATA").write_text("Name: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"thing.py,sha256={digest},5\n")
    (folder / "thing.py").write_text("x = 1")
    os.utime(folder, (0, 0))
    stamp = stamp_environment([str(folder)])
    started = Told(sys_path=[str(folder)]).facts[0]

    def altered() -> object:
        found: list[facts.Fact] = []
        work: list[Callable[[], None]] = []
        checker = PackageChecker(found.append, work.append)
        checker.plan(started, stamp, "env2:a")
        checker.look(is_over=True, may_work=True)
        while work:
            work.pop()()
        (checked,) = found
        assert isinstance(checked, facts.PackagesChecked)
        return checked.altered

    assert altered() == {}
    (folder / "thing.py").write_text("x = 22")
    assert altered() == {}, "it was looked at a moment ago"
    monkeypatch.setattr(environments, "_CHECKED_AGAIN_AFTER_S", 0.0)
    assert altered() == {"thing": ["thing.py"]}
