"""Target `cron`: a crontab line, and the script that it starts."""

from typing import TYPE_CHECKING

from nbops.errors import UsageError
from nbops.scheduling.command import LOCK, PROJECT, secrets_of
from nbops.scheduling.dialects.fields import read_times, write_field
from nbops.scheduling.dialects.posix import as_cron
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.schedule import MINUTES
from nbops.scheduling.target import Emission
from nbops.scheduling.wrapper import DELETE, SCRIPT, SECRETS, install_lines, write_wrapper

if TYPE_CHECKING:
    from nbops.scheduling.job import Job


_MOST_LOOKS = 4  # in an hour


class Cron:
    """Lines of a crontab."""

    name = "cron"
    summary = "a crontab line, and the script that it starts: lock, log, catch-up"
    is_remote = False
    takes = ("--catch-up last",)

    def check(self, job: "Job") -> list[Finding]:  # noqa: ARG002
        return []

    def emit(self, job: "Job") -> Emission:
        if job.schedule is None:
            raise UsageError("cron needs a time.", "Add --schedule 'every day at 07:00'.")
        times = read_times(job.schedule, "An exported crontab")
        mark = f"# nbops {job.name}"
        call = f'"FOLDER/{SCRIPT}"'
        lines = [f"{fields} {call} --due {mark}" for fields in as_cron(job.schedule)]
        # A minute later, in every hour: after the machine was off or asleep, and where its clock is another one.
        most = _MOST_LOOKS if times.is_of_a_clock else 1
        minutes = tuple(sorted((minute + 1) % 60 for minute in times.minutes[:most]))
        later = write_field(minutes, MINUTES, with_star=True)
        lines += [f"@reboot {call} --missed {mark}", f"{later} * * * * {call} --missed {mark}"]
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
            secrets={
                name: f"{about}: a line of `{SECRETS}`" for name, about in secrets_of(job).items()
            },
            notes=[
                (
                    f"cron knows no time zone. Where the machine's clock is not that of {job.schedule.timezone}, it starts a minute later, "
                    "or within the hour where the zones are not whole hours apart."
                ),
                "The folder's path must have no %, no & and no |.",
            ],
        )
