from concurrent.futures import ThreadPoolExecutor

from nbops.recording.destination import read_access, remember_access
from nbops.workspace import Workspace


def test_kernels_that_start_at_once_keep_each_others_credentials(fresh_workspace: Workspace):
    fresh_workspace.prepare()
    uris = [f"http://user:word{number}@host{number}:5000" for number in range(24)]
    with ThreadPoolExecutor(24) as pool:
        shown = list(pool.map(lambda uri: remember_access(fresh_workspace, uri), uris))
    assert not [name for name in shown if "word" in name]
    known = read_access(fresh_workspace)
    assert [known[name]["uri"] for name in shown] == uris
    path = fresh_workspace.state / "access.json"
    assert path.stat().st_mode & 0o777 == 0o600


def test_who_has_no_credentials_does_not_forget_those_of_another(
    fresh_workspace: Workspace, monkeypatch
):
    fresh_workspace.prepare()
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "planted")
    shown = remember_access(fresh_workspace, "http://user:word@host:5000")
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    remember_access(fresh_workspace, "http://user:word@host:5000")
    assert read_access(fresh_workspace)[shown]["MLFLOW_TRACKING_TOKEN"] == "planted"
