"""Target `sagemaker`: a pipeline of Amazon SageMaker, a processing job a step, and EventBridge's schedule of it.

The files are bodies of requests as botocore knows them, so that AWS' SDK needs not be installed here. Account,
region, role and bucket stand in them as `<ROLE>` and so on, which the README's commands fill.
"""

import json
from typing import TYPE_CHECKING, Any

from nbops.scheduling.command import LOCK, PROJECT, output_of, run_step, secrets_of, variables_of
from nbops.scheduling.dialects.eventbridge import as_eventbridge
from nbops.scheduling.handover import SCRIPT, limit_of, write_dockerfile, write_secret, write_step
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.kubernetes import HOME
from nbops.scheduling.targets.refusals import ANY, check_conditions, check_parallel
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

_MOST_WORDS = 100
_MOST_INPUTS = 10
_MOST_CHARACTERS = 256  # of a word
_MOST_SECONDS = 5 * 24 * 3600
_MOUNT = "/opt/ml/processing"
_TYPES = {"integer": "Integer", "number": "Float", "boolean": "Boolean", "string": "String"}

_FILL_IN = """fill() { sed "s|<ACCOUNT>|$ACCOUNT|; s|<REGION>|$AWS_REGION|; s|<ROLE>|$ROLE|; s|<BUCKET>|$BUCKET|" $1; }"""
_DEFINITION = """--role-arn $ROLE --pipeline-definition "$(fill pipeline_definition.json)\""""

_COPY = f"COPY {SCRIPT} ./\nCOPY {PROJECT} {PROJECT}\n"

_READER = '''\
def read_secret():
    """Variables that Secrets Manager holds for this job."""
    import boto3

    found = boto3.client("secretsmanager").get_secret_value(SecretId="<<name>>")
    return json.loads(found["SecretString"])
'''


class SageMaker:
    """A pipeline's definition."""

    name = "sagemaker"
    summary = "a pipeline of Amazon SageMaker, a schedule of EventBridge, a Dockerfile"
    is_remote = True
    takes = ("--catch-up none",)

    def check(self, job: "Job") -> list[Finding]:
        found = check_conditions(job, "SageMaker")
        found += check_parallel(job, "SageMaker", ANY)
        for step in job.steps:
            words = _arguments(job, step, values={})
            if len(words) > _MOST_WORDS or any(len(str(word)) > _MOST_CHARACTERS for word in words):
                message = (
                    f"SageMaker takes {_MOST_WORDS} words of {_MOST_CHARACTERS} characters, and the command of"
                    f" step {step.name} has more."
                )
                found.append(say_job("error", "target", message, "Read long values from a file."))
            if len(job.before(step)) > _MOST_INPUTS:
                message = (
                    f"SageMaker gives a step {_MOST_INPUTS} inputs, and {len(job.before(step))}"
                    f" steps come before {step.name}, any of which may have left what it reads."
                )
                found.append(say_job("error", "target", message, "Put some steps together."))
            if (limit_of(job, step) or 0) > _MOST_SECONDS:
                message = "SageMaker ends a processing job after five days."
                found.append(say_job("error", "target", message, "Give a shorter --timeout."))
        return found

    def emit(self, job: "Job") -> Emission:
        secret = f"nbops/{job.name}"
        files: dict[str, str | bytes] = {
            **job.bundle.under(PROJECT),
            LOCK: job.lock,
            SCRIPT: write_step(job, fill(_READER, name=secret)),
            "Dockerfile": write_dockerfile(job, HOME, "boto3") + _COPY,
            "pipeline_definition.json": write_definition(job),
        }
        registry = "$ACCOUNT.dkr.ecr.$AWS_REGION.amazonaws.com"
        install = [
            "export AWS_REGION=... ROLE=arn:aws:iam::...:role/... BUCKET=...",
            "export ACCOUNT=$(aws sts get-caller-identity --query Account --output text)",
            f"aws ecr create-repository --repository-name {job.name}",
            f"aws ecr get-login-password | docker login --username AWS --password-stdin {registry}",
            f"docker build -t {registry}/{job.name}:latest . && docker push {registry}/{job.name}:latest",
            f"aws secretsmanager create-secret --name {secret} --secret-string {write_secret(job)}",
            _FILL_IN,
            f"aws sagemaker create-pipeline --pipeline-name {job.name} {_DEFINITION}",
        ]
        again = [
            "# the two exports, `docker login` and fill() as above, then",
            install[4],
            f"aws sagemaker update-pipeline --pipeline-name {job.name} {_DEFINITION}",
        ]
        remove = [
            f"aws sagemaker delete-pipeline --pipeline-name {job.name}",
            f"aws secretsmanager delete-secret --secret-id {secret} --force-delete-without-recovery",
            f"aws ecr delete-repository --repository-name {job.name} --force",
        ]
        if job.schedule is not None:
            files["eventbridge_schedule.json"] = write_schedule(job)
            install.append(
                'aws scheduler create-schedule --cli-input-json "$(fill eventbridge_schedule.json)"'
            )
            again.append(
                'aws scheduler update-schedule --cli-input-json "$(fill eventbridge_schedule.json)"'
            )
            remove.insert(0, f"aws scheduler delete-schedule --name {job.name}")
        values = "".join(f"Name={each.name},Value=..." for each in job.settings[:1])
        return Emission(
            files=files,
            install=install,
            run_now=[
                f"aws sagemaker start-pipeline-execution --pipeline-name {job.name}"
                + (f"  # other values: --pipeline-parameters {values}" if values else "")
            ],
            remove=remove,
            again=again,
            secrets={
                name: f"in Secrets Manager, in the JSON of the secret `{secret}`: {about}"
                for name, about in secrets_of(job).items()
            },
            notes=[
                "ROLE is trusted by sagemaker and scheduler.",
                "It may start the pipeline, pull the image, use the bucket and read the secret.",
                "A step runs on one ml.m5.large with 30 GB: pipeline_definition.json says so, a step at a time.",
                "Files that steps write, and notebooks as they were run, are in the bucket, by execution.",
                "A schedule starts a run though the one before is still under way.",
            ],
        )


