"""The commands by name; each is imported when it is called."""

from importlib import import_module
from typing import Any

import click

from nbops import __version__

_FIRST = {
    "ls": ("nbops.cli.runs", "List runs, newest or best first."),
    "show": ("nbops.cli.runs", "Show what was recorded of a run or session."),
    "why": ("nbops.cli.runs", "Tell what differs between two runs."),
    "run": ("nbops.cli.run", "Run a notebook headless, tracked as in JupyterLab."),
    "ui": ("nbops.cli.ui", "Open MLflow's UI on this workspace's runs."),
}
_MORE = {
    "compare": ("nbops.cli.compare", "Compare two or more runs; --html makes a page of it."),
    "sweep": ("nbops.cli.sweep", "Run a notebook at many points."),
    "pipeline": ("nbops.cli.pipeline", "Run notebooks in an order, only those that changed."),
    "export": ("nbops.cli.export", "Write a notebook for GitHub, Airflow, Kubernetes, ..."),
    "schedule": ("nbops.cli.schedule", "Run a notebook here whenever a schedule says."),
    "jobs": ("nbops.cli.jobs", "What is scheduled here: last results, logs, next times."),
    "params": ("nbops.cli.params", "List what can be set in a notebook."),
    "restore-file": ("nbops.cli.restore", "A file as a run read or wrote it."),
    "env": ("nbops.cli.env", "Show, compare or lock the environment of a run."),
    "forget": ("nbops.cli.forget", "Erase a run, a cell run or a session, in MLflow, too."),
    "check": (
        "nbops.cli.check",
        "Look for hidden state, stale results, missing seeds; --for: for all that stops a job.",
    ),
    "status": ("nbops.cli.upkeep", "Sessions alive, runs on their way, disk use."),
    "sync": ("nbops.cli.upkeep", "Carry everything to MLflow now."),
    "doctor": ("nbops.cli.doctor", "Check the installation, and say what to do."),
    "enable": ("nbops.cli.autostart", "Track every kernel by itself from now on."),
    "disable": ("nbops.cli.autostart", "Undo `enable`."),
}


class _Commands(click.Group):
    """Lists the five words people need first, and imports only what is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*_FIRST, *_MORE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = {**_FIRST, **_MORE}.get(cmd_name)
        if place is None:
            return None
        command: Any = getattr(import_module(place[0]), cmd_name.replace("-", "_"))
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        known = self.list_commands(ctx)
        if args and args[0] not in known:
            near = difflib.get_close_matches(args[0], known, 1)
            hint = f" Did you mean `nbops {near[0]}`?" if near else " `nbops --help` lists them."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, commands in (("Commands", _FIRST), ("More", _MORE)):
            with formatter.section(title):
                formatter.write_dl([(name, about[1]) for name, about in commands.items()])
        with formatter.section("RUN is"):
            formatter.write_text(
                "an id or a unique start of one, a name, last, last~2, or best:metrics.auc:max"
            )


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 it failed, 2 what was typed cannot be meant.",
)
@click.version_option(__version__, prog_name="nbops")
@click.option("--debug", is_flag=True, help="On an error, show where it came from.")
def app(debug: bool) -> None:
    """Reproducible experimentation for Jupyter.

    In a notebook: %load_ext nbops, %track start. Every cell run is recorded, results become runs in
    MLflow; here you look at them and run notebooks without a person.
    """
