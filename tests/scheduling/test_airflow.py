"""The DAG for Airflow 3: read by its own DagBag, and every task run by `dag.test()`."""

import ast
import json
import subprocess
from pathlib import Path

import environments
import pytest
from elsewhere import Elsewhere, printed
from projects import export, nbops, write_notebook
from test_kubernetes import pipeline

WHEN = ("--schedule", "every weekday at 6:30", "--timezone", "Europe/Berlin")

# Airflow reads what is in the folder, tells what it understood, and runs all tasks.
RUN = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
(dag,) = bag.dags.values()
timetable = dag.timetable
about = {
    "dag": dag.dag_id,
    "cron": getattr(timetable, "expression", getattr(timetable, "_expression", None)),
    "zone": str(dag.timezone),
    "params": {name: dag.params.get_param(name).schema.get("type") for name in dag.params},
    "order": {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks},
}
run = dag.test(run_conf=json.loads(sys.argv[2]))
about["state"] = str(run.state)
print("TOLD " + json.dumps(about))
"""

pytestmark = pytest.mark.timeout(1800)


def test_airflow_reads_the_dag_and_runs_every_task(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    pipeline(project)
    export(project, "pipeline.yaml", "--to", "airflow", "-o", "out", "--name", "wines", *WHEN)
    python = environments.find("airflow") / "bin" / "python"
    dags = project / "out/dags"
    # What the README's second line makes: an environment of the job's own.
    (dags / "wines/.venv").symlink_to(Path(__file__).parents[2] / ".venv")
    variables = {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW_VAR_MLFLOW_TRACKING_URI": elsewhere.uri,
        "PATH": f"{python.parent}:/usr/bin:/bin",
    }
    environment = {k: v for k, v in elsewhere.environment.items() if not k.startswith("MLFLOW")}
    elsewhere.environment = environment
    elsewhere.run([str(python), "-m", "airflow", "db", "migrate"], tmp_path, **variables)
    values = json.dumps({"study_depth": 6, "report_title": "it's; $(touch bad)"})
    done = elsewhere.run([str(python), "-c", RUN, str(dags), values], tmp_path, **variables)
    told = json.loads(done.stdout.rpartition("TOLD ")[2].splitlines()[0])
    assert told["state"].endswith("success")
    assert (told["dag"], told["cron"], told["zone"]) == ("wines", "30 6 * * 1-5", "Europe/Berlin")
    assert told["params"] == {
        "study_depth": "integer",
        "study_model": "string",
        "study_is_quick": "boolean",
        "report_title": "string",
    }
    assert told["order"] == {"study": [], "report": ["study"]}
    assert printed(dags / "wines/executed/report.ipynb") == (
        "it's; $(touch bad) tree {'total': 36, 'leaves': 64}\n"
    )
    assert elsewhere.metrics() == {"total": 36.0, "leaves": 64.0}


def test_the_dag_file_imports_nothing_but_airflow_and_python(project: Path):
    export(project, "study.ipynb", "--to", "airflow", "-o", "out")
    tree = ast.parse((project / "out/dags/study.py").read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported if name} == {
        "airflow",
        "datetime",
        "pathlib",
        "zoneinfo",
    }


def test_a_step_may_have_the_name_of_a_word_of_python(project: Path):
    write_notebook(project / "import.ipynb", {"one": "x = 1"})
    (project / "pipeline.yaml").write_text("steps: {import: {notebook: import.ipynb}}\n")
    export(project, "pipeline.yaml", "--to", "airflow", "-o", "out", "--name", "study")
    ast.parse((project / "out/dags/study.py").read_text())


def test_what_is_no_variable_of_airflows_leaves_the_workers_own(project: Path):
    export(project, "study.ipynb", "--to", "airflow", "-o", "out")
    tree = ast.parse((project / "out/dags/study.py").read_text())
    words = [each for each in ast.walk(tree) if isinstance(each, ast.keyword)]
    [command] = [ast.literal_eval(each.value) for each in words if each.arg == "bash_command"]
    head = command.partition("mkdir")[0]
    for given, meant in {"": "http://workers", "http://airflows": "http://airflows"}.items():
        env = {"MLFLOW_TRACKING_URI": "http://workers", "VAR_MLFLOW_TRACKING_URI": given}
        done = subprocess.run(
            ["bash", "-ec", f"{head}\necho $MLFLOW_TRACKING_URI"],
            env={**env, "VAR_MLFLOW_TRACKING_TOKEN": ""},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout.strip()) == (0, meant)


def test_what_airflow_would_take_for_its_own_is_refused(project: Path):
    words = ("export", "study.ipynb", "--to", "airflow", "-p", "model={{ 1 }}")
    assert "Airflow takes {{ and {% and {# in a value" in nbops(project, *words, code=1).stderr
