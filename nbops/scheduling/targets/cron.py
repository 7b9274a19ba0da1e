"""Target `cron`: a crontab line, and the script that it starts."""

from typing import TYPE_CHECKING

from nbops.errors import UsageError
from nbops.scheduling.command import LOCK, PROJECT
from nbops.scheduling.dialects.fields import read_times
from nbops.scheduling.dialects.posix import as_cron
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.target import Emission
from nbops.scheduling.wrapper import DELETE, SCRIPT, SECRETS, install_lines, write_wrapper

if TYPE_CHECKING:
    from nbops.scheduling.job import Job


class Cron:
    """Lines of a crontab."""

    name = "cron"
    summary = "a crontab line, and the script that it starts: lock, log, catch-up"
    is_remote = False

    def check(self, job: "Job") -> list[Finding]:  # noqa: ARG002
        return []

    def emit(self, job: "Job") -> Emission:
        if job.schedule is None:
            raise UsageError("cron needs a time.", "Add --schedule 'every day at 07:00'.")
        read_times(job.schedule, "An exported crontab")
        mark = f"# nbops {job.name}"
        call = f'"FOLDER/{SCRIPT}"'
        lines = [f"{fields} {call} {mark}" for fields in as_cron(job.schedule)]
        if job.catch_up != "none":
            lines += [f"@reboot {call} --missed {mark}", f"17 * * * * {call} --missed {mark}"]
        others = f"crontab -l 2>/dev/null | grep -v '{mark}$'"
        return Emission(
            files={
                **job.bundle.under(PROJECT),
                LOCK: job.lock,
                SCRIPT: write_wrapper(job, self.name),
                "crontab": "\n".join(lines) + "\n",
            },
            install=[
                *install_lines(job),
                f'({others}; sed "s|FOLDER|$PWD|" crontab) | crontab -',
            ],
            run_now=[f"./{SCRIPT}"],
            remove=[f"{others} | crontab -", DELETE],
            secrets={},
            notes=[
                f"cron knows no time zone: the machine is to be in {job.schedule.timezone}.",
                f"Passwords, tokens and MLFLOW_TRACKING_URI: NAME=VALUE lines in `{SECRETS}`, `chmod 600`.",
                "The folder's path must have no % and no |.",
            ],
        )
