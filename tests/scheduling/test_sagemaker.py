"""The pipeline for SageMaker: in botocore's shapes, created in moto, and every step's command run."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import environments
import pytest
from elsewhere import Elsewhere, printed
from projects import export, nbops, write_notebook
from test_kubernetes import pipeline

WHEN = ("--schedule", "every weekday at 6:30", "--timezone", "Europe/Berlin")

# botocore's own shapes of the requests that AWS makes of the definition, then the whole road against moto.
CHECK = """
import json, sys
import boto3, botocore.session, botocore.validate
from moto import mock_aws

definition, schedule, steps = (json.loads(open(path).read()) for path in sys.argv[1:])
loader = botocore.session.get_session()
shape = loader.get_service_model("sagemaker").operation_model("CreateProcessingJob").input_shape
for step in steps:
    step.setdefault("ProcessingJobName", "a")
    found = botocore.validate.ParamValidator().validate(step, shape)
    assert not found.has_errors(), found.generate_report()
role = "arn:aws:iam::123456789012:role/nbops"
with mock_aws():
    sagemaker = boto3.client("sagemaker", "eu-west-1")
    made = sagemaker.create_pipeline(
        PipelineName="wines", RoleArn=role, PipelineDefinition=json.dumps(definition)
    )
    started = sagemaker.start_pipeline_execution(
        PipelineName="wines", PipelineParameters=[{"Name": "study_depth", "Value": "6"}]
    )
    sagemaker.describe_pipeline_execution(PipelineExecutionArn=started["PipelineExecutionArn"])
    scheduler = boto3.client("scheduler", "eu-west-1")
    scheduler.create_schedule(**schedule)
    there = scheduler.get_schedule(Name=schedule["Name"])
    told = {
        "is_its_pipeline": there["Target"]["Arn"] == made["PipelineArn"],
        "when": [there["ScheduleExpression"], there["ScheduleExpressionTimezone"]],
    }
print("TOLD " + json.dumps(told))
"""

# A step with what Secrets Manager holds: boto3 itself asks moto.
SECRET = """
import os, runpy, sys
import boto3
from moto import mock_aws
os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
with mock_aws():
    if sys.argv[1] == "given":
        client = boto3.client("secretsmanager")
        client.create_secret(Name="nbops/study", SecretString='{"PASSWORD": "from the manager"}')
    del sys.argv[1]
    sys.argv[0] = "step.py"
    runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""

pytestmark = pytest.mark.timeout(1800)


def read(path: Path) -> Any:
    """A file with its places filled as the README's command does it."""
    text = path.read_text()
    for name, value in {
        "ACCOUNT": "123456789012",
        "REGION": "eu-west-1",
        "ROLE": "arn:aws:iam::123456789012:role/nbops",
        "BUCKET": "bucket",
    }.items():
        text = text.replace(f"<{name}>", value)
    return json.loads(text)


def resolve(value: Any, known: dict[str, str]) -> Any:
    """What SageMaker makes of a definition when it runs: `Get` and `Std:Join`."""
    if isinstance(value, list):
        return [resolve(each, known) for each in value]
    if not isinstance(value, dict):
        return value
    if "Get" in value:
        return known[value["Get"]]
    if "Std:Join" in value:
        join = value["Std:Join"]
        return join["On"].join(resolve(join["Values"], known))
    return {name: resolve(each, known) for name, each in value.items()}


