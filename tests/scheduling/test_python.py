"""`nbops.export` and `nbops.schedule`: the same as the commands."""

from pathlib import Path

import pytest
from projects import SERVER, URI, nbops, write_notebook

import nbops as public
from nbops.errors import UsageError
from nbops.scheduling.local import cron
from nbops.scheduling.local.kept import find_kept

WHEN = ("every weekday at 6:30", "UTC")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.setenv(URI, f"https://{SERVER}")
    monkeypatch.chdir(project)


def read(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_export_from_python_is_the_commands_to_the_byte(project: Path):
    values = {"depth": 6, "model": "7", "is_quick": False}
    made = public.export(
        "study.ipynb", "argo", values, schedule=WHEN[0], timezone=WHEN[1], dry_run=False, output="a"
    )
    words = ("--schedule", WHEN[0], "--timezone", WHEN[1], "-o", "b")
    pairs = ("-p", "depth=6", "-p", "model=7", "-p", "is_quick=false")
    nbops(project, "export", "study.ipynb", "--to", "argo", *words, *pairs)
    assert made == project / "a"
    assert read(made) == read(project / "b")


def test_what_must_not_leave_is_refused_with_the_way_out(project: Path):
    with pytest.raises(UsageError, match=r"Kubeflow takes .* Read such a text from a file"):
        public.export("study.ipynb", "kubeflow", {"model": "$(HOME)"}, dry_run=False)
    assert not (project / "study-kubeflow").exists()


def test_all_that_must_be_mended_is_told_at_once(project: Path):
    write_notebook(project / "bad.ipynb", {"a": "password = 'hunter2-swordfish'", "b": "input()"})
    with pytest.raises(UsageError, match=r"looks like a secret") as refused:
        public.export("bad.ipynb", "cron", schedule="@daily", dry_run=False)
    assert "waits for" in str(refused.value)


def test_one_secret_or_kind_may_be_given_alone_and_an_unknown_kind_is_refused(project: Path):
    folder = public.export("study.ipynb", "argo", secrets="DB_PASSWORD", dry_run=False)
    assert "`DB_PASSWORD`" in (folder / "README.md").read_text()
    write_notebook(project / "asks.ipynb", {"a": "input()"})
    public.export("asks.ipynb", "argo", ignore="interactive", dry_run=False)
    with pytest.raises(UsageError, match=r"There is no kind 'interactve' to ignore"):
        public.export("asks.ipynb", "argo", ignore="interactve", dry_run=False)


def test_a_schedule_from_python_is_kept_as_typed(project: Path, monkeypatch: pytest.MonkeyPatch):
    written: list[object] = []
    monkeypatch.setattr(cron, "is_there", lambda: True)
    monkeypatch.setattr(cron, "install", lambda *given: written.append(given))
    monkeypatch.delenv(URI)
    values = {"depth": 6, "is_quick": False}
    job = public.schedule("study.ipynb", WHEN[0], values, timezone="UTC", on="cron", dry_run=False)
    kept = find_kept(job).read()
    assert (job, kept.params, kept.timezone) == ("study", ("depth=6", "is_quick=false"), "UTC")
    assert written


def test_a_lock_says_that_it_has_no_hashes(project: Path):
    made = public.export("study.ipynb", "argo", dry_run=False)
    text = (made / "lock.txt").read_text()
    assert "--hash" not in text
    assert "# Versions without hashes: `nbops env RUN --lock` finds them" in text


def test_a_lock_with_hashes_of_all_but_nbops_is_refused_since_pip_would(project: Path):
    lock = project / "own.txt"
    lock.write_text("# Python 3.11\nsix==1.17.0 --hash=sha256:47\n")
    with pytest.raises(UsageError, match="pip wants hashes of all, or of none"):
        public.export("study.ipynb", "argo", lock=lock, dry_run=False)
