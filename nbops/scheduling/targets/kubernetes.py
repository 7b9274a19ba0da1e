"""Target `kubernetes`: a CronJob, and a Dockerfile for its image."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nbops.errors import UsageError
from nbops.scheduling.command import (
    LOCK,
    PROJECT,
    import_path,
    output_of,
    run_pipeline,
    run_step,
    secrets_of,
    variables_of,
)
from nbops.scheduling.dialects.kubernetes import as_kubernetes
from nbops.scheduling.handover import install_git
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.refusals import ONE_OR_ANY, check_parallel
from nbops.scheduling.template import as_yaml, fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

HOME = "/job"
"""Folder of the image that all lies in."""

USER = "1000"
"""Whom the container runs as: a number, since the kubelet can tell of no other that it is not root."""

_NAME_LENGTH = 52

_DOCKERFILE = """\
# Written by `nbops export`: export again rather than change it here.
FROM python:<<python>>-slim

<<git>>
RUN useradd --uid <<user>> --create-home job && mkdir <<home>> && chown job <<home>>
USER <<user>>
WORKDIR <<home>>
ENV PATH=<<home>>/.venv/bin:$PATH
COPY --chown=job lock.txt ./
RUN python -m venv .venv && pip install --no-cache-dir --requirement lock.txt
COPY --chown=job project project
RUN mkdir executed
<<python_path>>
"""

_CRONJOB = """\
# Written by `nbops export`: export again rather than change it here.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: <<name>>
  labels:
    app.kubernetes.io/managed-by: nbops
spec:
  schedule: "<<cron>>"
  timeZone: "<<timezone>>"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: <<deadline>>
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      backoffLimit: 0
      <<timeout>>
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: <<name>>
              image: <<image>>
              <<pull>>
              command:
                <<command>>
              envFrom:
                - secretRef:
                    name: <<name>>
                    optional: true
              <<env>>
"""


class Kubernetes:
    """A CronJob."""

    name = "kubernetes"
    summary = "a CronJob of Kubernetes, with a Dockerfile"
    is_remote = True
    takes = ("--image", "--catch-up none", "--catch-up last")

    def check(self, job: "Job") -> list[Finding]:
        return [
            *check_names(job, "Kubernetes", _NAME_LENGTH),
            *check_parallel(job, "Kubernetes", ONE_OR_ANY),
        ]

    def emit(self, job: "Job") -> Emission:
        return Emission(
            files={**image_files(job), "cronjob.yaml": write_cronjob(job)},
            install=[
                f"docker build -t {image_of(job)} . && docker push {image_of(job)}",
                create_secret(job),
                "kubectl apply -f cronjob.yaml",
            ],
            run_now=[f"kubectl create job --from=cronjob/{job.name} {job.name}-$(date +%s)"],
            remove=["kubectl delete -f cronjob.yaml", f"kubectl delete secret {job.name}"],
            secrets=secrets_of(job),
            notes=[
                *about_image(job),
                "A CronJob takes no values when it is run: export again with -p to change them.",
                "Retries are the job's own (`--retries`), so that each try is recorded.",
            ],
        )


def write_cronjob(job: "Job") -> str:
    """Text of the CronJob."""
    if job.schedule is None:
        raise UsageError(
            "A CronJob needs a schedule.", 'Give --schedule, such as "every day at 07:00".'
        )
    cron = as_kubernetes(job.schedule)
    return fill(
        _CRONJOB,
        name=job.name,
        cron=cron.expression,
        timezone=cron.timezone,
        deadline=str(job.latest_s),
        timeout=f"activeDeadlineSeconds: {job.longest_s}" if job.timeout_s else "",
        image=image_of(job),
        pull=pull_policy(job),
        command="\n".join(f"- {as_yaml(escape(word))}" for word in container_command(job)),
        env=write_env(variables_of(job)),
    )


def container_command(job: "Job") -> list[str]:
    """Words that the container runs for the whole job."""
    project = f"{HOME}/{PROJECT}"
    if job.is_pipeline:
        return run_pipeline(job, values={}, project=project, lock=f"{HOME}/{LOCK}")
    (step,) = job.steps
    output = f"{HOME}/executed/{output_of(step)}"
    return run_step(job, step, values={}, project=project, lock=f"{HOME}/{LOCK}", output=output)


def escape(text: str) -> str:
    """A word as the kubelet leaves it: it takes `$(NAME)` for a variable, and `$$` for a `$`.

    >>> escape("costs $5, or $(HOME)")
    'costs $$5, or $$(HOME)'
    """
    return text.replace("$", "$$")


def create_secret(job: "Job") -> str:
    """The command that makes what `envFrom` of its containers names."""
    names = " ".join(f"--from-literal={name}=..." for name in secrets_of(job))
    return (
        f"kubectl create secret generic {job.name} {names} --dry-run=client -o yaml"
        " | kubectl apply -f -  # those that there are"
    )


def write_env(variables: Mapping[str, str]) -> str:
    """A container's variables; empty without any."""
    lines = [
        f"  - name: {name}\n    value: {as_yaml(escape(value))}"
        for name, value in variables.items()
    ]
    return "\n".join(["env:", *lines]) if lines else ""


def image_files(job: "Job") -> dict[str, str | bytes]:
    """What an image is built from."""
    path = import_path(job, f"{HOME}/{PROJECT}")
    dockerfile = fill(
        _DOCKERFILE,
        python=job.python,
        git=install_git(job),
        home=HOME,
        user=USER,
        python_path=f"ENV PYTHONPATH={path}" if path else "",
    )
    return {**job.bundle.under(PROJECT), LOCK: job.lock, "Dockerfile": dockerfile}


def image_of(job: "Job") -> str:
    """What its image is called."""
    return job.image or f"{job.name}:latest"


def pull_policy(job: "Job") -> str:
    """Has nodes pull an image of a registry each time: a tag is another image once it was exported again."""
    return "imagePullPolicy: Always" if job.image else ""


def about_image(job: "Job") -> list[str]:
    """What a person has to know of the image's name."""
    if job.image:
        return [
            "Where the registry is private, the namespace's default service account needs `imagePullSecrets`."
        ]
    return [f"Export with --image REGISTRY/{image_of(job)}, which the cluster pulls it from."]


def check_names(job: "Job", system: str, most: int) -> list[Finding]:
    """A name that is too long for what a system makes of it."""
    if len(job.name) <= most:
        return []
    message = f"{system} takes names of {most} characters, and {job.name!r} has {len(job.name)}."
    return [say_job("error", "target", message, "Give a shorter one with --name.")]