def write_definition(job: "Job") -> str:
    """Text of the pipeline's definition."""
    made = {
        "Version": "2020-12-01",
        "Metadata": {"description": f"{job.place_of(job.source)}, exported by nbops"},
        "Parameters": [
            {"Name": each.name, "Type": _TYPES[each.type], "DefaultValue": each.plain_value}
            for each in job.settings
        ],
        "Steps": [_step(job, step) for step in job.steps],
    }
    return _write(made)


def write_schedule(job: "Job") -> str:
    """Body of the request that makes the schedule; empty without one.

    Raises
    ------
    Unsayable
        EventBridge cannot say it.
    """
    if job.schedule is None:
        return ""
    cron = as_eventbridge(job.schedule)
    made = {
        "Name": job.name,
        "Description": f"{job.place_of(job.source)}, exported by nbops",
        "ScheduleExpression": cron.expression,
        "ScheduleExpressionTimezone": cron.timezone,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "Target": {
            "Arn": f"arn:aws:sagemaker:<REGION>:<ACCOUNT>:pipeline/{job.name}",
            "RoleArn": "<ROLE>",
            "RetryPolicy": {"MaximumEventAgeInSeconds": job.latest_s, "MaximumRetryAttempts": 10},
        },
    }
    return _write(made)


def _write(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _step(job: "Job", step: "JobStep") -> dict[str, Any]:
    before = job.before(step)
    values = {each.name: f"\0{each.name}\0" for each in job.settings}
    limit = limit_of(job, step)
    arguments: dict[str, Any] = {
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 30,
            }
        },
        "AppSpecification": {
            "ImageUri": f"<ACCOUNT>.dkr.ecr.<REGION>.amazonaws.com/{job.name}:latest",
            "ContainerEntrypoint": ["python", f"{HOME}/{SCRIPT}"],
            "ContainerArguments": [_resolved(word) for word in _arguments(job, step, values)],
        },
        "RoleArn": "<ROLE>",
        "ProcessingInputs": [_input(slug) for slug in before],
        "ProcessingOutputConfig": {
            "Outputs": [_output(job, step, name) for name in ("left", "executed")]
        },
        # Containers have AWS_REGION, which boto3 does not read.
        "Environment": {**variables_of(job), "AWS_DEFAULT_REGION": "<REGION>"},
        "StoppingCondition": {"MaxRuntimeInSeconds": limit} if limit else {},
    }
    return {
        "Name": step.slug,
        "Type": "Processing",
        **({"DependsOn": before} if before else {}),
        "Arguments": {name: value for name, value in arguments.items() if value},
    }


def _arguments(job: "Job", step: "JobStep", values: dict[str, str]) -> list[str]:
    """Words after the entry point's."""
    words = ["--left", f"{_MOUNT}/output/left"]
    for slug in job.before(step):
        words += ["--from", f"{_MOUNT}/input/{slug}"]
    return [
        *words,
        "--",
        *run_step(
            job,
            step,
            values=values,
            project=".",
            lock=f"{HOME}/{LOCK}",
            output=f"{_MOUNT}/output/executed/{output_of(step)}",
            python=f"{HOME}/.venv/bin/python",
        ),
    ]


def _resolved(word: str) -> str | dict[str, Any]:
    """A word, joined when it runs where a setting stands in it."""
    head, mark, rest = word.partition("\0")
    if not mark:
        return word
    return _join("", [head, {"Get": f"Parameters.{rest.rstrip(chr(0))}"}])


def _join(by: str, values: list[str | dict[str, str]]) -> dict[str, Any]:
    return {"Std:Join": {"On": by, "Values": values}}


def _input(slug: str) -> dict[str, Any]:
    left = f"Steps.{slug}.ProcessingOutputConfig.Outputs['left'].S3Output.S3Uri"
    return {
        "InputName": slug,
        "S3Input": {
            "S3Uri": {"Get": left},
            "LocalPath": f"{_MOUNT}/input/{slug}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }


def _output(job: "Job", step: "JobStep", name: str) -> dict[str, Any]:
    execution = {"Get": "Execution.PipelineExecutionId"}
    return {
        "OutputName": name,
        "S3Output": {
            "S3Uri": _join("/", ["s3://<BUCKET>", job.name, execution, step.slug, name]),
            "LocalPath": f"{_MOUNT}/output/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }
