"""`nbops env`: the environment that a run had, as a table, as a lock, or beside another one."""

import sys

import click

from nbops.cli.runs import open_index
from nbops.comparison.environments import compare_environments, environment_digest, environment_of
from nbops.errors import NbopsError, UsageError
from nbops.index.queries import Index
from nbops.records import FORMAT, Document, Environment, to_json


@click.command()
@click.argument("run", default="last")
@click.option("--lock", is_flag=True, help="Print requirements with hashes, to install it again.")
@click.option("--diff", "other", metavar="OTHER", help="Tell what differs from RUN to OTHER.")
@click.option("--all", "is_whole", is_flag=True, help="List every package.")
@click.option("--no-hashes", is_flag=True, help="With --lock: ask no index.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def env(
    run: str, lock: bool, other: str | None, is_whole: bool, no_hashes: bool, as_json: bool
) -> None:
    """Show the environment that RUN, or a session, had: packages, Python, machine, flags.

    Packages are listed when they were imported, or when they did not come from an index: from a
    repository, an archive, a folder of this machine. "files" tells whether what is installed is still
    what its installer put there.

    To install it again, elsewhere or later:

    \b
        nbops env last --lock > lock.txt
        uv venv --python 3.11 again && uv pip sync --python again lock.txt

    Hashes are asked of the index that pip or uv is configured for, once, and kept. What only this
    machine has is named in the lock and on stderr.

    Exit codes: 0 done, 1 it was not recorded, 2 what was typed cannot be meant.
    """  # noqa: D301 - click wants the character itself
    if lock and (other or as_json):
        raise UsageError("--lock goes with neither --diff nor --json.", "Ask twice.")
    if no_hashes and not lock:
        raise UsageError("--no-hashes says how to --lock.")
    index = open_index()
    document = _find(index, run)
    if other is not None:
        _print_changes(document, _find(index, other), as_json=as_json)
        return
    environment = _environment(document, run)
    if lock:
        _print_lock(document, environment, with_hashes=not no_hashes)
    elif as_json:
        known = {"format": FORMAT, "digest": environment_digest(document)}
        _print_json({**known, "environment": environment, "imported": document.imported})
    else:
        from nbops.views.environment import EnvironmentView

        whose, imported = _name(document), document.imported
        click.echo(
            str(EnvironmentView(environment, whose=whose, imported=imported, is_whole=is_whole))
        )


def _find(index: Index, word: str) -> Document:
    return index.document(index.resolve(word))


def _environment(document: Document, word: str) -> Environment:
    environment = environment_of(document)
    if environment is None:
        raise NbopsError(
            f"The packages of {word} were not listed.",
            "They are, in the background, unless they change or the machine stops before that.",
        )
    return environment


def _name(document: Document) -> str:
    session = document.session
    if len(document.runs) != 1:
        return f"session {session.name} ({session.id})"
    run = document.runs[0]
    return f"{run.name} ({run.id}) · session {session.name}"


def _print_json(value: object) -> None:
    click.echo(to_json(value, indent=2).decode())


def _print_changes(a: Document, b: Document, *, as_json: bool) -> None:
    from nbops.views.environment import EnvironmentChangesView

    same: dict[str, int] = {}
    changes, unknown = compare_environments(a, b, same)
    count = same.get("packages", 0)
    if as_json:
        about = {"format": FORMAT, "a": environment_digest(a), "b": environment_digest(b)}
        _print_json({**about, "changes": changes, "same": count, "unknown": unknown})
        return
    sides = _name(a), _name(b)
    click.echo(str(EnvironmentChangesView(sides, changes, same=count, unknown=unknown)))


def _print_lock(document: Document, environment: Environment, *, with_hashes: bool) -> None:
    from tqdm import tqdm

    from nbops.requirements import Hashes, find_indexes, from_indexes, make_lock
    from nbops.views.lock import LockView

    indexes, looked = find_indexes(), None
    if with_hashes:
        packages = from_indexes(environment)
        quiet = not sys.stderr.isatty()
        with tqdm(total=len(packages), desc="hashes", disable=quiet, leave=False) as bar:
            looked = Hashes(indexes).look_up(packages, bar.update)
    made = make_lock(environment, looked.hashes if looked else {})
    view = LockView(environment, made, whose=_name(document), looked=looked, indexes=indexes)
    click.echo(str(view), nl=False)
    for package in made.missing:
        click.echo(f"nbops: not in the lock, since only that machine had it: {package}", err=True)
    for package in looked.unknown if looked else ():
        click.echo(f"nbops: no index has {package} {environment.packages[package]}", err=True)
    if looked and looked.reason:
        click.echo(f"nbops: without all hashes: {looked.reason}.", err=True)
