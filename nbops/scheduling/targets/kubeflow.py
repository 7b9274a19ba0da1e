"""Target `kubeflow`: a pipeline as Kubeflow's compiler would write it, and a recurring run of it.

The file is IR YAML 2.1.0 with lightweight Python components, which run in the job's own image: what `kfp` itself
compiles for such components, so that it needs not be installed here.
"""

import json
from typing import TYPE_CHECKING, Any

import yaml

from nbops.scheduling.command import LOCK, PROJECT, run_step, secrets_of, variables_of
from nbops.scheduling.dialects.kubeflow import as_kubeflow
from nbops.scheduling.handover import install_git
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.settings import Setting
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.kubernetes import HOME, about_image, create_secret, image_of
from nbops.scheduling.targets.refusals import check_conditions, check_texts
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

_COMPONENT = '''\
import os
import shutil
import subprocess

from kfp import dsl
from kfp.dsl import *


def run(<<arguments>>):
    """Run <<notebook>> in a copy of the project, with the files that steps before it left."""
    home = os.environ.get("NBOPS_JOB_HOME", "<<home>>")
    work = os.path.join(os.getcwd(), "work", "<<slug>>")
    shutil.copytree(f"{home}/<<project>>", work, dirs_exist_ok=True)
    for files in [<<before>>]:
        shutil.copytree(files.path, work, dirs_exist_ok=True)
    started = {name: os.stat(name).st_mtime_ns for name in _files(work)}
    os.makedirs(os.path.dirname(executed.path), exist_ok=True)
    words = <<words>>
    settings = <<settings>>
    words = [word.format(home=home, work=work, output=executed.path, **settings) for word in words]
    variables = {**os.environ, "NBOPS_WORKSPACE": work<<variables>>}
    subprocess.run(words, check=True, env=variables)
    os.makedirs(left.path, exist_ok=True)
    for name in _files(work):  # what it wrote goes to the steps after it
        if started.get(name) != os.stat(name).st_mtime_ns:
            target = os.path.join(left.path, os.path.relpath(name, work))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(name, target)
    with open(os.path.join(left.path, ".nbops-step"), "w") as file:
        file.write("what a step left")  # a bucket knows no empty folder


def _files(folder):
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".nbops", "__pycache__")]
        yield from (os.path.join(place, name) for name in names)
'''

_START = """\
program_path=$(mktemp -d)
printf "%s" "$0" > "$program_path/ephemeral_component.py"
_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --component_module_path "$program_path/ephemeral_component.py" "$@"
"""

_DOCKERFILE = """\
# Written by `nbops export`: export again rather than change it here.
FROM python:<<python>>-slim

<<git>>
RUN pip install --no-cache-dir 'kfp>=2.14,<3'
WORKDIR <<home>>
COPY lock.txt ./
RUN python -m venv .venv && .venv/bin/pip install --no-cache-dir --requirement lock.txt
COPY project project
"""

_TAKEN = frozenset(
    [
        "os",
        "shutil",
        "subprocess",
        "dsl",
        "run",
        "home",
        "work",
        "files",
        "started",
        "name",
        "file",
        "words",
        "word",
        "settings",
        "variables",
        "target",
        "output",
        "executed",
        "left",
    ]
)
"""Names of the component's own function, which takes parameters as arguments."""

_TYPES = {
    "integer": "NUMBER_INTEGER",
    "number": "NUMBER_DOUBLE",
    "boolean": "BOOLEAN",
    "string": "STRING",
}
_PYTHON = {"integer": "int", "number": "float", "boolean": "bool", "string": "str"}
_ARTIFACT = {"artifactType": {"schemaTitle": "system.Artifact", "schemaVersion": "0.0.1"}}


