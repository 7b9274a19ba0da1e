"""A tracking server as in a company: on PostgreSQL, with passwords, with a certificate of its own authority."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from logged import metrics_of
from mlflow import MlflowClient
from mlflow.entities import ViewType
from postgresql import Postgresql, find_programs
from processes import PATIENCE_S, wait_until
from servers import ADMIN, MlflowServer, guarded_server

from nbops.index.queries import Index
from nbops.workspace import Workspace

_SCRIPT = """
import nbops, sys
from pathlib import Path
nbops.start(sys.argv[1], uri=sys.argv[2])
for name in sys.argv[3:]:
    Path("kept.txt").write_text(f"kept of {name}")
    with nbops.track(name, depth=f"{name}_value") as run:
        run.log_metric(f"{name}_metric", 1.5)
        nbops.set_tag("tag", f"{name}_tag")
        nbops.note(f"{name}_note")
        nbops.log_file("kept.txt")
nbops.stop()
"""


@pytest.fixture(scope="module")
def database() -> Iterator[Postgresql]:
    if not find_programs() and not os.environ.get("NBOPS_ALL_TESTS"):
        pytest.skip("no PostgreSQL: apt install postgresql")
    with Postgresql() as database:
        yield database


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, database: Postgresql
) -> Iterator[MlflowServer]:
    server = guarded_server(tmp_path_factory.mktemp("guarded"), database.uri)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def admin(server: MlflowServer, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    for name, value in {**ADMIN, **trusting(server)}.items():
        monkeypatch.setenv(name, value)
    return MlflowClient(tracking_uri=server.uri)


def trusting(server: MlflowServer) -> dict[str, str]:
    return {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(server.authority)}


def new_user(server: MlflowServer, name: str) -> dict[str, str]:
    """A user who may see and write to all that others make; returns what identifies her."""
    password = f"password-of-{name}"
    server.post("users/create", ADMIN, username=name, password=password)
    return {
        "MLFLOW_TRACKING_USERNAME": name,
        "MLFLOW_TRACKING_PASSWORD": password,
        **trusting(server),
    }


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_T")}
    return {**kept, **variables}


def record(workspace: Workspace, where: tuple[str, str], *runs: str, **variables: str) -> None:
    subprocess.run(
        [sys.executable, "-c", _SCRIPT, *where, *runs],
        cwd=workspace.root,
        check=True,
        timeout=PATIENCE_S,
        env=environment(**variables),
    )


def nbops(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    """As it is typed in another terminal, where nothing is set."""
    command = [str(Path(sys.executable).with_name("nbops")), *words]
    return subprocess.run(
        command, cwd=workspace.root, env=environment(), capture_output=True, text=True, check=False
    )


def all_are_there(index: Index) -> bool:
    nbops(index.workspace, "sync")
    return bool(index.runs()) and index.unshipped() == 0


def holding(words: bytes, folder: Path) -> list[str]:
    """Files with these words; uvicorn's log is the server's own."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log")
    return sorted(path.name for path in files if words in path.read_bytes())


def in_database(words: str, database: Postgresql) -> bool:
    dump = [str(find_programs() / "pg_dump"), "--data-only"]
    address = database.uri.replace("postgresql+psycopg", "postgresql")
    done = subprocess.run([*dump, address], capture_output=True, text=True, check=True)
    return words in done.stdout


def test_runs_wait_for_the_right_certificate_and_password_and_are_forgotten_there(
    workspace: Workspace,
    index: Index,
    server: MlflowServer,
    database: Postgresql,
    admin: MlflowClient,
):
    ana = new_user(server, "ana")
    where = ("guarded", server.uri)
    record(workspace, where, "other", **{**ana, "MLFLOW_TRACKING_SERVER_CERT_PATH": ""})
    wait_until(lambda: "SERVER_CERT_PATH" in index.state().get("error", ""))
    record(workspace, where, "other", **{**ana, "MLFLOW_TRACKING_PASSWORD": "expired-word"})
    wait_until(lambda: "401" in index.state().get("error", ""))
    wait_until(lambda: index.unshipped() == 2)
    record(workspace, where, "planted_run", "other", **ana)
    wait_until(lambda: all_are_there(index))
    assert index.state()["error"] == ""
    experiment = admin.get_experiment_by_name("guarded").experiment_id
    runs = admin.search_runs([experiment], "attributes.run_name = 'other'")
    assert len(runs) == 3
    for run in runs:
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/")
        assert run.data.params == {"depth": "other_value"}
        assert metrics_of(run) == {"other_metric": 1.5}
        kept = {found.path for found in admin.list_artifacts(run.info.run_id)}
        assert kept == {"kept.txt", "nbops"}
    for word in (b"password-of-ana", b"expired-word"):
        assert holding(word, workspace.state) == (["access.json"] if b"ana" in word else [])

    (planted,) = [run for run in index.runs() if run.name == "planted_run"]
    done = nbops(workspace, "forget", planted.id, "--yes")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"`mlflow gc --run-ids {planted.mlflow_run_id}` is run there" in done.stdout
    assert done.stdout.count("The server") == 1
    wait_until(lambda: all_are_there(index))
    gone = admin.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)
    assert [run.info.run_name for run in gone] == ["forgotten"]
    assert gone[0].data.tags.keys() <= {"mlflow.runName"}
    for words in (b"planted_run", b"kept of planted"):
        assert holding(words, workspace.state) == []
        assert holding(words, server.artifacts) == []
    assert in_database("planted_run_metric", database), "as it is said"
    gc = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", database.uri]
    gc += ["--run-ids", planted.mlflow_run_id]
    gc += ["--artifacts-destination", server.artifacts.as_uri(), "--tracking-uri", server.uri]
    subprocess.run(gc, check=True, capture_output=True)
    assert not in_database("planted_run", database)
    assert len(admin.search_runs([experiment], "attributes.run_name = 'other'")) == 3


def test_what_the_server_does_not_let_her_delete_is_said_and_the_rest_is_forgotten(
    workspace: Workspace, index: Index, server: MlflowServer, admin: MlflowClient
):
    experiment = admin.create_experiment("of the admin")
    record(workspace, ("of the admin", server.uri), "planted_run", **new_user(server, "eve"))
    wait_until(lambda: all_are_there(index))
    planted = next(run for run in index.runs() if run.name == "planted_run")
    done = nbops(workspace, "forget", planted.id, "--yes")
    assert (done.returncode, done.stderr) == (1, "")
    assert f"does not let you delete run {planted.mlflow_run_id}" in done.stdout
    assert "does not let you delete the files under mlflow-artifacts:/" in done.stdout
    assert holding(b"planted_run", workspace.state) == []
    there = admin.get_run(planted.mlflow_run_id)
    assert (there.info.run_name, there.data.tags.get("tag")) == ("forgotten", None)
    assert there.info.experiment_id == experiment
    assert "does not fit" not in nbops(workspace, "doctor", "--records").stdout
