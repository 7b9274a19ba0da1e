"""Target `github-actions`: a workflow with schedule, typed inputs and artifacts; for pushes, a comparison."""

import json
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from nbops.scheduling.command import (
    LOCK,
    break_line,
    output_of,
    run_pipeline,
    run_step,
    secrets_of,
    variable,
    variables_of,
)
from nbops.scheduling.dialects.github import as_github
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.schedule import Unsayable
from nbops.scheduling.settings import Setting
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.github_push import compare_push
from nbops.scheduling.targets.refusals import ONE_OR_ANY, check_parallel, check_texts
from nbops.scheduling.template import as_yaml, fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

_MOST_INPUTS = 25
_INSTALL_S = 900
_MOST_MINUTES = 360  # of a job on GitHub's own machines

_WORKFLOW = """\
# Written by `nbops export`: export again rather than change it here.
name: <<name>>

on:
  <<schedule>>
  <<push>>
  workflow_dispatch:
    <<inputs>>

permissions:
  contents: read

concurrency:
  group: <<group>>
  cancel-in-progress: false

env:
  <<python_path>>
  <<variables>>

jobs:
  run:
    runs-on: ubuntu-latest
    <<defaults>>
    timeout-minutes: <<minutes>>
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: <<depth>>
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: "<<python>>"
      - name: Install
        run: python -m pip install --quiet --requirement <<lock>>
      - name: Run
        <<condition>>
        env:
          <<secrets>>
          <<values>>
        run: |
          mkdir -p executed
          <<command>>
      <<compare>>
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: <<name>>
          path: <<place>>executed/
          if-no-files-found: ignore
"""


class GitHubActions:
    """A workflow."""

    name = "github-actions"
    summary = "a workflow of GitHub Actions"
    is_remote = True
    takes = ("--on push",)

    def check(self, job: "Job") -> list[Finding]:
        found = check_parallel(job, "GitHub Actions", ONE_OR_ANY)
        found += check_texts(job, "GitHub Actions", ("${{",))
        if len(job.settings) > _MOST_INPUTS:
            message = f"GitHub Actions takes {_MOST_INPUTS} inputs, and it has {len(job.settings)}."
            found.append(say_job("error", "target", message, "Take some out of its parameters."))
        if (job.timeout_s or 0) * (1 + job.retries) > _MOST_MINUTES * 60:
            message = f"GitHub's own machines end a job after {_MOST_MINUTES // 60} hours."
            found.append(say_job("error", "target", message, "Give a shorter --timeout."))
        for name in job.secrets:
            if name.upper().startswith("GITHUB_"):
                message = f"GitHub has secrets of that name itself: {name} cannot be one."
                found.append(say_job("error", "target", message, "Call it otherwise."))
        return found

    def emit(self, job: "Job") -> Emission:
        path = f".github/workflows/{job.name}.yml"
        lock = f".github/{job.name}-{LOCK}"
        place = _find_place(job)
        files = job.bundle.under(place.rstrip("/") or ".")
        return Emission(
            files={**files, path: write_workflow(job, lock, place), lock: job.lock},
            install=[
                "cp -r .github ../YOUR-REPOSITORY/  # and of the other files those that it lacks",
                "cd ../YOUR-REPOSITORY && git add .github && git commit -m 'Run it on GitHub' && git push",
            ],
            run_now=[f"gh workflow run {job.name}.yml {_fields(job)}".strip()],
            remove=[f"git rm {path} {lock} && git commit -m 'No longer on GitHub' && git push"],
            secrets=secrets_of(job),
            notes=[
                "Secrets: `gh secret set MLFLOW_TRACKING_URI`. Without one, runs end with the machine.",
                "GitHub starts schedules of the default branch only, late when it is busy.",
                "After 60 days without a commit GitHub starts them no more.",
            ],
        )


def _find_place(job: "Job") -> str:
    """Where the project lies in its repository, such as `reports/`; empty at its root, and without one."""
    words = ["git", "rev-parse", "--show-prefix"]
    try:
        done = subprocess.run(
            words, cwd=job.workspace.root, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):  # there is no git, or no repository
        return ""
    return done.stdout.rstrip("\n")


