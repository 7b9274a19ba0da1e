import os
from pathlib import Path

import pytest

from nbops.capture.data.beacon import beacons_folder
from nbops.workspace import find_workspace, read_settings, runtime_home


@pytest.mark.parametrize("mark", ["pyproject.toml", ".git", ".nbops"])
def test_the_workspace_is_the_nearest_parent_with_a_mark(tmp_path: Path, mark: str):
    (tmp_path / mark).mkdir()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_workspace(deep / "n.ipynb").root == tmp_path
    assert find_workspace(deep).root == tmp_path


def test_without_a_mark_it_is_the_notebooks_folder(tmp_path: Path):
    folder = tmp_path / "folder.with.dots"
    folder.mkdir()
    assert find_workspace(folder / "n.ipynb").root == folder


def test_two_notebooks_of_a_project_share_a_store(tmp_path: Path):
    (tmp_path / "pyproject.toml").touch()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = (find_workspace(tmp_path / name / "n.ipynb") for name in ("a", "b"))
    assert one.embedded_uri == other.embedded_uri
    assert one.embedded_uri.startswith("sqlite:////")


def test_the_home_folder_is_no_workspace_by_its_own_marks(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "scratch"
    folder.mkdir()
    assert find_workspace(folder).root == folder


def test_a_driver_may_name_the_workspace(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("NBOPS_WORKSPACE", str(tmp_path))
    assert find_workspace("/somewhere/else.ipynb").root == tmp_path


def test_who_has_mlflows_own_default_store_keeps_it(tmp_path: Path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "mlflow.db").touch()
    assert find_workspace(tmp_path).embedded_database == tmp_path / "mlflow.db"


def test_what_is_kept_is_private_and_hidden_from_git(tmp_path: Path):
    workspace = find_workspace(tmp_path)
    workspace.prepare()
    assert workspace.state.stat().st_mode & 0o777 == 0o700
    assert (workspace.state / ".gitignore").read_text() == "*\n"


def test_a_project_that_cannot_be_written_keeps_its_records_elsewhere(
    tmp_path: Path, private_homes: Path, monkeypatch
):
    allowed = os.access

    def access(path, mode):  # root may write everywhere
        return allowed(path, mode) and not str(path).startswith(str(tmp_path))

    monkeypatch.setattr(os, "access", access)
    workspace = find_workspace(tmp_path)
    assert workspace.state.parent == private_homes / "state" / "nbops"
    workspace.prepare()
    assert list(tmp_path.iterdir()) == []


def test_settings_come_from_the_project_over_the_users_own(tmp_path: Path, private_homes: Path):
    own = private_homes / "config" / "nbops"
    own.mkdir()
    (own / "config.toml").write_text('autostart = true\nexperiment = "mine"\n')
    (tmp_path / "pyproject.toml").write_text('[tool.nbops]\nexperiment = "churn"\n')
    settings = read_settings(tmp_path)
    assert settings.experiment == "churn"
    assert settings.autostart is True
    assert settings.problems == ()


def test_a_setting_that_is_not_understood_is_named(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.nbops]\nautostart = "yes"\nexperimnt = "x"\nshare = "some"\n'
    )
    problems = " ".join(read_settings(tmp_path).problems)
    assert "autostart should be a bool" in problems
    assert "'experimnt'" in problems
    assert '"some"' in problems


def test_a_broken_settings_file_is_named_and_breaks_nothing(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[tool.nbops\n")
    settings = read_settings(tmp_path)
    assert settings.autostart is False
    assert "pyproject.toml was not read" in settings.problems[0]


def test_the_runtime_folder_is_private(monkeypatch, tmp_path: Path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_home().stat().st_mode & 0o777 == 0o700


def test_a_process_that_cron_starts_finds_the_locks_and_cells_of_who_is_logged_in(
    monkeypatch, tmp_path: Path
):
    login = tmp_path / str(os.getuid())
    login.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(login))
    homes = runtime_home(), beacons_folder()
    monkeypatch.setattr("nbops.workspace._LOGINS", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert (runtime_home(), beacons_folder()) == homes
