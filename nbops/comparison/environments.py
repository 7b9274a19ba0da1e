"""Which parts of two environments differ: packages by version and origin, interpreter, machine, variables."""

from collections.abc import Iterator

from nbops.comparison.differences import Change
from nbops.records import Document, Environment, Origin, Scalar


def compare_environments(
    a: Document, b: Document, same: dict[str, int], called: str = "B"
) -> tuple[list[Change], list[str]]:
    """Compare what the last cells of two runs, or sessions, ran in.

    Parameters
    ----------
    same
        Gains the count of packages that do not differ.

    Returns
    -------
    Changes, and a line for what is not known on one side.
    """
    one, other = environment_of(a), environment_of(b)
    if one is None or other is None:
        sides = [side for side, found in (("A", one), (called, other)) if found is None]
        return [], [f"packages: those of {' and '.join(sides)} were not listed"]
    own = {a.session.source.git_commit, b.session.source.git_commit} - {None}
    changes = [*_compare_packages(one, other, own, same, called)]
    about = [_describe(one), _describe(other)]
    for name in {**about[0], **about[1]}:
        left, right = about[0].get(name), about[1].get(name)
        if left != right:
            changes.append(Change(kind="environment", name=name, a=left, b=right))
    changes += _compare_variables(one, other)
    return changes, []


def environment_of(document: Document) -> Environment | None:
    """Environment of a run's, or session's, last cell: packages may be installed on the way."""
    digest = environment_digest(document)
    return document.environments.get(digest) if digest else None


def environment_digest(document: Document) -> str | None:
    cells = document.cell_runs
    if len(document.runs) == 1:
        own = set(document.runs[0].cell_run_ids)
        cells = tuple(cell for cell in cells if cell.id in own)
    cells = tuple(cell for cell in cells if cell.status != "before_tracking")
    return cells[-1].environment if cells else document.session.environment


def describe_origin(origin: Origin | None) -> str:
    """Where a package came from, in a few words.

    >>> describe_origin(Origin(kind="vcs", url="git+https://git.io/o/r", commit="3f2c81d" + "0" * 33))
    'git+https://git.io/o/r@3f2c81d'
    """
    if origin is None:
        return "an index"
    if origin.kind == "conda":
        return "conda"
    place = (origin.url or "").removeprefix("file://")
    commit = f"@{origin.commit[:7]}" if origin.commit else ""
    if origin.kind == "archive":
        commit = f" ({origin.hash[7:14]})" if origin.hash else ""
    words = [f"{place}{commit}"]
    if origin.is_editable:
        words.insert(0, "editable")
    if origin.is_dirty:
        words.append("with uncommitted changes")
    return " ".join(words)


def _compare_packages(
    a: Environment,
    b: Environment,
    own: set[str | None],
    same: dict[str, int],
    called: str,
) -> Iterator[Change]:
    for name in {**a.packages, **b.packages}:
        one, other = a.packages.get(name), b.packages.get(name)
        if one != other:
            yield Change(kind="package", name=name, a=one, b=other)
        elif note := _same_version_but(name, a, b, own, called):
            yield Change(kind="package", name=name, a=one, b=other, note=note)
        else:
            same["packages"] = same.get("packages", 0) + 1


def _same_version_but(
    name: str, a: Environment, b: Environment, own: set[str | None], called: str
) -> str:
    """What else differs of a package whose version does not; nothing of the project's own tree.

    Which of that tree's files a run used, and whether they changed, is told from its modules.
    """
    one, other = a.origins.get(name), b.origins.get(name)
    is_own = one and other and own and {one.commit, other.commit} <= own and one.url == other.url
    if one != other and not is_own:
        return f"{describe_origin(one)} → {describe_origin(other)}"
    altered = [(side.altered or {}).get(name, ()) for side in (a, b)]
    if altered[0] == altered[1] or None in (a.altered, b.altered):
        return ""
    if not altered[1]:
        return "files were not as installed in A"
    return f"not as installed in {called}: {', '.join(altered[1][:3])}"


def _describe(environment: Environment) -> dict[str, Scalar]:
    return {
        "Python": f"{environment.implementation} {environment.python}",
        "platform": environment.platform,
        "CPU": environment.cpu,
        "CPU count": environment.cpu_count,
        "GPUs": ", ".join(environment.gpus) or None,
        **environment.accelerators,
    }


def _compare_variables(a: Environment, b: Environment) -> Iterator[Change]:
    if a.variables is None or b.variables is None:  # of one, nothing is known
        return
    for name in {**a.variables, **b.variables}:
        one, other = a.variables.get(name), b.variables.get(name)
        if one != other:
            yield Change(kind="environment", name=name, a=one, b=other)