def write_workflow(job: "Job", lock: str, place: str) -> str:
    """Text of the workflow.

    Parameters
    ----------
    lock
        Path of the requirements in the repository.
    place
        Where the project lies in it: `reports/`; empty at its root.
    """
    pushed = _push(job, lock, place)
    lock = "../" * place.count("/") + lock  # as commands see it, which work in the project
    values = {each.name: variable(f"SET_{each.name}") for each in job.settings}
    inputs = "\n".join(_input(each) for each in job.settings)
    env = "\n".join(_env(each) for each in job.settings)
    secrets = "\n".join(f"{name}: ${{{{ secrets.{name} }}}}" for name in secrets_of(job))
    is_compared = "push" in job.events
    command = _command(job, values, lock)
    imports = ":".join(
        f"${{{{ github.workspace }}}}/{place}{path}" for path in job.bundle.import_paths
    )
    return fill(
        _WORKFLOW,
        name=job.name,
        group=f"{job.name}-${{{{ github.ref }}}}",
        secrets=secrets,
        schedule=_schedule(job),
        push=pushed,
        defaults=f"defaults:\n  run:\n    working-directory: {as_yaml(place[:-1])}"
        if place
        else "",
        place=place,
        inputs=f"inputs:\n{_indent(inputs)}" if inputs else "",
        python_path=f"PYTHONPATH: {imports}" if imports else "",
        variables="\n".join(f"{name}: {as_yaml(text)}" for name, text in variables_of(job).items()),
        minutes=str(_minutes(job)),
        depth="0" if is_compared else "1",
        python=job.python,
        lock=lock,
        condition="if: github.event_name != 'push'" if is_compared else "",
        values=env,
        command=command,
        compare=compare_push(job, values, f"{secrets}\n{env}", lock, place) if is_compared else "",
    )


def _minutes(job: "Job") -> int:
    """After which GitHub ends it: all tries, of a push the base branch's, too, and installing before."""
    if job.longest_s is None:
        return _MOST_MINUTES
    taken = job.longest_s * (2 if job.events else 1) + _INSTALL_S
    return min(_MOST_MINUTES, -(-taken // 60))


def _command(job: "Job", values: dict[str, str], lock: str) -> str:
    if job.is_pipeline:
        # Also when it fails: then what was run is looked at.
        keep = "trap 'cp -r .nbops/executed/. executed/ 2> /dev/null || true' EXIT\n"
        return keep + break_line(run_pipeline(job, values=values, project=".", lock=lock))
    (step,) = job.steps
    output = f"executed/{output_of(step)}"
    return break_line(run_step(job, step, values=values, project=".", lock=lock, output=output))


def _schedule(job: "Job") -> str:
    if job.schedule is None or job.schedule.times is None:
        return ""
    cron = as_github(replace(job.schedule, watched=()))
    return f'schedule:\n  - cron: "{cron.expression}"\n    timezone: "{cron.timezone}"'


def _push(job: "Job", lock: str, place: str) -> str:
    """Which pushes start it: of files that it is made of, or that are watched."""
    watched = list(job.schedule.watched) if job.schedule else []
    paths = [lock, f".github/workflows/{job.name}.yml"] if job.events else []
    paths += [f"{place}{path}" for path in [*watched, *(job.bundle.files if job.events else ())]]
    for pattern in watched:
        if pattern.startswith(("/", "~", "..")):
            raise Unsayable(
                f"GitHub Actions cannot watch {pattern}: it lies outside of the repository.",
                "Give a schedule by the clock.",
            )
    lines = [f"    - {as_yaml(path)}" for path in sorted({*paths})]
    return "\n".join(["push:", "  paths:", *lines]) if lines else ""


def _input(setting: Setting) -> str:
    kind = {"integer": "number", "number": "number", "boolean": "boolean"}.get(
        setting.type, "string"
    )
    lines = [
        f"{setting.name}:",
        f"  description: {as_yaml(setting.help)}",
        f"  type: {'choice' if _is_choice(setting) else kind}",
        f"  default: {as_yaml(setting.plain_value)}",
    ]
    if _is_choice(setting):
        lines.append(f"  options: {as_yaml(list(setting.choices))}")
    return "\n".join(lines)


def _is_choice(setting: Setting) -> bool:
    return bool(setting.choices) and all(isinstance(each, str) for each in setting.choices)


def _env(setting: Setting) -> str:
    """A setting as a variable: what was typed, else its default, which `false` and "" must not become."""
    default = json.dumps(setting.text, ensure_ascii=False).replace("'", "''")
    is_asked = "github.event_name == 'workflow_dispatch'"
    # As JSON nothing that was typed counts as false. A quoted scalar: YAML, or GitHub, would read defaults.
    expression = f"${{{{ fromJSON({is_asked} && toJSON(inputs.{setting.name}) || '{default}') }}}}"
    return f"SET_{setting.name}: {as_yaml(expression)}"


def _fields(job: "Job") -> str:
    import shlex

    return " ".join(shlex.quote(f"-f{each.name}={each.text}") for each in job.settings)


def _indent(text: str) -> str:
    return re.sub(r"(?m)^(?=.)", "  ", text)
