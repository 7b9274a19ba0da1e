"""What can be asked of an export: secrets that the notebook reads, an image, missed runs."""

import json
import subprocess
from pathlib import Path

import environments
import pytest
import yaml
from elsewhere import Elsewhere
from projects import export, nbops, write_notebook

from nbops.scheduling.target import WISHES, list_targets

WHEN = ("--schedule", "0 7 * * *", "--timezone", "UTC")
NAMES = [each.name for each in list_targets()]
CLUSTERS = ("argo", "kubeflow", "kubernetes")

# What KFP itself adds to a pipeline whose task uses a Secret, beside what was emitted.
ASK_KFP = """
import json, sys, yaml
from kfp import compiler, dsl, kubernetes

@dsl.container_component
def one():
    return dsl.ContainerSpec(image="x", command=["y"])

@dsl.pipeline
def made():
    task = one()
    kubernetes.use_secret_as_env(task, "study", json.loads(sys.argv[1]), optional=True)

compiler.Compiler().compile(made, "made.yaml")
_, platform = yaml.safe_load_all(open("made.yaml"))
(executor,) = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
print(json.dumps(executor))
"""


def needs_a_password(project: Path) -> None:
    """A notebook that reads its password from where it runs."""
    write_notebook(project / "study.ipynb", {"read": 'import os\nos.environ["DB_PASSWORD"]'})