class Kubeflow:
    """A pipeline's IR YAML."""

    name = "kubeflow"
    summary = "a pipeline of Kubeflow (IR YAML), a recurring run, a Dockerfile"
    is_remote = True
    takes = ("--image", "--catch-up last", "--catch-up all")

    def check(self, job: "Job") -> list[Finding]:
        found = check_conditions(job, "Kubeflow")
        # Values go through a container's command, of which the kubelet makes something; KFP escapes nothing.
        found += check_texts(job, "Kubeflow", ("$(", "$$"))
        for name in sorted({each.name for each in job.settings} & _TAKEN):
            message = (
                f"Kubeflow's component has a {name!r} of its own: no parameter can be called so."
            )
            found.append(say_job("error", "target", message, "Call it otherwise in the notebook."))
        return found

    def emit(self, job: "Job") -> Emission:
        dockerfile = fill(_DOCKERFILE, python=job.python, git=install_git(job), home=HOME)
        files: dict[str, str | bytes] = {
            **job.bundle.under(PROJECT),
            LOCK: job.lock,
            "Dockerfile": dockerfile,
            "pipeline.yaml": write_pipeline(job),
        }
        install = [
            f"docker build -t {image_of(job)} . && docker push {image_of(job)}",
            create_secret(job),
            f"kfp pipeline create --pipeline-name {job.name} pipeline.yaml",
        ]
        remove = [
            "kfp pipeline delete PIPELINE_ID  # kfp pipeline list",
            f"kubectl delete secret {job.name}",
        ]
        again = [
            install[0],
            f"kfp pipeline create-version --pipeline-name {job.name} --pipeline-version VERSION pipeline.yaml",
        ]
        if job.schedule is not None:
            files["recurring_run.json"] = write_recurring_run(job)
            again.append(
                "kfp recurring-run delete RECURRING_RUN_ID  # kfp recurring-run list; then create it as above"
            )
            install.append(
                f"kfp recurring-run create --experiment-name {job.name} --job-name {job.name}"
                f" --cron-expression '{as_kubeflow(job.schedule)}'"
                f" --max-concurrency {job.max_parallel} --{'' if job.catch_up == 'all' else 'no-'}catchup --enabled"
                " --pipeline-package-path pipeline.yaml"
            )
            remove.insert(0, "kfp recurring-run delete RECURRING_RUN_ID  # kfp recurring-run list")
        return Emission(
            files=files,
            install=install,
            run_now=[f"kfp run create --experiment-name {job.name} --package-file pipeline.yaml"],
            remove=remove,
            again=again,
            secrets=secrets_of(job),
            notes=[
                *about_image(job),
                f"The Secret `{job.name}` lies in the namespace that runs are made in: kubectl -n NAMESPACE.",
                "recurring_run.json is the same recurring run for the API (POST /apis/v2beta1/recurringruns).",
            ],
        )


def write_pipeline(job: "Job") -> str:
    """Text of the IR."""
    head = "# Written by `nbops export`: export again rather than change it here.\n"
    made = {
        "components": {f"comp-{step.slug}": _component(job, step) for step in job.steps},
        "deploymentSpec": {
            "executors": {f"exec-{step.slug}": _executor(job, step) for step in job.steps}
        },
        "pipelineInfo": {
            "name": job.name,
            "description": f"{job.place_of(job.source)}, exported by nbops",
        },
        "root": {
            "dag": {"tasks": {step.slug: _task(job, step) for step in job.steps}},
            **_inputs([_input(each) for each in job.settings]),
        },
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.14.0",
    }
    documents = [made, _platform(job)]
    return head + yaml.dump_all(
        documents, Dumper=_Readable, sort_keys=True, allow_unicode=True, width=100
    )


def _platform(job: "Job") -> dict[str, Any]:
    """What `kfp.kubernetes` adds: variables of a Secret, those that it holds, and when an image is pulled."""
    given = {
        "keyToEnv": [{"envVar": name, "secretKey": name} for name in secrets_of(job)],
        "optional": True,
        "secretName": job.name,
        "secretNameParameter": {"runtimeValue": {"constant": job.name}},
    }
    executor = {"secretAsEnv": [given]} | ({"imagePullPolicy": "Always"} if job.image else {})
    executors = {f"exec-{step.slug}": executor for step in job.steps}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}


