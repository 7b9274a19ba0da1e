"""The shell script that cron and systemd start: one run at a time, a log, the notebook's own exit code."""

import shlex
from typing import TYPE_CHECKING

from nbops.scheduling.command import (
    LOCK,
    PROJECT,
    import_path,
    output_of,
    quote,
    run_pipeline,
    run_step,
    variable,
    variables_of,
)
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

SCRIPT = "run.sh"
SECRETS = "secrets.env"
DELETE = (
    "# then delete this folder: with it go logs, executed notebooks, and records that no server has"
)
_PYTHON = ".venv/bin/python"

_TEMPLATE = """\
#!/bin/sh
# <<title>>
# Its exit code is the notebook's; what it prints goes to log/.<<about>>
set -u
cd "$(dirname "$0")" || exit 1
umask 077
mkdir -p log out
log="log/$(date +%Y%m%d-%H%M%S)-$$.log"
<<zone>>
# As many runs at once as there may be.
taken=
for place in <<places>>; do
  exec 9> "log/.place-$place"
  if flock -n 9; then taken=$place; break; fi
done
if [ -z "$taken" ]; then
  echo "$(date): not started, <<busy>> under way" >> log/skipped.log
  [ ! -t 2 ] || echo "not started: <<busy>> under way" >&2
  exit 0
fi

<<missed>>
if [ -r <<secrets>> ]; then
  while IFS= read -r line || [ -n "$line" ]; do  # as text: a password may hold what a shell reads
    line=${line#"${line%%[![:space:]]*}"}
    name=${line%%=*} value=${line#*=}
    name=${name#export }
    case "$line" in "" | \\#*) continue ;; esac
    case "$name" in
      "$line" | "" | [0-9]* | *[!A-Za-z0-9_]*)
        echo "nbops: a line of <<secrets>> is not NAME=VALUE" >> "$log"
        continue ;;
    esac
    case "$value" in
      \\"*\\" | \\'*\\') value=${value#?} value=${value%?} ;;
    esac
    export "$name=$value"
  done < <<secrets>>
fi
<<path>>
<<variables>>
<<output>>
[ ! -t 2 ] || echo "It tells how it goes in $PWD/$log" >&2
ls -t log/*.log 2>/dev/null | tail -n +51 | xargs -r rm -f --
{
<<commands>>
} >> "$log" 2>&1
"""


_MISSED = """\
if [ "${1:-}" = --missed ]; then
  [ -e log/.last ] || touch log/.last
  <<python>> -m nbops jobs due <<when>> --since log/.last || exit 0
fi
touch log/.last
"""


def write_wrapper(job: "Job", system: str) -> str:
    """Text of the script.

    Parameters
    ----------
    system
        What starts it: "cron", which knows no time zone and makes up for nothing, or "systemd".
    """
    schedule, path = job.schedule, import_path(job, PROJECT)
    about = zone = missed = ""
    if schedule is not None and schedule.times is not None and system == "cron":
        from nbops.scheduling.dialects.posix import as_cron

        about = " With --due it runs if the clock is the schedule's, with --missed if a time was missed."
        if schedule.times.is_of_a_clock:
            zone = (
                f'if [ "${{1:-}}" = --due ] && [ "$(date +%z)" != "$(TZ={schedule.timezone} date +%z)" ]; then\n'
                f"  exit 0  # it is another time in {schedule.timezone}: the line with --missed starts it\nfi"
            )
        # Five fields, which words for people need not be.
        when = f"{shlex.quote(as_cron(schedule)[0])} --timezone {schedule.timezone}"
        missed = fill(_MISSED, python=_PYTHON, when=when)
    count = job.max_parallel
    return fill(
        _TEMPLATE,
        title=f"Runs {job.place_of(job.source)} for {system}, exported by nbops.",
        about=about,
        zone=zone,
        missed=missed,
        places=" ".join(str(number + 1) for number in range(count)),
        busy="one run is" if count == 1 else f"{count} runs are",
        secrets=SECRETS,
        path=f'export PYTHONPATH="{":".join(f"$PWD/{each}" for each in path.split(":"))}"'
        if path
        else "",
        variables="\n".join(
            f"export {name}={shlex.quote(text)}" for name, text in variables_of(job).items()
        ),
        output=_output(job),
        commands="\n".join(_commands(job)),
    )


def install_lines(job: "Job") -> list[str]:
    """Commands that make the environment."""
    return [
        f"uv venv --python {job.python} .venv",
        f"uv pip install --python {_PYTHON} -r {LOCK}",
        f"# passwords and tokens, if there are any: NAME=VALUE lines in {SECRETS}, chmod 600",
    ]


def _output(job: "Job") -> str:
    """Where the executed notebook goes, one for each of the runs that there may be at once."""
    if job.is_pipeline:
        return ""
    (step,) = job.steps
    name = output_of(step)
    place = f'"$taken"-{name}' if job.max_parallel > 1 else name
    return f"OUTPUT=out/{place}"


def _commands(job: "Job") -> list[str]:
    if job.is_pipeline:
        return [_quote(run_pipeline(job, values={}, project=PROJECT, lock=LOCK, python=_PYTHON))]
    (step,) = job.steps
    words = run_step(
        job,
        step,
        values={},
        project=PROJECT,
        lock=LOCK,
        output=variable("OUTPUT"),
        python=_PYTHON,
    )
    return [f"{_quote(words)} --log"]


def _quote(words: list[str]) -> str:
    return " ".join(map(quote, words))
