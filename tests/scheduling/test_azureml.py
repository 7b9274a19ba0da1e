"""The pipeline job for Azure ML: loaded and validated by its own client, and every command of it run."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import environments
import pytest
import yaml
from elsewhere import Elsewhere, printed
from projects import export, nbops
from test_kubernetes import pipeline

WHEN = ("--schedule", "every weekday at 6:30", "--timezone", "Europe/Berlin")

# Azure's client reads what was emitted, down to the bodies that it would send.
LOAD = """
import json, logging, sys
logging.disable()
from azure.ai.ml import load_job
from azure.ai.ml.constants import TimeZone
from azure.ai.ml.entities._load_functions import load_schedule
folder = sys.argv[1]
job = load_job(f"{folder}/job.yml")
found = job._validate()
assert found.passed, found
told = {
    "job": job._to_rest_object().as_dict()["properties"],
    "types": {
        step: {name: (each.type, each.default, each.enum) for name, each in node.component.inputs.items()}
        for step, node in job.jobs.items()
    },
    "deterministic": [node.component.is_deterministic for node in job.jobs.values()],
    "schedule": load_schedule(f"{folder}/schedule.yml")._to_rest_object().as_dict()["properties"],
    "zones": [each.value for each in TimeZone],
}
print("TOLD " + json.dumps(told, default=str))
"""

# What Azure's packages in the image are asked for.
VAULT = {
    "azure/__init__.py": "",
    "azure/identity.py": "def DefaultAzureCredential():\n    return 'who runs it'\n",
    "azure/keyvault/__init__.py": "",
    "azure/keyvault/secrets.py": """
import json
from types import SimpleNamespace


class SecretClient:
    def __init__(self, vault_url, credential):
        assert (vault_url, credential) == ("https://mine.vault.azure.net", "who runs it")

    def get_secret(self, name):
        assert name == "nbops-study"
        return SimpleNamespace(value=json.dumps({"PASSWORD": "from the vault"}))
""",
}

pytestmark = pytest.mark.timeout(1800)


def load(folder: Path) -> dict[str, Any]:
    told = environments.run_in("azureml", LOAD, str(folder))
    found: dict[str, Any] = json.loads(told.rpartition("TOLD ")[2])
    return found


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def fill(text: str, known: dict[str, str]) -> str:
    """Azure's expressions: names, whose values come as text."""
    return re.sub(r"\$\{\{([\w.]+)\}\}", lambda match: known[match[1]], text)


def run_job(elsewhere: Elsewhere, out: Path, root: Path, given: dict[str, Any]) -> dict[str, Path]:
    """Run the steps as Azure does, each in a copy of `code:`; returns the folders of what they ran."""
    image = root / "job"
    image.mkdir(parents=True)
    shutil.copyfile(out / "environment/lock.txt", image / "lock.txt")
    (image / ".venv").symlink_to(Path(sys.executable).parent.parent)
    job, executed = read(out / "job.yml"), {}
    known = {f"parent.inputs.{name}": str(v) for name, v in {**job["inputs"], **given}.items()}
    for name, node in job["jobs"].items():  # each after those that it needs
        component = read(out / node["component"])
        place = root / name
        shutil.copytree(out / component["code"], place)
        inside = {f"inputs.{key}": fill(value, known) for key, value in node["inputs"].items()}
        for key in component["outputs"]:
            folder = root / f"{name}-{key}"
            folder.mkdir()
            inside[f"outputs.{key}"] = known[f"parent.jobs.{name}.outputs.{key}"] = str(folder)
        command = fill(component["command"], inside).replace("/job/", f"{image}/")
        elsewhere.run(["bash", "-c", command], place, **node.get("environment_variables", {}))
        executed[name] = root / f"{name}-executed"
    return executed


