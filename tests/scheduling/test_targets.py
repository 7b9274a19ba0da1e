"""What every target keeps, also one that another package offers."""

import json
import os
import re
import sys
from pathlib import Path

import pytest
from projects import SERVER, URI, export, nbops

from nbops.scheduling import target as targets
from nbops.scheduling.folder import emit_files
from nbops.scheduling.job import Job, read_job
from nbops.scheduling.schedule import Unsayable
from nbops.scheduling.target import Emission, Target, find_target, list_targets

THIRD_PARTY = """
class Letter:
    name = "letter"
    summary = "a letter to who runs it by hand"
    is_remote = True
    takes = ()

    def check(self, job):
        return []

    def emit(self, job):
        from nbops.scheduling.command import LOCK, run_step, secrets_of
        from nbops.scheduling.dialects.kubernetes import as_kubernetes
        from nbops.scheduling.target import Emission

        when = as_kubernetes(job.schedule).expression if job.schedule else "when you like"
        (step,) = job.steps
        words = run_step(job, step, values={}, project="project", lock=LOCK, output="out.ipynb")
        text = f"Please run at {when}: {words}"
        files = {**job.bundle.under("project"), LOCK: job.lock, "letter.txt": text}
        return Emission(files, ["cat letter.txt"], ["cat letter.txt"], ["rm letter.txt"], secrets_of(job))
"""


@pytest.fixture
def offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package that offers a target."""
    site = tmp_path / "site"
    about = site / "letters-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: letters\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[nbops.targets]\nletter = letters:Letter\n")
    (site / "letters.py").write_text(THIRD_PARTY)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "letters", raising=False)
    targets._offered.cache_clear()
    yield
    targets._offered.cache_clear()


def all_names() -> list[str]:
    return [*(each.name for each in list_targets()), "letter"]


def read(project: Path, schedule: str | None, **options: object) -> Job:
    return read_job(project / "study.ipynb", {"depth": 6}, schedule, timezone="UTC", **options)  # type: ignore[arg-type]


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("name", all_names())
class TestEveryTarget:
    def emit(self, project: Path, name: str) -> tuple[Target, Job, Emission, dict[str, bytes]]:
        """Emit with a schedule, or without one where the target knows none."""
        found = find_target(name)
        job = read(project, "30 6 * * *", timeout_s=600.0)
        try:
            emission = found.emit(job)
        except Unsayable:
            job = read(project, None, timeout_s=600.0)
            emission = found.emit(job)
        return found, job, emission, emit_files(job, found, emission)

    def test_it_emits_the_same_for_the_same_job(self, project: Path, name: str):
        assert self.emit(project, name)[3] == self.emit(project, name)[3]

    def test_its_files_say_when_with_what_and_for_how_long(self, project: Path, name: str):
        _, job, emission, files = self.emit(project, name)
        own = {path for path in files if not path.endswith((".csv", ".toml", "lock.txt", ".json"))}
        text = "\n".join(files[path].decode() for path in own)
        if job.schedule is not None:
            assert re.search(r"30 0?6 \* \* \*|0?6:30|30 0?6", text)
        assert re.search(r"depth\W+(default\W+)?[\w\W]{0,80}6", text)
        assert any(path.endswith("lock.txt") for path in files)
        assert emission.files

    def test_its_readme_tells_how_to_install_run_and_remove_it(self, project: Path, name: str):
        _, _, emission, files = self.emit(project, name)
        readme = files["README.md"].decode()
        for title, commands in (
            ("Install", emission.install),
            ("Run now", emission.run_now),
            ("Remove", emission.remove),
        ):
            assert commands
            assert f"## {title}\n\n```sh\n{chr(10).join(commands)}\n```" in readme

    def test_nothing_of_this_machine_is_in_its_files(
        self, project: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ):
        secret = "9fK2mQx7Lp0vB4sTz8Rd1WcY"
        monkeypatch.setenv(URI, f"https://me:{secret}@{SERVER}")
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", secret)
        target, _, emission, files = self.emit(project, name)
        for path, content in files.items():
            for word in (str(project), str(Path.home()), sys.prefix, secret, SERVER):
                assert word.encode() not in content, path
            assert not os.path.isabs(path)
            assert ".." not in path
        if target.is_remote:
            assert emission.secrets

    def test_a_notebook_travels_without_its_outputs(self, project: Path, name: str):
        assert all(
            b"seen before" not in content for content in self.emit(project, name)[3].values()
        )


@pytest.mark.usefixtures("offered")
def test_a_target_of_another_package_is_listed_and_exported_to(project: Path):
    told = json.loads(nbops(project, "export", "--list", "--json").stdout)["targets"]
    assert "letter" in [each["name"] for each in told]
    export(project, "study.ipynb", "--to", "letter", "-o", "out", "-p", "depth=6")
    assert "'depth=6'" in (project / "out/letter.txt").read_text()


def test_a_target_that_cannot_be_loaded_is_named(project: Path, tmp_path: Path, offered: None):
    (tmp_path / "site/letters.py").write_text("raise RuntimeError('no ink')")
    said = nbops(project, "export", "study.ipynb", "--to", "letter", code=2).stderr
    assert "The target 'letter' of letters:Letter cannot be loaded: no ink." in said


def test_watched_files_are_said_where_they_can_be(project: Path):
    job = read_job(project / "study.ipynb", {}, "when data/*.csv changes", timezone="UTC")
    for each in list_targets():
        try:
            files = emit_files(job, each)
        except Unsayable:
            continue
        assert any(
            b"data/*.csv" in content for path, content in files.items() if path != "README.md"
        )


@pytest.mark.parametrize(
    "target", ["systemd", "kubernetes", "argo", "github-actions", "azureml", "sagemaker"]
)
def test_a_number_of_runs_at_once_that_a_target_does_not_keep_to_is_refused(
    project: Path, target: str
):
    words = ("--to", target, "--schedule", "every day at 07:00", "--timezone", "UTC")
    said = nbops(project, "export", "study.ipynb", *words, "--max-parallel", "3", code=1).stderr
    assert "cannot say 3 runs at once: it " in said


def test_an_exported_pipeline_refuses_another_environment(project: Path):
    (project / "pipeline.yaml").write_text("steps: {study: {notebook: study.ipynb}}\n")
    for target in ("cron", "github-actions", "kubernetes"):
        words = ("--to", target, "--schedule", "every day at 07:00", "--timezone", "UTC")
        export(project, "pipeline.yaml", *words, "-o", target)
        texts = [path.read_text() for path in (project / target).rglob("*") if path.is_file()]
        assert any(re.search(r"pipeline[\w\W]*run[\w\W]*--expect-env", text) for text in texts)


def test_runs_of_an_exported_pipeline_go_to_the_experiment_that_they_have_here(project: Path):
    (project / "pipeline.yaml").write_text("steps: {study: {notebook: study.ipynb}}\n")
    job = read_job(project / "pipeline.yaml", {}, "@daily", timezone="UTC")
    for each in list_targets():
        if each.name in ("script", "jupyter-scheduler"):  # which take none
            continue
        files = emit_files(job, each)
        named = re.compile(rb"MLFLOW_EXPERIMENT_NAME\W[\w\W]{0,40}?%s\b" % project.name.encode())
        assert any(named.search(content) for content in files.values()), each.name