def read_all(folder: Path) -> str:
    return "\n".join(path.read_text() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("target", NAMES)
def test_a_secret_that_the_notebook_reads_is_asked_for_and_no_longer_warned_of(
    project: Path, target: str
):
    needs_a_password(project)
    when = () if target == "script" else WHEN
    words = ("study.ipynb", "--to", target, "-o", "out", *when)
    told = export(project, *words, "--secret", "DB_PASSWORD")
    assert "variable" not in [one["kind"] for one in told["findings"]]
    secrets = (project / "out/README.md").read_text().partition("## Secrets")[2]
    assert "db_password" in secrets.lower()


@pytest.mark.parametrize(
    ("target", "mapped"),
    [
        ("github-actions", "DB_PASSWORD: ${{ secrets.DB_PASSWORD }}"),
        ("airflow", "\"VAR_DB_PASSWORD\": \"{{ var.value.get('db_password', '') }}\""),
        ("kubernetes", "--from-literal=DB_PASSWORD=..."),
        ("argo", "--from-literal=DB_PASSWORD=..."),
        ("sagemaker", '"DB_PASSWORD": "..."'),
        ("azureml", '"DB_PASSWORD": "..."'),
    ],
)
def test_a_secret_comes_from_the_systems_own(project: Path, target: str, mapped: str):
    needs_a_password(project)
    words = ("study.ipynb", "--to", target, "-o", "out", *WHEN)
    export(project, *words)
    assert mapped not in read_all(project / "out")
    export(project, *words, "--secret", "DB_PASSWORD")
    assert mapped in read_all(project / "out")


def test_airflow_hands_a_secret_on_as_the_notebook_reads_it(project: Path):
    needs_a_password(project)
    export(project, "study.ipynb", "--to", "airflow", "-o", "out", "--secret", "DB_PASSWORD")
    text = (project / "out/dags/study.py").read_text()
    head = text.partition('bash_command=r"""')[2].partition("mkdir")[0]
    given = dict.fromkeys((f"VAR_MLFLOW_TRACKING_{x}" for x in ("URI", "TOKEN", "USERNAME")), "")
    env = {**given, "VAR_MLFLOW_TRACKING_PASSWORD": "", "VAR_DB_PASSWORD": "it's $5"}
    done = subprocess.run(
        ["bash", "-euc", f'{head}\nprintf %s "$DB_PASSWORD"'],
        env=env,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "it's $5")


def test_kubeflows_secrets_are_what_kfp_itself_writes(project: Path, elsewhere: Elsewhere):
    needs_a_password(project)
    words = ("study.ipynb", "--to", "kubeflow", "-o", "out", *WHEN)
    export(project, *words, "--secret", "DB_PASSWORD")
    _, platform = yaml.safe_load_all((project / "out/pipeline.yaml").read_text())
    (ours,) = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    names = [each["envVar"] for each in ours["secretAsEnv"][0]["keyToEnv"]]
    assert {"DB_PASSWORD", "MLFLOW_TRACKING_URI"} < {*names}
    python = str(environments.find("kubeflow") / "bin" / "python")
    given = json.dumps({name: name for name in names})
    done = elsewhere.run([python, "-c", ASK_KFP, given], project)
    assert json.loads(done.stdout.splitlines()[-1]) == ours


@pytest.mark.parametrize("name", ["DB-PASSWORD", "DB_PASSWORD=hunter2", ""])
def test_a_secret_is_a_name_and_never_a_value(project: Path, name: str):
    words = ("export", "study.ipynb", "--to", "kubernetes", "-o", "out", *WHEN)
    said = nbops(project, *words, "--secret", name, code=2).stderr
    assert "A secret is called as a variable is" in said
    assert "hunter2" not in said
    assert not (project / "out").exists()


def test_github_has_secrets_of_its_own(project: Path):
    words = ("export", "study.ipynb", "--to", "github-actions", "-o", "out")
    said = nbops(project, *words, "--secret", "GITHUB_DB", code=1).stderr
    assert "GITHUB_DB cannot be one" in said


@pytest.mark.parametrize("target", CLUSTERS)
def test_an_image_is_called_as_the_registry_has_it(project: Path, target: str):
    words = ("study.ipynb", "--to", target, "-o", "out", *WHEN)
    assert any("--image REGISTRY/study:latest" in note for note in export(project, *words)["notes"])
    told = export(project, *words, "--image", "ghcr.io/me/study:3")
    text = read_all(project / "out")
    assert "docker push ghcr.io/me/study:3" in told["install"][0]
    assert "image: ghcr.io/me/study:3" in text
    assert "study:latest" not in text


@pytest.mark.parametrize("image", ["", "my image", "x;rm -r /", "-v"])
def test_what_is_no_image_is_refused(project: Path, image: str):
    words = ("export", "study.ipynb", "--to", "kubernetes", "-o", "out", *WHEN)
    assert "is no image" in nbops(project, *words, "--image", image, code=2).stderr


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("target", NAMES)
def test_what_a_target_cannot_keep_to_is_refused_and_what_it_can_is_written(
    project: Path, target: str, wish: str
):
    when = () if target == "script" else WHEN
    words = ("study.ipynb", "--to", target, "-o", "out", *when)
    asked = (*wish.split(), "study:3") if wish == "--image" else wish.split()
    (found,) = [each for each in list_targets() if each.name == target]
    if wish in found.takes:
        export(project, *words, *asked)
        return
    said = nbops(project, "export", *words, *asked, code=2).stderr
    assert f"{target} cannot keep to {wish}." in said
    assert "These can: " in said
    assert not (project / "out").exists()


@pytest.mark.parametrize("target", [each.name for each in list_targets()])
def test_each_way_to_catch_up_is_written_otherwise(project: Path, target: str):
    (found,) = [each for each in list_targets() if each.name == target]
    ways = [wish for wish in found.takes if wish.startswith("--catch-up")]
    written = []
    for way in ways:
        export(project, "study.ipynb", "--to", target, "-o", "out", *WHEN, *way.split())
        written.append(read_all(project / "out"))
    assert len({*written}) == len(ways)


def test_a_local_job_is_warned_of_a_variable_until_its_credentials_name_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    needs_a_password(project)
    words = ("schedule", "study.ipynb", "every day at 7:00", "--on", "cron", "--dry-run")
    said = nbops(project, *words).stderr
    assert "It reads $DB_PASSWORD: cron must set it." in said
    assert "--credentials FILE" in said
    file = project / "secrets.env"
    file.write_text("DB_PASSWORD=hunter2\n")
    file.chmod(0o600)
    assert "DB_PASSWORD" not in nbops(project, *words, "--credentials", str(file)).stderr
    named = (*words, "--credentials", "command:echo DB_PASSWORD=hunter2")
    assert "DB_PASSWORD" not in nbops(project, *named).stderr
    checked = ("check", "study.ipynb", "--for", "cron", "--no-dry-run")
    assert "DB_PASSWORD" in nbops(project, *checked).stdout
    assert "DB_PASSWORD" not in nbops(project, *checked, "--credentials", str(file)).stdout
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    monkeypatch.setenv("BASH_FUNC_which%%", "() { true; }")  # as some shells have it
    named = (*words, "--credentials", "environment")
    assert "DB_PASSWORD" not in nbops(project, *named).stderr
