"""What Kubernetes and Argo get: read by their own schemas, checked where these do not look, and run."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import environments
import pytest
import yaml
from elsewhere import Elsewhere, printed
from projects import export, nbops

WHEN = ("--schedule", "every weekday at 6:30", "--timezone", "Europe/Berlin")

VALIDATE = """
import sys, yaml, kubernetes_validate
kubernetes_validate.validate(yaml.safe_load(open(sys.argv[1])), "1.33", strict=True)
"""
HERA = """
import json, sys
from hera.workflows.models import CronWorkflow
made = CronWorkflow.model_validate if hasattr(CronWorkflow, "model_validate") else CronWorkflow.parse_obj
import yaml
found = made(yaml.safe_load(open(sys.argv[1])))
dump = found.model_dump_json if hasattr(found, "model_dump_json") else found.json
print(dump(by_alias=True, exclude_none=True))
"""

pytestmark = pytest.mark.timeout(1800)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def build(out: Path, root: Path) -> None:
    """Do what the Dockerfile's COPY and RUN lines do, with the Python that is here for the image's."""
    for line in (out / "Dockerfile").read_text().splitlines():
        if copy := re.fullmatch(r"COPY (?:--chown=job )?(\S+) (\S+)", line):
            source, target = out / copy[1], root / copy[2]
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copyfile(source, root / source.name)
    (root / "executed").mkdir()


def run_container(
    elsewhere: Elsewhere, container: dict[str, Any], root: Path, home: str = "/job"
) -> None:
    words = [word.replace(home, str(root)) for word in container["command"]]
    words[0] = sys.executable if words[0] == "python" else words[0]
    env = {
        each["name"]: each["value"].replace(home, str(root)) for each in container.get("env", [])
    }
    elsewhere.run(words, root, **env)


def test_a_cronjob_is_valid_and_its_command_runs(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    words = ("study.ipynb", "--to", "kubernetes", "-o", "out", *WHEN)
    export(project, *words, "-p", "depth=6", "-p", "model=it's", "--timeout", "900")
    path = project / "out/cronjob.yaml"
    environments.run_in("schemas", VALIDATE, str(path))
    spec = read(path)["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("30 6 * * 1-5", "Europe/Berlin")
    assert (spec["concurrencyPolicy"], spec["jobTemplate"]["spec"]["backoffLimit"]) == ("Forbid", 0)
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    # No schema knows that a Job's pods must not be restarted.
    assert pod["restartPolicy"] == "Never"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 1200
    (container,) = pod["containers"]
    root = tmp_path / "job"
    root.mkdir()
    build(project / "out", root)
    run_container(elsewhere, container, root)
    assert printed(root / "executed/study.ipynb").endswith("it's {'total': 36, 'leaves': 64}\n")
    assert elsewhere.metrics() == {"total": 36.0, "leaves": 64.0}


def test_runs_of_an_export_carry_the_jobs_name(project: Path, tmp_path: Path, elsewhere: Elsewhere):
    export(project, "study.ipynb", "--to", "kubernetes", "-o", "out", "--name", "wines", *WHEN)
    spec = read(project / "out/cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    root = tmp_path / "job"
    root.mkdir()
    build(project / "out", root)
    run_container(elsewhere, spec["containers"][0], root)
    assert {run.data.tags.get("nbops.job") for run in elsewhere.runs()} == {"wines"}


def as_kubelet(word: str, known: dict[str, str]) -> str:
    """What the kubelet makes of a word of a container's command: `$(NAME)` and `$$`."""
    found = re.compile(r"\$(\$|\((\w+)\))")
    return found.sub(lambda m: "$" if m[1] == "$" else known.get(m[2], m[0]), word)


