"""Target `azureml`: a pipeline job of Azure Machine Learning, a command a step, and a schedule of it.

A schedule takes pipelines only, so a notebook is a pipeline of one step. Azure puts values into the text of a
command, which a shell reads: they stand between single quotes there.
"""

from typing import TYPE_CHECKING, Any

import yaml

from nbops.scheduling.command import (
    LOCK,
    PROJECT,
    output_of,
    quote,
    run_step,
    secrets_of,
    variables_of,
)
from nbops.scheduling.dialects.azure import as_azure
from nbops.scheduling.handover import SCRIPT, limit_of, write_dockerfile, write_secret, write_step
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.kubernetes import HOME
from nbops.scheduling.targets.refusals import ANY, check_conditions, check_parallel
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep
    from nbops.scheduling.settings import Setting

_SCHEMAS = "https://azuremlschemas.azureedge.net/latest"
_HEAD = "# Written by `nbops export`: export again rather than change it here.\n"
_PLUGIN = "azureml-mlflow"

_READER = '''\
def read_secret():
    """Variables that the vault holds for this job; none where vault.txt names no vault."""
    vault = Path(__file__).resolve().parent / "vault.txt"
    if not vault.exists():
        return {}
    from azure.identity import DefaultAzureCredential
    from azure.keyvault.secrets import SecretClient

    client = SecretClient(vault_url=vault.read_text().strip(), credential=DefaultAzureCredential())
    return json.loads(client.get_secret("<<name>>").value)
'''


class AzureML:
    """A pipeline job."""

    name = "azureml"
    summary = "a pipeline job of Azure Machine Learning, a schedule, a Dockerfile"
    is_remote = True
    takes = ()

    def check(self, job: "Job") -> list[Finding]:
        found = check_conditions(job, "Azure ML")
        found += check_parallel(job, "Azure ML", ANY)
        if any("'" in text or "${{" in text for text in job.texts):
            message = "Azure ML puts values into the text of a command: ' and ${{ cannot be in one."
            found.append(say_job("error", "target", message, "Read such a text from a file."))
        if (job.tracking_uri or "").startswith("azureml:") and _PLUGIN not in job.lock:
            message = f"Runs go to a workspace of Azure ML, which MLflow reaches by {_PLUGIN}: the lock lacks it."
            hint = f"Install {_PLUGIN}, run the notebook once, and export again."
            found.append(say_job("error", "tracking", message, hint))
        return found

    def emit(self, job: "Job") -> Emission:
        secret = f"nbops-{job.name}"
        files: dict[str, str | bytes] = {
            **job.bundle.under(f"code/{PROJECT}"),
            f"code/{SCRIPT}": write_step(job, fill(_READER, name=secret)),
            f"environment/{LOCK}": job.lock,
            "environment/Dockerfile": write_dockerfile(
                job, HOME, "azure-identity azure-keyvault-secrets"
            ),
            **{component_of(step): write_component(job, step) for step in job.steps},
            "job.yml": write_job(job),
        }
        install = [
            "az configure --defaults group=GROUP workspace=WORKSPACE",
            f"az keyvault secret set --vault-name VAULT --name {secret} --value {write_secret(job)}",
            "echo https://VAULT.vault.azure.net > code/vault.txt",
        ]
        remove = [f"az keyvault secret delete --vault-name VAULT --name {secret}"]
        if job.schedule is not None:
            files["schedule.yml"] = write_schedule(job)
            install.append("az ml schedule create --file schedule.yml")
            remove[:0] = [
                f"az ml schedule disable --name {job.name}",
                f"az ml schedule delete --name {job.name} --yes",
            ]
        settings = "".join(
            f"  # other values: --set inputs.{each.name}=..." for each in job.settings[:1]
        )
        return Emission(
            files=files,
            install=install,
            run_now=[f"az ml job create --file job.yml{settings}"],
            remove=remove,
            secrets={
                name: f"in the key vault, in the JSON of the secret `{secret}`: {about}"
                for name, about in secrets_of(job).items()
            },
            notes=[
                "The workspace's managed identity reads the secret: give it the role Key Vault Secrets User.",
                "Without code/vault.txt runs go to the workspace's own MLflow.",
                f"That needs {_PLUGIN} in lock.txt; a job without it ends with an error.",
                "It runs on serverless compute; `default_compute` in job.yml names a cluster.",
                "A schedule starts a run though the one before is still under way.",
            ],
        )


