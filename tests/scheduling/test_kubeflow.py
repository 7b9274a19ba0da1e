"""The pipeline for Kubeflow: loaded again by KFP, and run by its SubprocessRunner."""

import json
import shutil
from pathlib import Path

import environments
import pytest
from elsewhere import Elsewhere, printed
from projects import export, nbops
from test_kubernetes import pipeline

WHEN = ("--schedule", "0 7 * * *", "--timezone", "UTC")

# KFP loads what was emitted, tells what it understood, and runs it here.
RUN = """
import json, sys
from kfp import components, local
made = components.load_component_from_file(sys.argv[1])
inputs = made.component_spec.inputs
print("TOLD " + json.dumps({name: each.type for name, each in inputs.items()}))
local.init(runner=local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[2])
made(**json.loads(sys.argv[3]))
"""

# KFP's own command line reads the README's commands; what it asks the server for is told.
ASK = """
import json, shlex, sys
from unittest import mock
from kfp import client
from kfp.cli import cli, output
told = []
with mock.patch.object(client, "Client") as made, mock.patch.object(output, "print_output"):
    for line in sys.argv[1:]:
        cli.cli(shlex.split(line, comments=True)[1:], standalone_mode=False, obj={})
    for name, _, kwargs in made.return_value.mock_calls:
        told.append([name, {key: each for key, each in kwargs.items() if isinstance(each, (str, int, bool))}])
print(json.dumps(told))
"""


pytestmark = pytest.mark.timeout(1800)


def test_kubeflow_loads_the_pipeline_and_runs_it(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    pipeline(project)
    export(project, "pipeline.yaml", "--to", "kubeflow", "-o", "out", "--name", "wines", *WHEN)
    python = environments.find("kubeflow") / "bin" / "python"
    # What the Dockerfile makes: the project, the lock and an environment, in one folder.
    image, place = tmp_path / "job", tmp_path / "place"
    image.mkdir()
    place.mkdir()
    shutil.copytree(project / "out/project", image / "project")
    shutil.copyfile(project / "out/lock.txt", image / "lock.txt")
    (image / ".venv").symlink_to(Path(__file__).parents[2] / ".venv")
    values = json.dumps({"study_depth": 6, "report_title": "it's {so}"})
    path = str(project / "out/pipeline.yaml")
    variables = {"NBOPS_JOB_HOME": str(image), "PATH": f"{python.parent}:/usr/bin:/bin"}
    words = [str(python), "-c", RUN, path, str(tmp_path / "root"), values]
    done = elsewhere.run(words, place, **variables)
    assert json.loads(done.stdout.partition("TOLD ")[2].splitlines()[0]) == {
        "study_depth": "Integer",
        "study_model": "String",
        "study_is_quick": "Boolean",
        "report_title": "String",
    }
    executed = sorted((tmp_path / "root").rglob("executed"))
    texts = [printed(path) for path in executed]
    assert "it's {so} tree {'total': 36, 'leaves': 64}\n" in texts
    assert elsewhere.metrics() == {"total": 36.0, "leaves": 64.0}


def test_the_recurring_run_has_six_fields_and_kubeflows_zone(project: Path):
    words = ("study.ipynb", "--to", "kubeflow", "-o", "out")
    export(project, *words, *WHEN, "-p", "depth=6")
    body = json.loads((project / "out/recurring_run.json").read_text())
    assert body["trigger"] == {"cron_schedule": {"cron": "0 0 7 * * *"}}
    assert (body["max_concurrency"], body["no_catchup"]) == ("1", True)
    assert body["runtime_config"]["parameters"]["depth"] == 6
    berlin = ("--schedule", "0 7 * * *", "--timezone", "Europe/Berlin")
    assert (
        "cannot say times in Europe/Berlin"
        in nbops(project, "export", *words, *berlin, code=2).stderr
    )


def test_kfp_reads_the_readmes_commands_and_the_recurring_run_is_on(
    project: Path, elsewhere: Elsewhere
):
    export(project, "study.ipynb", "--to", "kubeflow", "-o", "out", *WHEN)
    text = (project / "out/README.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("kfp ") and "_ID" not in line]
    assert len(lines) == 4
    python = str(environments.find("kubeflow") / "bin" / "python")
    done = elsewhere.run([python, "-c", ASK, *lines], project / "out")
    asked = dict(json.loads(done.stdout.splitlines()[-1]))
    assert asked["create_recurring_run"]["enabled"] is True
    assert asked["create_recurring_run"]["cron_expression"] == "0 0 7 * * *"
    known = {"upload_pipeline", "upload_pipeline_version"}
    assert known < {*asked}


@pytest.mark.parametrize("value", ["$(HOME)", "costs $$5"])
def test_a_value_that_the_kubelet_would_change_is_refused(project: Path, value: str):
    words = ("export", "study.ipynb", "--to", "kubeflow", "-o", "out", "-p", f"model={value}")
    said = nbops(project, *words, code=1).stderr
    assert "Kubeflow takes $( and $$ in a value for its own." in said
