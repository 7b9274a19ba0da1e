"""`nbops restore-file`: a file as a run read or wrote it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from nbops.cli.runs import open_index
from nbops.digests import digest_file
from nbops.errors import Ambiguous, NotFound, UsageError
from nbops.records import DataRef, Document
from nbops.store import Store
from nbops.store.shared import SharedStore
from nbops.workspace import Workspace, find_workspace
from nbops.writing import putting


@click.command(name="restore-file")
@click.argument("run")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where to write it.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def restore_file(run: str, name: str, output: Path | None, force: bool) -> None:
    """Give back the file NAME as RUN read or wrote it.

    NAME is what `nbops show RUN` calls it, its last part, or the start of its digest. Without -o it is
    written beside the original, as NAME with the digest's first letters before the suffix.
    """
    index = open_index()
    ref = find_data(index.document(index.resolve(run)), name)
    kept = kept_file(find_workspace(), ref)
    target = output or _beside(ref)
    if target.exists() and not force:
        raise UsageError(f"{target} is there already.", "Give another place with -o, or --force.")
    with putting(target, "Give another place with -o.") as part:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, part)
    click.echo(f"{target}  {ref.size_bytes} bytes  {ref.digest}")


def find_data(document: Document, name: str) -> DataRef:
    """Data of a run by its name, the last part of it, or the start of its digest.

    Raises
    ------
    NotFound, Ambiguous
        The run saw no such data, or several contents of that name.
    """
    refs = [ref for cell in document.cell_runs for ref in (*cell.reads, *cell.writes)]
    ways: tuple[Callable[[DataRef], bool], ...] = (
        lambda ref: ref.name == name,
        lambda ref: os.path.basename(ref.name) == name,
        lambda ref: (ref.digest or "").partition(":")[2].startswith(name),
    )
    for fits in ways:
        found = {ref.digest: ref for ref in refs if fits(ref)}
        if len(found) > 1:
            digests = ", ".join(str(digest).partition(":")[2][:8] for digest in found)
            raise Ambiguous(
                f"The run saw {name!r} with {len(found)} contents.", f"Take one of {digests}."
            )
        if found:
            return next(iter(found.values()))
    names = ", ".join(sorted({ref.name for ref in refs})[:10])
    raise NotFound(f"The run read and wrote no {name!r}.", f"There are {names}." if names else "")


def kept_file(workspace: Workspace, ref: DataRef) -> Path:
    """Where the content of data is kept.

    Raises
    ------
    NotFound
        It was not kept, or made room for others.
    """
    if ref.kind != "file" or ref.digest is None:
        raise NotFound(f"{ref.name} is a {ref.kind}: only files are kept.")
    path = Store(workspace.kept_data).path_of(ref.digest)
    if not path.exists() and not _fetch(workspace, ref.digest, path):
        hint = (
            "It made room for newer ones."
            if ref.kept
            else "keep_data in [tool.nbops] sets up to how many MB."
        )
        raise NotFound(f"The content of {ref.name} was not kept.", hint)
    if digest_file(path) != ref.digest:
        raise NotFound(f"The kept copy of {ref.name} is damaged.")
    return path


def _fetch(workspace: Workspace, digest: str, path: Path) -> bool:
    """Bring a copy from the store that a team shares, where there is one."""
    url = workspace.settings.store
    return bool(url) and SharedStore(str(url)).fetch(digest, path)


def _beside(ref: DataRef) -> Path:
    path = Path(os.path.basename(ref.name))
    digest = (ref.digest or "").partition(":")[2][:8]
    return path.with_name(f"{path.stem}-{digest}{path.suffix}")
