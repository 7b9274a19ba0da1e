"""Pipelines elsewhere: files reach all steps after, names are taken by every system, and each start runs all."""

import ast
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from elsewhere import Elsewhere, printed
from projects import export, nbops, write_notebook
from test_sagemaker import read, resolve_steps, run_steps

from nbops.scheduling.job import read_job

WHEN = ("--schedule", "0 7 * * *", "--timezone", "UTC")


def chain(project: Path) -> None:
    """Three steps, of which the last reads what the first wrote."""
    write_notebook(project / "make.ipynb", {"one": "open('made.txt', 'w').write('made first')"})
    write_notebook(project / "look.ipynb", {"one": "1 + 1"})
    write_notebook(project / "tell.ipynb", {"one": "print(open('made.txt').read())"})
    (project / "pipeline.yaml").write_text(
        "steps:\n  make: {notebook: make.ipynb}\n  look: {notebook: look.ipynb, after: make}\n"
        "  tell: {notebook: tell.ipynb, after: look}\n"
    )


def test_a_step_gets_what_any_step_before_it_left(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    chain(project)
    export(project, "pipeline.yaml", "--to", "sagemaker", "-o", "out", "--name", "three")
    steps = resolve_steps(read(project / "out/pipeline_definition.json"), {})
    bucket = run_steps(elsewhere, project / "out", tmp_path / "aws", steps)
    assert printed(bucket / "bucket/three/e1/tell/executed/tell.ipynb") == "made first\n"
    assert all(step["Environment"]["AWS_DEFAULT_REGION"] == "eu-west-1" for step in steps.values())


def test_every_system_without_a_shared_disk_hands_on_what_all_before_left(project: Path):
    chain(project)
    export(project, "pipeline.yaml", "--to", "kubeflow", "-o", "kf", "--name", "three")
    pipeline, _ = yaml.safe_load_all((project / "kf/pipeline.yaml").read_text())
    given = pipeline["root"]["dag"]["tasks"]["tell"]["inputs"]["artifacts"]
    assert {each["taskOutputArtifact"]["producerTask"] for each in given.values()} == {
        "make",
        "look",
    }
    assert "for files in [from_make, from_look]:" in json.dumps(
        pipeline
    )  # what is nearest comes last
    assert ".nbops-step" in json.dumps(pipeline)  # what writes nothing hands on something, too
    export(project, "pipeline.yaml", "--to", "azureml", "-o", "az", "--name", "three")
    job = yaml.safe_load((project / "az/job.yml").read_text())
    assert {"from_make", "from_look"} <= {*job["jobs"]["tell"]["inputs"]}
    argo = export(project, "pipeline.yaml", "--to", "argo", "-o", "argo", "--name", "three", *WHEN)
    assert argo["files"]
    text = (project / "argo/cronworkflow.yaml").read_text()
    assert '"make", "look"' not in text  # which has one disk, and an order


@pytest.mark.parametrize("target", ["cron", "systemd", "kubernetes"])
def test_a_pipeline_that_its_time_starts_runs_all_steps(project: Path, target: str):
    chain(project)
    export(project, "pipeline.yaml", "--to", target, "-o", "out", "--name", "three", *WHEN)
    texts = [path.read_text() for path in (project / "out").iterdir() if path.is_file()]
    assert any("--rerun" in text for text in texts)


def test_names_that_begin_with_a_digit_or_meet_are_made_others(project: Path):
    write_notebook(project / "01_load.ipynb", {"parameters": "a_b = 1"})
    write_notebook(project / "more.ipynb", {"parameters": "b = 2"})
    (project / "pipeline.yaml").write_text(
        "steps:\n  01_load: {notebook: 01_load.ipynb}\n  01_load_a: {notebook: more.ipynb}\n"
    )
    values = {"01_load.a_b": 7, "01_load_a.b": 9}
    job = read_job(project / "pipeline.yaml", values)
    told = {each.name: each.text for each in job.settings}
    assert told == {"step_01_load_a_b": "7", "step_01_load_a_b_2": "9"}
    pairs = [word for name, value in values.items() for word in ("-p", f"{name}={value}")]
    export(
        project, "pipeline.yaml", "--to", "kubernetes", "-o", "k", "--name", "two", *WHEN, *pairs
    )
    text = (project / "k/cronjob.yaml").read_text()
    assert "01_load.a_b=7" in text
    assert "01_load_a.b=9" in text


def test_a_parameter_may_be_called_as_a_method_of_a_dict_or_with_an_umlaut(project: Path):
    import jinja2

    write_notebook(project / "study.ipynb", {"parameters": "items = 'mine'\ngröße = 3"})
    export(project, "study.ipynb", "--to", "airflow", "-o", "out")
    tree = ast.parse((project / "out/dags/study.py").read_text())
    [env] = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "ENV"
    ]
    texts = {
        key.value: value.value
        for key, value in zip(env.keys, env.values, strict=True)
        if isinstance(value, ast.Constant)
    }
    shown = jinja2.Template(texts["SET_items"]).render(params={"items": "mine"})
    assert (shown, "SET_gr_e" in texts) == ("mine", True)
    export(project, "study.ipynb", "--to", "sagemaker", "-o", "aws")
    definition = read(project / "aws/pipeline_definition.json")
    assert [each["Name"] for each in definition["Parameters"]] == ["items", "gr_e"]
    assert "größe=" in json.dumps(definition, ensure_ascii=False)