def write_job(job: "Job") -> str:
    """Text of the pipeline job, whose steps' types stand in their components."""
    made: dict[str, Any] = {
        "$schema": f"{_SCHEMAS}/pipelineJob.schema.json",
        "type": "pipeline",
        "display_name": job.name,
        "description": f"{job.place_of(job.source)}, exported by nbops",
        "experiment_name": job.name,
        "settings": {"default_compute": "azureml:serverless"},
        "inputs": {each.name: each.plain_value for each in job.settings},
        "jobs": {_key(step.slug): _node(job, step) for step in job.steps},
    }
    return _write(made)


def write_component(job: "Job", step: "JobStep") -> str:
    """Text of one step's component: what it takes, leaves and runs."""
    inputs = {each.name: _input(each) for each in job.settings_for(step)}
    before = {f"from_{slug}": {"type": "uri_folder"} for slug in _before(job, step)}
    made: dict[str, Any] = {
        "$schema": f"{_SCHEMAS}/commandComponent.schema.json",
        "type": "command",
        "name": _key(f"{job.name}-{step.slug}"),
        "display_name": step.name,
        "inputs": {**inputs, **before},
        "outputs": {name: {"type": "uri_folder"} for name in ("left", "executed")},
        "is_deterministic": False,  # else Azure takes an earlier run's outputs for those of the next
        "code": "./code",
        "environment": {"build": {"path": "./environment"}},
        "command": _command(job, step),
    }
    return _write(made)


def write_schedule(job: "Job") -> str:
    """Text of the schedule; empty without one.

    Raises
    ------
    Unsayable
        Azure ML cannot say it.
    """
    if job.schedule is None:
        return ""
    return _write(
        {
            "$schema": f"{_SCHEMAS}/schedule.schema.json",
            "name": job.name,
            "display_name": job.name,
            "trigger": as_azure(job.schedule),
            "create_job": "./job.yml",
        }
    )


def _write(made: dict[str, Any]) -> str:
    said = {name: value for name, value in made.items() if value != {}}
    return _HEAD + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=1000)


def _key(slug: str) -> str:
    """A step's name as Azure takes it."""
    return slug.replace("-", "_")


def _input(setting: "Setting") -> dict[str, Any]:
    about: dict[str, Any] = {"type": setting.type, "default": setting.plain_value}
    kind = setting.parameter.kind
    if setting.type in ("integer", "number"):
        bounds = {
            "min": None if kind.is_open_below else kind.minimum,
            "max": None if kind.is_open_above else kind.maximum,
        }
        read = int if setting.type == "integer" else float
        about |= {name: read(value) for name, value in bounds.items() if value is not None}
    if setting.choices and all(isinstance(each, str) for each in setting.choices):
        about["enum"] = list(setting.choices)
    return about


def _before(job: "Job", step: "JobStep") -> list[str]:
    return list(map(_key, job.before(step)))


def _node(job: "Job", step: "JobStep") -> dict[str, Any]:
    inputs = {each.name: f"${{{{parent.inputs.{each.name}}}}}" for each in job.settings_for(step)}
    for slug in _before(job, step):
        inputs[f"from_{slug}"] = f"${{{{parent.jobs.{slug}.outputs.left}}}}"
    limit = limit_of(job, step)
    made = {
        "type": "command",
        "component": f"./{component_of(step)}",
        "inputs": inputs,
        "environment_variables": variables_of(job),
        "identity": {"type": "managed"},
        "limits": {"timeout": limit} if limit else {},
    }
    return {name: value for name, value in made.items() if value != {}}


def component_of(step: "JobStep") -> str:
    """Name of the file of a step's component."""
    return f"step-{step.slug}.yml"


def _command(job: "Job", step: "JobStep") -> str:
    words = run_step(
        job,
        step,
        values={each.name: f"${{{{inputs.{each.name}}}}}" for each in job.settings},
        project=".",
        lock=f"{HOME}/{LOCK}",
        output=f"${{{{outputs.executed}}}}/{output_of(step)}",
        python=f"{HOME}/.venv/bin/python",
    )
    head = ["python", SCRIPT, "--left", "${{outputs.left}}"]
    for slug in _before(job, step):
        head += ["--from", f"${{{{inputs.from_{slug}}}}}"]
    return " ".join(map(quote, [*head, "--", *words]))
