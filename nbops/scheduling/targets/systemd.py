"""Target `systemd`: a service, a timer, and the script that they start."""

from typing import TYPE_CHECKING

from nbops.errors import UsageError
from nbops.scheduling.command import LOCK, PROJECT, secrets_of
from nbops.scheduling.dialects.fields import read_times
from nbops.scheduling.dialects.systemd import as_on_calendar
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.refusals import check_parallel
from nbops.scheduling.wrapper import DELETE, SCRIPT, SECRETS, install_lines, write_wrapper

if TYPE_CHECKING:
    from nbops.scheduling.job import Job


class Systemd:
    """Units of a user's systemd."""

    name = "systemd"
    summary = "a service and a timer, and the script that they start: lock, log, catch-up"
    is_remote = False
    takes = ("--catch-up none", "--catch-up last")

    def check(self, job: "Job") -> list[Finding]:
        return check_parallel(job, "systemd", "starts a service again only when that has ended")

    def emit(self, job: "Job") -> Emission:
        if job.schedule is None:
            raise UsageError("systemd needs a time.", "Add --schedule 'every day at 07:00'.")
        read_times(job.schedule, "An exported timer")
        unit = f"nbops-exported-{job.name}"  # nbops schedule calls its own nbops-NAME
        calendar = "\n".join(f"OnCalendar={line}" for line in as_on_calendar(job.schedule))
        persistent = "false" if job.catch_up == "none" else "true"
        limit = str(job.longest_s or "infinity")
        service = (
            f"[Unit]\nDescription=nbops: {job.name}\n\n[Service]\nType=oneshot\n"
            f"WorkingDirectory=FOLDER\nExecStart=/bin/sh FOLDER/{SCRIPT}\nTimeoutStartSec={limit}\n"
        )
        timer = (
            f"[Unit]\nDescription=nbops: when {job.name} runs\n\n[Timer]\n{calendar}\nAccuracySec=1s\n"
            f"Persistent={persistent}\n\n[Install]\nWantedBy=timers.target\n"
        )
        home = '"${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user"'
        return Emission(
            files={
                **job.bundle.under(PROJECT),
                LOCK: job.lock,
                SCRIPT: write_wrapper(job, self.name),
                f"{unit}.service": service,
                f"{unit}.timer": timer,
            },
            install=[
                *install_lines(job),
                f"mkdir -p {home}",
                f'for unit in {unit}.service {unit}.timer; do sed "s|FOLDER|$PWD|" $unit > {home}/$unit; done',
                "systemctl --user daemon-reload",
                f"systemctl --user enable --now {unit}.timer",
            ],
            run_now=[f"systemctl --user start {unit}.service"],
            remove=[
                f"systemctl --user disable --now {unit}.timer",
                f"rm {home}/{unit}.service {home}/{unit}.timer",
                "systemctl --user daemon-reload",
                DELETE,
            ],
            secrets={
                name: f"{about}: a line of `{SECRETS}`" for name, about in secrets_of(job).items()
            },
            notes=[
                "It runs while you are logged in; `loginctl enable-linger` changes that.",
                "The folder's path must have no space, no %, no & and no |.",
            ],
        )