def test_azures_client_takes_the_pipeline_and_its_commands_run(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    pipeline(project)
    export(project, "pipeline.yaml", "--to", "azureml", "-o", "out", "--name", "wines", *WHEN)
    out = project / "out"
    told = load(out)
    assert told["types"] == {
        "study": {
            "study_depth": ["integer", 3, None],
            "study_model": ["string", "tree", None],
            "study_is_quick": ["boolean", True, None],
        },
        "report": {
            "report_title": ["string", "so", None],
            "from_study": ["uri_folder", None, None],
        },
    }
    # Else Azure would take an earlier run's outputs for those of a scheduled one.
    assert told["deterministic"] == [False, False]
    trigger = told["schedule"]["trigger"]
    assert (trigger["expression"], trigger["timeZone"]) == (
        "30 6 * * 1-5",
        "W. Europe Standard Time",
    )
    assert trigger["timeZone"] in told["zones"]  # which its validation does not look at
    given = {"study_depth": 6, "report_title": "so; $(touch bad) `touch bad`"}
    executed = run_job(elsewhere, out, tmp_path / "azure", given)
    text = printed(executed["report"] / "report.ipynb")
    assert text == "so; $(touch bad) `touch bad` tree {'total': 36, 'leaves': 64}\n"
    assert not list(tmp_path.rglob("bad"))
    assert elsewhere.metrics() == {"total": 36.0, "leaves": 64.0}


def test_a_notebook_is_a_pipeline_of_one_step_with_its_limit_and_days_of_the_month(project: Path):
    when = ("--schedule", "0 7 1,15 * *", "--timezone", "Europe/Berlin")
    words = ("study.ipynb", "--to", "azureml", "-o", "out", *when, "--timeout", "900")
    export(project, *words)
    told = load(project / "out")
    # Azure ignores days in a cron: only a recurrence knows them.
    assert told["schedule"]["trigger"]["schedule"]["monthDays"] == [1, 15]
    assert told["job"]["jobs"]["study"]["limits"]["timeout"] == "PT20M"


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("0 7 1 1 *", "Azure ML cannot say months: it ignores that field"),
        ("0 7 13 * FRI", "cannot say 'on these days, and on these weekdays'"),
    ],
)
def test_a_schedule_that_azure_would_run_at_other_times_is_refused(
    project: Path, when: str, said: str
):
    words = ("export", "study.ipynb", "--to", "azureml", "--schedule", when, "--timezone", "UTC")
    assert said in nbops(project, *words, code=2).stderr


def test_a_value_that_would_end_its_quotes_is_refused(project: Path):
    words = ("export", "study.ipynb", "--to", "azureml", "-p", "model=it's")
    assert "' and ${{ cannot be in one" in nbops(project, *words, code=1).stderr


def test_a_job_has_what_the_vault_holds_and_its_exit_code_is_the_commands(
    project: Path, tmp_path: Path
):
    export(project, "study.ipynb", "--to", "azureml", "-o", "out")
    code = project / "out/code"
    (code / "vault.txt").write_text("https://mine.vault.azure.net\n")
    for name, text in VAULT.items():
        path = tmp_path / "image" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    ask = "import os, sys; open('left.txt', 'w').write(os.environ['PASSWORD']); sys.exit(7)"
    left = tmp_path / "left"
    words = [sys.executable, "step.py", "--left", str(left), "--", sys.executable, "-c", ask]
    done = subprocess.run(words, cwd=code, env={"PYTHONPATH": str(tmp_path / "image")})
    assert done.returncode == 7
    assert (left / "left.txt").read_text() == "from the vault"
    left_files = sorted(path.name for path in left.rglob("[!.]*"))
    assert left_files == ["left.txt"]  # not what it was given


def test_runs_that_go_to_azures_own_mlflow_need_its_plugin(
    project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "azureml://westeurope.api.azureml.ms/mlflow/v1.0/x")
    said = nbops(project, "export", "study.ipynb", "--to", "azureml", code=1).stderr
    assert "MLflow reaches by azureml-mlflow: the lock lacks it" in said