class _Readable(yaml.SafeDumper):
    """Writes code line by line, and what comes twice twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _write_text)


def write_recurring_run(job: "Job") -> str:
    """Body of the request that makes a recurring run."""
    if job.schedule is None:
        return ""
    body = {
        "display_name": job.name,
        "description": f"{job.place_of(job.source)}, exported by nbops",
        "pipeline_version_reference": {"pipeline_id": "${PIPELINE_ID}"},
        "experiment_id": "${EXPERIMENT_ID}",
        "runtime_config": {
            "parameters": {each.name: each.plain_value for each in job.settings},
        },
        "max_concurrency": str(job.max_parallel),
        "no_catchup": job.catch_up != "all",
        "mode": "ENABLE",
        "trigger": {"cron_schedule": {"cron": as_kubeflow(job.schedule)}},
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _key(slug: str) -> str:
    return f"from_{slug.replace('-', '_')}"


def _inputs(parameters: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return {"inputDefinitions": {"parameters": dict(parameters)}} if parameters else {}


def _input(setting: Setting) -> tuple[str, dict[str, Any]]:
    about = {
        "parameterType": _TYPES[setting.type],
        "defaultValue": setting.plain_value,
        "isOptional": True,
        "description": setting.help,
    }
    return setting.name, about


def _component(job: "Job", step: "JobStep") -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    parameters = {
        each.name: {"parameterType": _TYPES[each.type]} for each in job.settings_for(step)
    }
    if parameters:
        inputs["parameters"] = parameters
    artifacts = {_key(slug): _ARTIFACT for slug in job.before(step)}
    if artifacts:
        inputs["artifacts"] = artifacts
    return {
        "executorLabel": f"exec-{step.slug}",
        **({"inputDefinitions": inputs} if inputs else {}),
        "outputDefinitions": {"artifacts": {"executed": _ARTIFACT, "left": _ARTIFACT}},
    }


def _executor(job: "Job", step: "JobStep") -> dict[str, Any]:
    args = ["--executor_input", "{{$}}", "--function_to_execute", "run"]
    command = ["sh", "-ec", _START, write_component(job, step)]
    return {"container": {"image": image_of(job), "command": command, "args": args}}


def write_component(job: "Job", step: "JobStep") -> str:
    """Python that runs one step, as Kubeflow runs a lightweight component."""
    settings = job.settings_for(step)
    before = [_key(slug) for slug in job.before(step)]
    arguments = [f"{each.name}: {_PYTHON[each.type]}" for each in settings]
    arguments += [f"{key}: dsl.Input[dsl.Artifact]" for key in before]
    arguments += ["executed: dsl.Output[dsl.Artifact]", "left: dsl.Output[dsl.Artifact]"]
    # Braces of a value stay: only ours are filled when it runs.
    marked = {each.name: f"\0{each.name}\1" for each in job.settings}
    words = run_step(
        job,
        step,
        values=marked,
        project="\0work\1",
        lock=f"\0home\1/{LOCK}",
        output="\0output\1",
        python="\0home\1/.venv/bin/python",
    )
    filled = [
        word.replace("{", "{{").replace("}", "}}").replace("\0", "{").replace("\1", "}")
        for word in words
    ]
    variables = "".join(f', "{name}": {text!r}' for name, text in variables_of(job).items())
    if job.bundle.import_paths:
        paths = ":".join(f"{{work}}/{path}" for path in job.bundle.import_paths)
        variables += f', "PYTHONPATH": f"{paths}"'
    return fill(
        _COMPONENT,
        arguments=", ".join(arguments),
        notebook=job.place_of(step.notebook),
        home=HOME,
        slug=step.slug,
        project=PROJECT,
        before=", ".join(before),
        words=repr(filled),
        settings="{" + ", ".join(f"{each.name!r}: {each.name}" for each in settings) + "}",
        variables=variables,
    )


def _task(job: "Job", step: "JobStep") -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    settings = job.settings_for(step)
    if settings:
        inputs["parameters"] = {
            each.name: {"componentInputParameter": each.name} for each in settings
        }
    before = job.before(step)
    if before:
        inputs["artifacts"] = {
            _key(slug): {"taskOutputArtifact": {"outputArtifactKey": "left", "producerTask": slug}}
            for slug in before
        }
    return {
        "cachingOptions": {},
        "componentRef": {"name": f"comp-{step.slug}"},
        **({"dependentTasks": before} if before else {}),
        **({"inputs": inputs} if inputs else {}),
        "taskInfo": {"name": step.slug},
    }
