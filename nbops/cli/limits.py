"""Options that all commands have that run notebooks."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from nbops.jobs.engines import EngineChoice

_Command = TypeVar("_Command", bound=Callable[..., Any])

_SECONDS = click.FloatRange(0, min_open=True)


def limits(command: _Command) -> _Command:
    """Add `--timeout`, `--cell-timeout` and `--retries`: `timeout_s`, `cell_timeout_s` and `retries`."""
    add = click.option(
        "--cell-timeout",
        "cell_timeout_s",
        metavar="SECONDS",
        type=_SECONDS,
        help="End it when a cell takes longer.",
    )
    return whole_limits(add(command))


def whole_limits(command: _Command) -> _Command:
    """Add `--timeout` and `--retries` alone."""
    options = (
        click.option(
            "--timeout",
            "timeout_s",
            metavar="SECONDS",
            type=_SECONDS,
            help="End it after this time.",
        ),
        click.option(
            "--retries",
            metavar="N",
            type=click.IntRange(0),
            default=0,
            help="Try again up to N times when it fails.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


max_parallel = click.option(
    "--max-parallel",
    metavar="N",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many of its runs may be under way at once.",
)

expect_env = click.option(
    "--expect-env",
    metavar="RUN|LOCK",
    help="Start only in the environment that RUN had, or LOCK lists.",
)

warm = click.option(
    "--warm",
    "is_warm",
    is_flag=True,
    help="Fork the kernel from a process that has imported what the notebook imports.",
)


def crew(command: _Command) -> _Command:
    """Add `--engine`, `--scheduler`, `--workers`, which `read_engine` reads, and `--memory`."""
    options = (
        click.option(
            "--workers",
            metavar="N",
            type=click.IntRange(1),
            help="How many jobs run at once, as far as memory allows; 1, or all that a cluster has.",
        ),
        click.option(
            "--engine",
            metavar="NAME",
            default="local",
            show_default=True,
            help="Where they run: local, or dask for a cluster.",
        ),
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="A cluster that is there already, such as tcp://host:8786.",
        ),
        click.option(
            "--memory",
            metavar="SIZE",
            help="What one job takes, such as 4GB; learnt when not given.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_engine(options: Mapping[str, Any]) -> "EngineChoice":
    """The engine that was chosen."""
    from nbops.jobs.engines import EngineChoice

    return EngineChoice(options["engine"], options["workers"], options["scheduler"])