@pytest.mark.parametrize("target", ["kubernetes", "argo"])
def test_a_value_arrives_as_it_is_whatever_dollars_it_holds(project: Path, target: str):
    value = "$(HOME) $$ $(NONE) $x"
    export(project, "study.ipynb", "--to", target, "-o", "out", *WHEN, "-p", f"model={value}")
    if target == "kubernetes":
        spec = read(project / "out/cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        command = spec["containers"][0]["command"]
    else:
        workflow = read(project / "out/cronworkflow.yaml")["spec"]["workflowSpec"]
        given = {each["name"]: each["value"] for each in workflow["arguments"]["parameters"]}
        [template] = [each for each in workflow["templates"] if "container" in each]
        command = [substitute(word, given) for word in template["container"]["command"]]
    assert f"model={value}" in [as_kubelet(word, {"HOME": "/root"}) for word in command]


def test_kubernetes_wants_a_schedule_and_short_names(project: Path):
    words = ("export", "study.ipynb", "--to", "kubernetes", "-o", "out")
    assert "A CronJob needs a schedule." in nbops(project, *words, code=2).stderr
    long = "a" * 60
    assert nbops(project, *words, *WHEN, "--name", long).returncode == 0  # cut where it is made


def pipeline(project: Path) -> None:
    """A second notebook reads what the first one wrote."""
    from projects import write_notebook

    write_notebook(
        project / "report.ipynb",
        {"parameters": 'title = "so"', "read": 'print(title, open("result.txt").read())'},
    )
    (project / "pipeline.yaml").write_text(
        "steps:\n"
        "  study: {notebook: study.ipynb, writes: [result.txt], params: {depth: 3}}\n"
        "  report: {notebook: report.ipynb, reads: [result.txt]}\n"
    )


def substitute(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{\{workflow\.parameters\.(\w+)\}\}", lambda m: values[m[1]], text)


def test_a_cronworkflow_is_read_by_argos_model_and_its_graph_runs(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    pipeline(project)
    export(project, "pipeline.yaml", "--to", "argo", "-o", "out", *WHEN)
    path = project / "out/cronworkflow.yaml"
    made = read(path)
    assert json.loads(environments.run_in("schemas", HERA, str(path)))["spec"]["schedules"] == [
        "30 6 * * 1-5"
    ]
    assert made["spec"]["timezone"] == "Europe/Berlin"
    workflow = made["spec"]["workflowSpec"]
    templates = {each["name"]: each for each in workflow["templates"]}
    # Argo's model knows no references: that each is there is ours to see.
    assert workflow["entrypoint"] in templates
    tasks = templates[workflow["entrypoint"]]["dag"]["tasks"]
    assert [(t["name"], t.get("dependencies")) for t in tasks] == [
        ("study", None),
        ("report", ["study"]),
    ]
    values = {each["name"]: each["value"] for each in workflow["arguments"]["parameters"]}
    assert values == {
        "study_depth": "3",
        "study_model": "tree",
        "study_is_quick": "true",
        "report_title": "so",
    }
    # A volume is root's, and the container runs as the user that the Dockerfile names.
    assert workflow["securityContext"] == {"fsGroup": 1000}
    assert "\nUSER 1000\n" in (project / "out/Dockerfile").read_text()
    root, shared = tmp_path / "job", tmp_path / "shared"
    root.mkdir()
    shared.mkdir()
    build(project / "out", root)
    for task in tasks:
        container = templates[task["template"]]["container"]
        command = [
            as_kubelet(substitute(word, {**values, "report_title": "it's"}), {})
            for word in container["command"]
        ]
        command = [
            word.replace("/shared", str(shared)).replace("/job", str(root)) for word in command
        ]
        elsewhere.run([sys.executable if w == "python" else w for w in command], root)
    assert printed(shared / "executed/report.ipynb") == "it's tree {'total': 18, 'leaves': 8}\n"
    assert elsewhere.metrics() == {"total": 18.0, "leaves": 8.0}


@pytest.mark.parametrize("target", ["argo", "airflow", "kubeflow"])
def test_a_step_that_metrics_decide_on_is_refused(project: Path, target: str):
    pipeline(project)
    path = project / "pipeline.yaml"
    path.write_text(path.read_text().replace("reads:", "when: study.total > 1, reads:"))
    words = ("export", "pipeline.yaml", "--to", target, "-o", "out", *WHEN)
    assert "cannot say `when` of step report" in nbops(project, *words, code=1).stderr
    assert not (project / "out").exists()
