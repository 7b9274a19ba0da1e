"""Target `argo`: a CronWorkflow whose steps are a graph, each in a container of the same image."""

import shlex
from typing import TYPE_CHECKING

from nbops.scheduling.command import LOCK, PROJECT, output_of, run_step, secrets_of, variables_of
from nbops.scheduling.dialects.kubernetes import as_kubernetes
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.kubernetes import (
    HOME,
    USER,
    about_image,
    check_names,
    create_secret,
    escape,
    image_files,
    image_of,
    pull_policy,
    write_env,
)
from nbops.scheduling.targets.refusals import (
    ONE_OR_ANY,
    check_conditions,
    check_parallel,
    check_texts,
)
from nbops.scheduling.template import as_yaml, fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

_NAME_LENGTH = 52
_SHARED = "/shared"

_HEAD = """\
# Written by `nbops export`: export again rather than change it here.
apiVersion: argoproj.io/v1alpha1
kind: <<kind>>
metadata:
  name: <<name>>
  labels:
    app.kubernetes.io/managed-by: nbops
spec:
"""

_CRON = """\
schedules:
  - "<<cron>>"
timezone: "<<timezone>>"
concurrencyPolicy: Forbid
startingDeadlineSeconds: <<deadline>>
successfulJobsHistoryLimit: 3
failedJobsHistoryLimit: 3
workflowSpec:
  <<workflow>>
"""

_WORKFLOW = """\
entrypoint: <<entry>>
<<security>>
<<timeout>>
<<arguments>>
<<volume>>
templates:
  - name: <<entry>>
    dag:
      tasks:
        <<tasks>>
  <<templates>>
"""

_VOLUME = """\
volumeClaimTemplates:
  - metadata:
      name: shared
    spec:
      accessModes: [ReadWriteOnce]
      resources:
        requests:
          storage: 2Gi
"""

# Whole or not at all, since steps that begin together all bring it.
_COPY = """\
mkdir -p <<shared>>/executed
if [ ! -e <<shared>>/<<project>> ]; then
  cp -r <<home>>/<<project>> <<shared>>/.$HOSTNAME && mv -T <<shared>>/.$HOSTNAME <<shared>>/<<project>> || rm -rf <<shared>>/.$HOSTNAME
fi
exec "$@"
"""

_TEMPLATE = """\
- name: <<slug>>
  container:
    image: <<image>>
    <<pull>>
    command:
      <<command>>
    envFrom:
      - secretRef:
          name: <<name>>
          optional: true
    <<env>>
    <<mount>>
"""


class Argo:
    """A CronWorkflow; without a schedule a WorkflowTemplate."""

    name = "argo"
    summary = "a CronWorkflow of Argo, a graph of steps, with a Dockerfile"
    is_remote = True
    takes = ("--image", "--catch-up none", "--catch-up last")

    def check(self, job: "Job") -> list[Finding]:
        found = [*check_names(job, "Argo", _NAME_LENGTH), *check_conditions(job, "Argo")]
        found += check_parallel(job, "Argo", ONE_OR_ANY)
        return found + check_texts(job, "Argo", ("{{",))

    def emit(self, job: "Job") -> Emission:
        kind = "CronWorkflow" if job.schedule else "WorkflowTemplate"
        file = "cronworkflow.yaml" if job.schedule else "workflowtemplate.yaml"
        settings = " ".join(
            f"-p {shlex.quote(f'{each.name}={escape(each.text)}')}" for each in job.settings
        )
        origin = f"cronwf/{job.name}" if job.schedule else f"workflowtemplate/{job.name}"
        return Emission(
            files={**image_files(job), file: write_workflow(job, kind)},
            install=[
                f"docker build -t {image_of(job)} . && docker push {image_of(job)}",
                create_secret(job),
                f"kubectl apply -f {file}",
            ],
            run_now=[f"argo submit --from {origin} {settings}".strip()],
            remove=[f"kubectl delete -f {file}", f"kubectl delete secret {job.name}"],
            secrets=secrets_of(job),
            notes=[
                *about_image(job),
                "`schedules` is a list, as Argo Workflows has it from 3.6 on.",
                "The service account that it runs as needs the role that Argo's docs call minimal: workflowtaskresults.",
                "A `$` in a value is written `$$`: Kubernetes takes `$(NAME)` for a variable.",
            ],
        )


def write_workflow(job: "Job", kind: str) -> str:
    """Text of the CronWorkflow, or WorkflowTemplate."""
    is_shared = len(job.steps) > 1
    arguments = [
        f"    - name: {each.name}\n      value: {as_yaml(escape(each.text))}\n"
        f"      description: {as_yaml(each.help)}"
        + (
            f"\n      enum: {as_yaml([escape(str(one)) for one in each.choices])}"
            if each.choices
            else ""
        )
        for each in job.settings
    ]
    workflow = fill(
        _WORKFLOW,
        entry=_entry(job),
        timeout=f"activeDeadlineSeconds: {job.longest_s}" if job.timeout_s else "",
        arguments="\n".join(["arguments:", "  parameters:", *arguments]) if arguments else "",
        volume=_VOLUME if is_shared else "",
        # A volume belongs to root, and the container runs as another.
        security=f"securityContext:\n  fsGroup: {USER}" if is_shared else "",
        tasks="\n".join(_task(job, step) for step in job.steps),
        templates="\n".join(_template(job, step, is_shared=is_shared) for step in job.steps),
    )
    head = fill(_HEAD, kind=kind, name=job.name)
    if job.schedule is None:
        return head + _indent(workflow)
    cron = as_kubernetes(job.schedule, "Argo")
    body = fill(
        _CRON,
        cron=cron.expression,
        timezone=cron.timezone,
        deadline=str(job.latest_s),
        workflow=workflow,
    )
    return head + _indent(body)


def _entry(job: "Job") -> str:
    """What the graph is called: no step may be called so."""
    name = "all"
    while name in [step.slug for step in job.steps]:
        name += "-steps"
    return name


def _task(job: "Job", step: "JobStep") -> str:
    after = job.after(step)
    lines = [f"- name: {step.slug}", f"  template: {step.slug}"]
    if after:
        lines.append(f"  dependencies: {as_yaml(after)}")
    return "\n".join(lines)


def _template(job: "Job", step: "JobStep", *, is_shared: bool) -> str:
    values = {each.name: f"{{{{workflow.parameters.{each.name}}}}}" for each in job.settings}
    home = _SHARED if is_shared else HOME
    words = run_step(
        job,
        step,
        values=values,
        project=f"{home}/{PROJECT}",
        lock=f"{HOME}/{LOCK}",
        output=f"{home}/executed/{output_of(step)}",
    )
    if is_shared:  # steps hand files to one another, so all work in one copy of the project
        copy = fill(_COPY, home=HOME, project=PROJECT, shared=_SHARED)
        words = ["sh", "-c", copy, "sh", *words]
    words = [escape(word) for word in words]
    env = variables_of(job)
    if is_shared and job.bundle.import_paths:
        env["PYTHONPATH"] = ":".join(f"{_SHARED}/{PROJECT}/{p}" for p in job.bundle.import_paths)
    return fill(
        _TEMPLATE,
        slug=step.slug,
        name=job.name,
        image=image_of(job),
        pull=pull_policy(job),
        command="\n".join(f"- {as_yaml(word)}" for word in words),
        env=write_env(env),
        mount=f"volumeMounts:\n  - name: shared\n    mountPath: {_SHARED}" if is_shared else "",
    )


def _indent(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))
