"""The README of an export: what it is, and the commands to install, run and remove it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbops.scheduling.target import Emission, Target

if TYPE_CHECKING:
    from nbops.scheduling.job import Job


def write_readme(job: "Job", target: Target, emission: Emission) -> str:
    """Text of an export's README, the same for the same job."""
    what = "The pipeline" if job.is_pipeline else "The notebook"
    parts = [
        f"# {job.name}",
        (
            f"{what} `{job.place_of(job.source)}` for {target.name}: {target.summary}."
            f" {tell_schedule(job)} Python {job.python}; packages: {job.environment.source}."
        ),
        "Written by `nbops export`; export again rather than change it here.",
        _commands("Install", emission.install),
        _commands("Run now", emission.run_now),
        *([_commands("After exporting again", emission.again)] if emission.again else []),
        _commands("Remove", emission.remove),
    ]
    if job.settings:
        parts.append(_settings(job))
    if emission.secrets:
        lines = [f"- `{name}`: {about}" for name, about in emission.secrets.items()]
        parts.append("\n".join(["## Secrets", "", *lines]))
    notes = [*emission.notes, *_notes(job)]
    if notes:
        parts.append("\n".join(["## Good to know", "", *(f"- {note}" for note in notes)]))
    return "\n\n".join(parts) + "\n"


def describe_schedule(job: "Job") -> str:
    """When it runs, in words."""
    if job.schedule is None:
        return "only when it is asked to"
    from nbops.scheduling.wording import show_words

    return show_words(job.schedule)


def tell_schedule(job: "Job") -> str:
    """When it runs, and on whose clock, as a sentence."""
    schedule = job.schedule
    zone = f" ({schedule.timezone})" if schedule and schedule.times else ""
    return f"It runs {describe_schedule(job)}{zone}."


def _commands(title: str, commands: Sequence[str]) -> str:
    return "\n".join([f"## {title}", "", "```sh", *commands, "```"])


def _settings(job: "Job") -> str:
    lines = ["## What can be set", "", "| name | takes | default | |", "|---|---|---|---|"]
    for setting in job.settings:
        takes = str(setting.parameter.kind).replace("|", "\\|")
        about = setting.parameter.help.replace("|", "\\|")
        lines.append(f"| `{setting.name}` | {takes} | `{setting.text}` | {about} |")
    return "\n".join(lines)


def _notes(job: "Job") -> list[str]:
    notes = [
        f"`{each.path}` is read and does not travel: {each.reason}." for each in job.bundle.left_out
    ]
    if job.environment.missing:
        names = ", ".join(job.environment.missing)
        notes.append(f"Not in lock.txt, since only the exporting machine had them: {names}.")
    return notes