def resolve_steps(definition: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of each step, in order; whatever one asks for must be there."""
    known = {"Execution.PipelineExecutionId": "e1"}
    for each in definition["Parameters"]:
        value = given.get(each["Name"], each["DefaultValue"])
        known[f"Parameters.{each['Name']}"] = str(value)
    found: dict[str, Any] = {}
    for step in definition["Steps"]:
        assert {*step.get("DependsOn", [])} <= {*found}  # which no validator looks at
        found[step["Name"]] = arguments = resolve(step["Arguments"], known)
        for output in arguments["ProcessingOutputConfig"]["Outputs"]:
            name, uri = output["OutputName"], output["S3Output"]["S3Uri"]
            place = f"ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"
            known[f"Steps.{step['Name']}.{place}"] = uri
    return found


def run_steps(elsewhere: Elsewhere, out: Path, root: Path, steps: dict[str, Any]) -> Path:
    """Run each step in its image's folder, with what is in the bucket where it wants that; returns the bucket."""
    bucket = root / "bucket"
    for name, step in steps.items():
        image, mount = root / name / "job", root / name / "processing"
        image.mkdir(parents=True)
        for line in (out / "Dockerfile").read_text().splitlines():
            if copy := re.fullmatch(r"COPY (\S+) (\S+)", line):
                source = out / copy[1]
                (shutil.copytree if source.is_dir() else shutil.copyfile)(
                    source, image / source.name
                )
        (image / ".venv").symlink_to(Path(sys.executable).parent.parent)

        def here(text: str, mount: Path = mount, image: Path = image) -> str:
            text = text.replace("/opt/ml/processing", str(mount))
            return re.sub(r"(?<!\w)/job/", f"{image}/", text)

        for each in step.get("ProcessingInputs", []):
            source = bucket / each["S3Input"]["S3Uri"].removeprefix("s3://")
            # S3 has files only, and SageMaker wants some under an input's address.
            assert [path for path in source.rglob("*") if path.is_file()], source
            shutil.copytree(source, here(each["S3Input"]["LocalPath"]))
        outputs = [each["S3Output"] for each in step["ProcessingOutputConfig"]["Outputs"]]
        for each in outputs:
            Path(here(each["LocalPath"])).mkdir(parents=True)
        app = step["AppSpecification"]
        words = [here(word) for word in app["ContainerEntrypoint"] + app["ContainerArguments"]]
        # The image's own Python has boto3; here Secrets Manager is a file.
        fake = root / "boto3.py"
        fake.write_text(
            "class client:\n    def __init__(self, service): pass\n"
            "    def get_secret_value(self, SecretId): return {'SecretString': '{}'}\n"
        )
        variables = {**step.get("Environment", {}), "PYTHONPATH": str(root)}
        elsewhere.run([sys.executable, *words[1:]], root, **variables)
        for each in outputs:
            target = bucket / each["S3Uri"].removeprefix("s3://")
            shutil.copytree(here(each["LocalPath"]), target)
    return bucket


def test_aws_takes_the_pipeline_and_its_commands_run(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    pipeline(project)
    export(project, "pipeline.yaml", "--to", "sagemaker", "-o", "out", "--name", "wines", *WHEN)
    out = project / "out"
    definition = read(out / "pipeline_definition.json")
    assert [(e["Name"], e["Type"], e["DefaultValue"]) for e in definition["Parameters"]] == [
        ("study_depth", "Integer", 3),
        ("study_model", "String", "tree"),
        ("study_is_quick", "Boolean", True),
        ("report_title", "String", "so"),
    ]
    given = {"study_depth": 6, "report_title": "it's; $(touch bad)"}
    steps = resolve_steps(definition, given)
    paths = []
    for name, content in {
        "definition": definition,
        "schedule": read(out / "eventbridge_schedule.json"),
        "steps": list(steps.values()),
    }.items():
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps(content))
    told = environments.run_in("sagemaker", CHECK, *map(str, paths))
    assert json.loads(told.rpartition("TOLD ")[2]) == {
        "is_its_pipeline": True,
        "when": ["cron(30 6 ? * 2-6 *)", "Europe/Berlin"],
    }
    bucket = run_steps(elsewhere, out, tmp_path / "aws", steps)
    text = printed(bucket / "bucket/wines/e1/report/executed/report.ipynb")
    assert text == "it's; $(touch bad) tree {'total': 36, 'leaves': 64}\n"
    assert elsewhere.metrics() == {"total": 36.0, "leaves": 64.0}


def test_a_step_that_writes_nothing_hands_on_something(
    project: Path, tmp_path: Path, elsewhere: Elsewhere
):
    write_notebook(project / "look.ipynb", {"only": "1 + 1"})
    write_notebook(project / "then.ipynb", {"only": "print('went on')"})
    (project / "pipeline.yaml").write_text(
        "steps:\n  look: {notebook: look.ipynb}\n  then: {notebook: then.ipynb, after: look}\n"
    )
    export(project, "pipeline.yaml", "--to", "sagemaker", "-o", "out", "--name", "two")
    steps = resolve_steps(read(project / "out/pipeline_definition.json"), {})
    bucket = run_steps(elsewhere, project / "out", tmp_path / "aws", steps)
    assert printed(bucket / "bucket/two/e1/then/executed/then.ipynb") == "went on\n"
    # The store beside it, which a server would be, writes into the project, too.
    left = [path for path in (bucket / "bucket/two/e1/look/left").iterdir() if path.is_file()]
    assert left


def test_the_readmes_command_fills_every_place(project: Path):
    told = export(project, "study.ipynb", "--to", "sagemaker", "-o", "out", *WHEN)
    [define] = [line for line in told["install"] if line.startswith("fill()")]
    names = ("ACCOUNT", "AWS_REGION", "ROLE", "BUCKET")
    script = f"{define}\nfill pipeline_definition.json; fill eventbridge_schedule.json"
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=project / "out",
        env={"PATH": "/usr/bin:/bin", **{name: f"my-{name.lower()}" for name in names}},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "my-account.dkr.ecr.my-aws_region.amazonaws.com/study" in done.stdout
    assert "s3://my-bucket" in done.stdout
    assert not re.findall(r"<[A-Z]+>", done.stdout)


@pytest.mark.parametrize(("given", "code"), [("given", 7), ("missing", 1)])
def test_a_step_has_what_secrets_manager_holds_and_its_exit_code_is_the_commands(
    project: Path, tmp_path: Path, given: str, code: int
):
    export(project, "study.ipynb", "--to", "sagemaker", "-o", "out")
    python = environments.find("sagemaker") / "bin" / "python"
    ask = "import os, sys; open('left.txt', 'w').write(os.environ['PASSWORD']); sys.exit(7)"
    words = [python, "-c", SECRET, given, "step.py", "--left", tmp_path / "left", "--"]
    done = subprocess.run(
        [*words, sys.executable, "-c", ask],
        cwd=project / "out",
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    if given == "given":
        assert (tmp_path / "left/left.txt").read_text() == "from the manager"
    else:  # rather than a run that nobody finds
        assert "ResourceNotFoundException" in done.stderr


def test_what_eventbridge_and_sagemaker_cannot_say_is_refused(project: Path):
    words = ("export", "study.ipynb", "--to", "sagemaker", "--timezone", "UTC")
    said = nbops(project, *words, "--schedule", "0 7 13 * FRI", code=2).stderr
    assert "EventBridge cannot say 'on these days, and on these weekdays'" in said
    said = nbops(project, *words, "-p", f"model={'x' * 300}", code=1).stderr
    assert "SageMaker takes 100 words of 256 characters" in said