def test_a_step_may_be_called_all(project: Path):
    (project / "pipeline.yaml").write_text("steps: {all: {notebook: study.ipynb}}\n")
    export(project, "pipeline.yaml", "--to", "argo", "-o", "out", "--name", "one", *WHEN)
    spec = yaml.safe_load((project / "out/cronworkflow.yaml").read_text())["spec"]["workflowSpec"]
    names = [each["name"] for each in spec["templates"]]
    assert (spec["entrypoint"], names) == ("all-steps", ["all-steps", "all"])


@pytest.mark.parametrize("target", ["kubernetes", "argo", "kubeflow", "sagemaker", "azureml"])
def test_an_image_has_git_where_the_lock_names_a_repository(project: Path, target: str):
    lock = project / "own.txt"
    lock.write_text("# Python 3.11\nsix @ git+https://github.com/benjaminp/six@1.17.0\n")
    words = ("study.ipynb", "--to", target, "-o", "out", *WHEN)
    export(project, *words, "--lock", str(lock), "--ignore", "package")
    [path] = (project / "out").rglob("Dockerfile")
    assert "install --yes --no-install-recommends git" in path.read_text()
    export(project, *words)
    assert "git" not in path.read_text()


def test_a_lock_keeps_its_indexes_and_refuses_what_cannot_travel(project: Path):
    lock = project / "own.txt"
    lock.write_text(
        "--index-url https://pypi.example.org/simple\n# Python 3.11\nsix==1.17.0 \\\n    --hash=sha256:47\n"
        "nbops==0.1.0 --hash=sha256:48\n"
    )
    export(project, "study.ipynb", "--to", "argo", "-o", "out", *WHEN, "--lock", str(lock))
    assert (project / "out/lock.txt").read_text() == (
        "# Python 3.11: as own.txt says.\n--index-url https://pypi.example.org/simple\n"
        "nbops==0.1.0 --hash=sha256:48\nsix==1.17.0 \\\n    --hash=sha256:47\n"
    )
    for line in ("-r base.txt", "-e .", "./wheels/a.whl", "--find-links wheels"):
        lock.write_text(f"# Python 3.11\nsix==1.17.0\n{line}\n")
        words = ("export", "study.ipynb", "--to", "argo", *WHEN, "--lock", str(lock))
        said = nbops(project, *words, code=2).stderr
        assert f"{line.split()[0]!r} in own.txt cannot travel" in said


def test_a_module_that_reads_a_variable_is_told(project: Path):
    module = project / "measures.py"
    module.write_text(f"import os\nURL = os.environ['SALES_URL']\n{module.read_text()}")
    told = export(project, "study.ipynb", "--to", "argo", "-o", "out", *WHEN)
    [finding] = [one for one in told["findings"] if one["kind"] == "variable"]
    assert finding["message"] == "measures.py reads $SALES_URL: argo must set it."
    (project / "pipeline.yaml").write_text(
        "steps: {a: {notebook: study.ipynb}, b: {notebook: more.ipynb}}\n"
    )
    write_notebook(project / "more.ipynb", {"one": "import measures"})
    told = export(project, "pipeline.yaml", "--to", "argo", "-o", "all", "--name", "two", *WHEN)
    assert [one["kind"] for one in told["findings"]].count("variable") == 1
    words = ("check", "study.ipynb", "--for", "argo", "--no-dry-run", "--secret", "SALES_URL")
    assert "SALES_URL" not in nbops(project, *words, code=1).stdout  # there is no server here


def test_a_script_is_refused_for_jupyter_scheduler_whose_server_would(project: Path):
    (project / "work.py").write_text("# %%\nx = 1\n")
    words = ("export", "work.py", "--to", "jupyter-scheduler", *WHEN)
    assert "takes notebooks, and work.py is a script" in nbops(project, *words, code=1).stderr


def test_a_secrets_file_may_be_written_as_people_write_it(project: Path):
    export(project, "study.ipynb", "--to", "cron", "-o", "out", *WHEN)
    out = project / "out"
    script = (out / "run.sh").read_text()
    begin, end = script.index("if [ -r secrets.env"), script.index("OUTPUT=")
    (out / "secrets.env").write_text(
        "  # my = comment\nA-B=c\n  GOOD='it is $5'\nexport NEXT=2\n\n7UP=no\nword\n"
    )
    text = f'set -u\nlog=told.txt\n{script[begin:end]}printf "%s|%s" "$GOOD" "$NEXT"'
    done = subprocess.run(["sh", "-c", text], cwd=out, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "it is $5|2")
    assert (out / "told.txt").read_text().count("is not NAME=VALUE") == 3
