"""Target `airflow`: a DAG file for Airflow 3, a task a step, which imports nothing but Airflow."""

from typing import TYPE_CHECKING, Any

from nbops.scheduling.command import (
    LOCK,
    PROJECT,
    break_line,
    output_of,
    run_step,
    secrets_of,
    variable,
    variables_of,
)
from nbops.scheduling.dialects.croniter import as_croniter
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.settings import Setting
from nbops.scheduling.target import Emission
from nbops.scheduling.targets.refusals import check_conditions, check_texts
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

_DAG = '''\
"""<<name>>: written by `nbops export`. Export again rather than change it here."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

HERE = Path(__file__).resolve().parent / "<<name>>"

PARAMS = {
    <<params>>
}

ENV = {
    "HERE": str(HERE),
    <<secrets>>
    <<env>>
}

with DAG(
    dag_id="<<name>>",
    description=<<description>>,
    schedule=<<schedule>>,
    start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("<<timezone>>")),
    catchup=False,
    max_active_runs=<<parallel>>,
    <<timeout>>
    params=PARAMS,
    tags=["nbops"],
):
    <<tasks>>

    <<order>>
'''

_TASK = '''\
<<variable>> = BashOperator(
    task_id="<<slug>>",
    cwd=str(HERE),
    append_env=True,
    env=ENV,
    bash_command=r"""
<<variables>>
mkdir -p executed
<<command>>
""",
)
'''


_HIDDEN = (
    *("access_key", "access_token", "api_key", "apikey", "auth_header", "authorization", "bearer"),
    *("connection_string", "dsn", "passphrase", "passwd", "password", "private_key", "proxy"),
    *("secret", "service_account", "service_key", "token", "webhook_url"),
)
"""What in a Variable's name has Airflow hide its value: its own DEFAULT_SENSITIVE_FIELDS."""


class Airflow:
    """A DAG file."""

    name = "airflow"
    summary = "a DAG file for Airflow 3"
    is_remote = True
    takes = ("--catch-up last",)

    def check(self, job: "Job") -> list[Finding]:
        found = [
            *check_conditions(job, "Airflow"),
            *check_texts(job, "Airflow", ("{{", "{%", "{#")),
        ]
        shown = [name for name in job.secrets if not any(each in name.lower() for each in _HIDDEN)]
        for name in shown:
            message = f"Airflow shows the value of a Variable {name.lower()} in its pages and logs."
            hint = (
                "Call it *_password, *_token or *_secret, or name it in sensitive_var_conn_names."
            )
            found.append(say_job("warning", "target", message, hint))
        return found

    def emit(self, job: "Job") -> Emission:
        home = f"dags/{job.name}"
        return Emission(
            files={
                **job.bundle.under(f"{home}/{PROJECT}"),
                f"{home}/{LOCK}": job.lock,
                f"{home}/.airflowignore": "*\n",
                f"dags/{job.name}.py": write_dag(job),
            },
            install=[
                f"cp -r dags/. $AIRFLOW_HOME/dags/ && cd $AIRFLOW_HOME/dags/{job.name}",
                f"uv venv --python {job.python} .venv && uv pip install --python .venv/bin/python -r {LOCK}",
                "airflow variables set mlflow_tracking_uri https://...",
                f"airflow dags reserialize && airflow dags unpause {job.name}",
            ],
            run_now=[f"airflow dags trigger {job.name}"],
            remove=[f"rm -r $AIRFLOW_HOME/dags/{job.name} $AIRFLOW_HOME/dags/{job.name}.py"],
            secrets={
                name.lower(): f"a Variable, or a secrets backend's: {about}"
                for name, about in secrets_of(job).items()
            },
            notes=[
                f"Workers need the folder dags/{job.name}, and write into it: all share one.",
                "It runs in an environment of its own, so that its packages and Airflow's never meet.",
            ],
        )


def write_dag(job: "Job") -> str:
    """Text of the DAG file."""
    cron = as_croniter(job.schedule, "Airflow") if job.schedule else None
    # Not params.NAME, which of `items` is a method.
    env = [f'"SET_{each.name}": "{{{{ params[\'{each.name}\'] }}}}",' for each in job.settings]
    if job.max_parallel > 1:
        env.append('"RUN_ID": "{{ run_id }}",')
    env += [f'"{name}": {text!r},' for name, text in variables_of(job).items()]
    if job.bundle.import_paths:
        paths = ":".join(f"{{HERE}}/{PROJECT}/{path}" for path in job.bundle.import_paths)
        env.append(f'"PYTHONPATH": f"{paths}",')
    names = {step.name: f"step_{step.slug.replace('-', '_')}" for step in job.steps}
    order = [
        f"[{', '.join(names[each] for each in step.after)}] >> {names[step.name]}"
        for step in job.steps
        if step.after
    ]
    timeout = f"dagrun_timeout=timedelta(seconds={job.longest_s})," if job.timeout_s else ""
    text = fill(
        _DAG,
        name=job.name,
        params="\n".join(f"{each.name!r}: {_param(each)}," for each in job.settings),
        secrets="\n".join(
            f"\"VAR_{name}\": \"{{{{ var.value.get('{name.lower()}', '') }}}}\","
            for name in secrets_of(job)
        ),
        env="\n".join(env),
        description=repr(f"{job.place_of(job.source)}, exported by nbops"),
        schedule=repr(cron.expression) if cron else "None",
        timezone=cron.timezone if cron else "UTC",
        parallel=str(job.max_parallel),
        timeout=timeout,
        tasks="<<tasks>>",
        order="\n".join(order),
    )
    tasks = "\n".join(_task(job, step, names[step.name]) for step in job.steps)
    # Commands come as they are: a shell's lines are not indented.
    text = text.replace("    <<tasks>>", tasks.rstrip("\n"))
    return text if timeout else text.replace("import datetime, timedelta", "import datetime")


def _task(job: "Job", step: "JobStep", name: str) -> str:
    words = run_step(
        job,
        step,
        values={each.name: variable(f"SET_{each.name}") for each in job.settings},
        project=PROJECT,
        lock=LOCK,
        output=variable("OUTPUT"),
        python=".venv/bin/python",
    )
    text = fill(
        _TASK, variable=name, slug=step.slug, command="<<command>>", variables="<<variables>>"
    )
    lines = [f"    {line}" if line else line for line in text.splitlines()]
    at = lines.index("    <<variables>>")
    # What is no Variable of Airflow's leaves the worker's own as it is.
    given = [f'[ -z "$VAR_{name}" ] || export {name}="$VAR_{name}"' for name in secrets_of(job)]
    folder = "executed/$RUN_ID" if job.max_parallel > 1 else "executed"
    place = f'OUTPUT="{folder}/{output_of(step)}"'
    made = [*given, f'mkdir -p "{folder}"', place]
    lines[at : at + 4] = [*made, break_line(words), '    """,']
    return "\n".join(lines) + "\n"


def _param(setting: Setting) -> str:
    words: dict[str, Any] = {"type": setting.type, "description": setting.help}
    kind = setting.parameter.kind
    if setting.type in ("integer", "number"):
        bounds = {
            "exclusiveMinimum" if kind.is_open_below else "minimum": kind.minimum,
            "exclusiveMaximum" if kind.is_open_above else "maximum": kind.maximum,
        }
        words |= {name: value for name, value in bounds.items() if value is not None}
    if setting.choices and all(isinstance(each, str) for each in setting.choices):
        words["enum"] = list(setting.choices)
    written = ", ".join(f"{name}={value!r}" for name, value in words.items())
    return f"Param({setting.plain_value!r}, {written})"
