"""The workflow for GitHub: as GitHub reads it, and with every step of it run in a fresh clone."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import environments
import pytest
import yaml
from elsewhere import Elsewhere, printed
from processes import PATIENCE_S
from projects import CELLS, export, nbops, write_notebook

pytestmark = pytest.mark.timeout(1800)

WORDS = ("study.ipynb", "--to", "github-actions", "-o", "out")
WHEN = ("--schedule", "every weekday at 6:30", "--timezone", "Europe/Berlin")
PUSHED = {
    "github.event_name": "push",
    "github.ref_name": "try",
    "github.event.repository.default_branch": "main",
    "github.event.before": "0" * 40,
}
NODE = Path(__file__).parents[2] / ".venv" / "bin" / "node"


def read(project: Path) -> tuple[dict[str, Any], Path]:
    path = project / "out/.github/workflows/study.yml"
    found = yaml.safe_load(path.read_text())
    found["on"] = found.pop(True)  # YAML 1.1 takes `on` for a truth
    return found, path


def complaints(path: Path) -> list[str]:
    """What GitHub's own parser says of a workflow."""
    home = environments.find("github")
    script = home / "workflow.mjs"
    shutil.copyfile(Path(__file__).parent / "workflow.mjs", script)
    done = subprocess.run(
        [NODE, script, path], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    return done.stdout.splitlines()


def _value(word: str, known: dict[str, Any]) -> Any:
    word = word.strip()
    if word.startswith("toJSON("):
        return json.dumps(known[word[len("toJSON(") : -1]])
    if word.startswith("format("):
        form, _, name = word[len("format(") : -1].partition(",")
        return _value(form, known).replace("{0}", str(_value(name, known)))
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    return known[word]


def _choose(words: str, known: dict[str, Any]) -> str:
    """The first of what `||` parts whose parts between `&&` all count as true."""
    for choice in words.split(" || "):
        found: Any = ""
        for part in choice.split(" && "):
            left, sign, right = part.partition(" == ")
            found = _value(left, known)
            found = found == _value(right, known) if sign else found
            if not found:
                break
        if found:
            return str(found)
    return ""


def evaluate(text: str, known: dict[str, Any]) -> str:
    """GitHub's expressions, as far as exports use them: names, texts, ==, &&, ||, format, JSON."""

    def expression(match: re.Match[str]) -> str:
        if inner := re.fullmatch(r"fromJSON\((.*)\)", match[1]):
            found = json.loads(_choose(inner[1], known))
            return found if isinstance(found, str) else json.dumps(found)
        return _choose(match[1], known)

    return re.sub(r"\$\{\{ (.*?) \}\}", expression, text)


def run_steps(
    workflow: dict[str, Any], clone: Path, elsewhere: Elsewhere, known: dict[str, Any]
) -> Path:
    """Run a workflow's own commands as the runner does; returns the job's summary."""
    summary = clone.parent / "summary.md"
    event = {"GITHUB_EVENT_NAME": known["github.event_name"], "GITHUB_STEP_SUMMARY": str(summary)}
    for step in workflow["jobs"]["run"]["steps"]:
        if "run" not in step or step["name"] == "Install":
            continue
        condition = f"${{{{ {step.get('if', 'github.event_name')} }}}}".replace("!=", "==")
        is_meant = bool(evaluate(condition, known)) != ("!=" in step.get("if", ""))
        if not is_meant:
            continue
        own = {name: str(text) for name, text in step.get("env", {}).items()}
        # What GitHub's secrets hold, `elsewhere` has.
        secrets = {name for name, text in own.items() if text == f"${{{{ secrets.{name} }}}}"}
        assert "MLFLOW_TRACKING_URI" in secrets
        env = {name: evaluate(text, known) for name, text in own.items() if name not in secrets}
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
        place = workflow["jobs"]["run"].get("defaults", {}).get("run", {})
        folder = clone / place.get("working-directory", ".")
        elsewhere.run([*shell, step["run"]], folder, **event, **env)
    return summary


def commit(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def clone_of(project: Path, folder: Path) -> Path:
    """The export as somebody's repository, cloned."""
    shutil.copytree(project / "out", folder / "origin")
    commit(folder / "origin", "init", "--quiet", "--initial-branch", "main")
    commit(folder / "origin", "add", ".")
    commit(folder / "origin", "commit", "--quiet", "-m", "first")
    commit(folder, "clone", "--quiet", "origin", "clone")
    return folder / "clone"


def test_github_reads_the_workflow_and_would_have_complained(project: Path, tmp_path: Path):
    export(project, *WORDS, *WHEN, "--on", "push")
    workflow, path = read(project)
    assert complaints(path) == []
    schema = environments.find("schemas") / "bin" / "check-jsonschema"
    command = [schema, "--builtin-schema", "vendor.github-workflows", path]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    broken = tmp_path / "broken.yml"
    broken.write_text(path.read_text().replace("30 6 * * 1-5", "30 26 * * 1-5"))
    assert any("cron" in each.lower() for each in complaints(broken))
    assert workflow["on"]["schedule"] == [{"cron": "30 6 * * 1-5", "timezone": "Europe/Berlin"}]


def test_inputs_are_the_parameters_with_their_types(project: Path):
    cells = {**CELLS, "parameters": "from typing import Literal\ndepth = 4  # how deep\nrate = 0.5\n"
             "model: Literal['a', 'it\\'s'] = 'a'\nis_quick = True\nleaves = 2**depth\nsizes = [1]"}  # fmt: skip
    write_notebook(project / "study.ipynb", cells)
    export(project, *WORDS, "-p", "depth=5")
    workflow, path = read(project)
    assert workflow["on"]["workflow_dispatch"]["inputs"] == {
        "depth": {"description": "how deep", "type": "number", "default": 5},
        "rate": {"description": "takes float", "type": "number", "default": 0.5},
        "model": {
            "description": "takes 'a' or \"it's\"",
            "type": "choice",
            "default": "a",
            "options": ["a", "it's"],
        },
        "is_quick": {"description": "takes bool", "type": "boolean", "default": True},
        "sizes": {"description": "takes list", "type": "string", "default": "[1]"},
    }
    assert "schedule" not in workflow["on"]
    assert complaints(path) == []


def test_every_step_runs_in_a_fresh_clone(project: Path, tmp_path: Path, elsewhere: Elsewhere):
    write_notebook(project / "study.ipynb", {**CELLS, "parameters": CELLS["parameters"]})
    export(project, *WORDS, *WHEN, "-p", "model=it's; touch /tmp/not-here")
    workflow, _ = read(project)
    clone = clone_of(project, tmp_path)
    typed = {"inputs.depth": 6, "inputs.model": "it's; $(touch bad)", "inputs.is_quick": "false"}
    run_steps(workflow, clone, elsewhere, {"github.event_name": "workflow_dispatch", **typed})
    assert printed(clone / "executed/study.ipynb").endswith(
        "it's; $(touch bad) {'total': 36, 'leaves': 64}\n"
    )
    assert not (clone / "bad").exists()
    assert elsewhere.metrics() == {"total": 36.0, "leaves": 64.0}
    job = elsewhere.runs()[0]
    assert (job.info.run_name, job.info.status) == ("study", "FINISHED")
    assert job.data.params["is_quick"] == "False"


def test_a_project_in_a_folder_of_its_repository_runs_there_and_is_compared(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    repository = tmp_path / "repository"
    shutil.copytree(project, repository / "reports" / "2027")
    commit(repository, "init", "--quiet", "--initial-branch", "main")
    export(repository / "reports" / "2027", *WORDS, "--on", "push")
    shutil.move(repository / "reports/2027/out", project / "out")
    workflow, path = read(project)
    assert complaints(path) == []
    assert {"reports/2027/study.ipynb", ".github/study-lock.txt"} < {
        *workflow["on"]["push"]["paths"]
    }
    clone = clone_of(project, tmp_path)
    module = clone / "reports/2027/measures.py"
    module.write_text(module.read_text().replace("sum(rows)", "2 * sum(rows)"))
    commit(clone, "commit", "--quiet", "-am", "twice")
    summary = run_steps(workflow, clone, elsewhere, PUSHED).read_text()
    assert "| total | 24 | 48 | +24 |" in summary
    assert not (tmp_path / "base").exists()
    [upload] = [
        each for each in workflow["jobs"]["run"]["steps"] if "upload" in each.get("uses", "")
    ]
    assert (clone / upload["with"]["path"] / "study.ipynb").exists()


def test_a_push_has_time_for_two_runs_and_the_installation(project: Path):
    export(project, *WORDS, "--timeout", "900")
    assert read(project)[0]["jobs"]["run"]["timeout-minutes"] == 35
    export(project, *WORDS, "--timeout", "900", "--on", "push")
    assert read(project)[0]["jobs"]["run"]["timeout-minutes"] == 55


def test_an_emptied_input_is_empty_and_not_the_default(project: Path):
    export(project, *WORDS)
    workflow, path = read(project)
    [step] = [each for each in workflow["jobs"]["run"]["steps"] if each.get("name") == "Run"]
    asked = {"github.event_name": "workflow_dispatch", "inputs.model": ""}
    assert evaluate(step["env"]["SET_model"], asked) == ""
    assert evaluate(step["env"]["SET_model"], {"github.event_name": "schedule"}) == "tree"
    assert complaints(path) == []


def test_what_a_failed_pipeline_ran_is_kept(project: Path, tmp_path: Path):
    (project / "pipeline.yaml").write_text("steps: {study: {notebook: study.ipynb}}\n")
    export(project, "pipeline.yaml", "--to", "github-actions", "-o", "out", "--name", "study")
    workflow, _ = read(project)
    [step] = [each for each in workflow["jobs"]["run"]["steps"] if each.get("name") == "Run"]
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nmkdir -p .nbops/executed\ntouch .nbops/executed/a.ipynb\nexit 3\n")
    fake.chmod(0o755)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(shell, cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert done.returncode == 3
    assert (tmp_path / "executed/a.ipynb").exists()


def test_a_push_is_compared_with_the_base_branch(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    export(project, *WORDS, "--on", "push")
    workflow, path = read(project)
    assert {"study.ipynb", "measures.py", "data/x.csv"} < {*workflow["on"]["push"]["paths"]}
    clone = clone_of(project, tmp_path)
    module = clone / "measures.py"
    module.write_text(module.read_text().replace("sum(rows)", "2 * sum(rows)"))
    commit(clone, "commit", "--quiet", "-am", "twice")
    summary = run_steps(workflow, clone, elsewhere, PUSHED).read_text()
    assert summary.startswith("## study\n")
    assert "| total | 24 | 48 | +24 |" in summary
    assert not (tmp_path / "base").exists()
    assert complaints(path) == []


def test_of_a_pipeline_a_push_runs_what_it_affects_and_compares_each_step(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    count = "import nbops\nnbops.log_metric('rows', len(open('data/x.csv').read().split()) - 1)"
    write_notebook(project / "count.ipynb", {"one": count})
    (project / "pipeline.yaml").write_text(
        "steps:\n  study: {notebook: study.ipynb}\n  count: {notebook: count.ipynb}\n"
    )
    words = ("pipeline.yaml", "--to", "github-actions", "-o", "out", "--name", "study")
    export(project, *words, "--on", "push")
    workflow, path = read(project)
    assert complaints(path) == []
    clone = clone_of(project, tmp_path)
    module = clone / "measures.py"
    module.write_text(module.read_text().replace("sum(rows)", "2 * sum(rows)"))
    commit(clone, "commit", "--quiet", "-am", "twice")
    summary = run_steps(workflow, clone, elsewhere, PUSHED).read_text()
    assert summary.splitlines() == [
        "## study",
        "| step | metric | base | here | change |",
        "|---|---|---|---|---|",
        "| study | leaves | 16 | 16 | +0 |",
        "| study | total | 24 | 48 | +24 |",
        "| count | rows | 3 | 3 | +0 |",
        "",
        "Not run again, since the change does not affect them: count.",
    ]
    assert commit(clone, "status", "--porcelain", "--untracked-files=no") == ""
    assert len(list((clone / "executed").glob("*.ipynb"))) == 3


def test_what_github_cannot_do_is_refused(project: Path):
    many = "\n".join(f"p{number} = {number}" for number in range(26))
    write_notebook(project / "study.ipynb", {"parameters": many})
    assert "takes 25 inputs, and it has 26" in nbops(project, "export", *WORDS, code=1).stderr
    often = ("--schedule", "* * * * *")
    write_notebook(project / "study.ipynb", CELLS)
    assert "every 5 minutes" in nbops(project, "export", *WORDS, *often, code=2).stderr
    own = ("-p", "model=${{ secrets.X }}")
    assert (
        "takes ${{ in a value for its own" in nbops(project, "export", *WORDS, *own, code=1).stderr
    )
    long = ("--timeout", "90000")
    assert "6 hours" in nbops(project, "export", *WORDS, *long, code=1).stderr
    assert not os.path.exists(project / "out")


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"])
def test_the_tracking_server_is_a_secret(project: Path, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, "https://me:hunter2hunter2@tracking.example.org")
    export(project, *WORDS)
    workflow, _ = read(project)
    [step] = [each for each in workflow["jobs"]["run"]["steps"] if each.get("name") == "Run"]
    assert step["env"][name] == f"${{{{ secrets.{name} }}}}"
    assert name not in workflow["env"]  # where the installer and every action would see it
    for path in (project / "out").rglob("*"):
        assert path.is_dir() or b"tracking.example" not in path.read_bytes()
