"""An environment, and what differs between two."""

from collections.abc import Sequence

from nbops.comparison import Change
from nbops.comparison.environments import describe_origin
from nbops.records import Environment
from nbops.views.text import (
    cut,
    escape,
    html_table,
    page,
    show_scalar,
    show_size,
    text_table,
)


class EnvironmentView:
    """Interpreter, machine, flags, and the packages that tell something.

    Parameters
    ----------
    imported
        Packages that the process had imported.
    is_whole
        Whether to list every package, not just those that were imported, or are not as an index has them.
    """

    def __init__(
        self, environment: Environment, *, whose: str, imported: Sequence[str], is_whole: bool
    ) -> None:
        self.environment = environment
        self._whose = whose
        self._imported = set(imported)
        self._is_whole = is_whole

    def __str__(self) -> str:
        parts = [self._whose, text_table(("", ""), self._facts, indent="  ")]
        if self._packages:
            parts += ["", text_table(_HEADER, self._packages, indent="  ")]
        if self._hidden:
            parts.append(f"  and {self._hidden} more: --all lists them")
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        facts = html_table(("", ""), self._facts)
        packages = html_table(_HEADER, self._packages)
        return page(f"<b>{escape(self._whose)}</b>{facts}{packages}")

    @property
    def _facts(self) -> list[list[str]]:
        found = self.environment
        machine = [found.cpu, f"{found.cpu_count} CPUs" if found.cpu_count else None]
        machine.append(show_size(found.memory_bytes))
        rows = [
            ["Python", f"{found.implementation} {found.python}"],
            ["platform", found.platform],
            ["machine", ", ".join(part for part in machine if part)],
            ["GPUs", " · ".join(found.gpus)],
            ["versions", _pairs(found.accelerators)],
            ["variables", _pairs(found.variables or {}) or _none_of(found.variables)],
            ["packages", self._count],
            ["files", _intact(found.altered)],
        ]
        return [row for row in rows if row[1]]

    @property
    def _count(self) -> str:
        found = self.environment
        kinds = [origin.kind for origin in found.origins.values()]
        words = [f"{len(found.packages)}"]
        if self._imported:
            words.append(f"{len(self._imported & found.packages.keys())} imported")
        for kind, said in _KINDS.items():
            if kind in kinds:
                words.append(f"{kinds.count(kind)} {said}")
        if found.conda:
            words.append(f"{len(found.conda)} in conda's own list")
        return ", ".join(words)

    @property
    def _told(self) -> list[str]:
        found = self.environment
        telling = {*self._imported, *found.origins, *(found.altered or ())}
        if found.conda:  # there, an origin says little
            telling = {*self._imported, *(found.altered or ())}
        return [name for name in found.packages if self._is_whole or name in telling]

    @property
    def _hidden(self) -> int:
        return len(self.environment.packages) - len(self._told)

    @property
    def _packages(self) -> list[list[str]]:
        found, altered = self.environment, self.environment.altered or {}
        rows = []
        for name in self._told:
            origin = found.origins.get(name)
            note = [describe_origin(origin)] if origin else []
            if files := altered.get(name):
                note.append(f"not as installed: {cut(', '.join(files), 80)}")
            imported = "imported" if name in self._imported else ""
            rows.append([name, found.packages[name], imported, "; ".join(note)])
        return rows


_HEADER = ("package", "version", "", "from")
_KINDS = {
    "vcs": "from repositories",
    "archive": "from archives",
    "folder": "from folders of this machine",
    "conda": "from conda",
}


def _pairs(values: dict[str, str]) -> str:
    return "  ".join(f"{name}={cut(value, 60)}" for name, value in values.items())


def _none_of(variables: dict[str, str] | None) -> str:
    return "not known: the process was gone" if variables is None else "none that change results"


def _intact(altered: dict[str, tuple[str, ...]] | None) -> str:
    if altered is None:
        return "not compared with what was installed"
    if not altered:
        return "as installed"
    return f"of {len(altered)} packages not as installed"


class EnvironmentChangesView:
    """What differs between two environments.

    Parameters
    ----------
    sides
        What A and B are.
    same
        How many packages do not differ.
    """

    def __init__(
        self,
        sides: tuple[str, str],
        changes: Sequence[Change],
        *,
        same: int,
        unknown: Sequence[str],
    ) -> None:
        self._sides = sides
        self._changes = changes
        self._same = same
        self._unknown = unknown

    def __str__(self) -> str:
        lines = [f"A  {self._sides[0]}", f"B  {self._sides[1]}", ""]
        for title, kind in (("Packages", "package"), ("Machine", "environment")):
            rows = [_row(change) for change in self._changes if change.kind == kind]
            if rows:
                lines += [text_table((title, "A", "B", ""), rows), ""]
        if not self._changes and not self._unknown:
            lines.append("Nothing that was recorded differs.")
        lines += [f"Not known: {reason}." for reason in self._unknown]
        if self._same:
            lines.append(f"The same: {self._same} packages.")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [_row(change) for change in self._changes]
        head = html_table(("", ""), [["A", self._sides[0]], ["B", self._sides[1]]])
        return page(head + html_table(("", "A", "B", ""), rows))


def _row(change: Change) -> list[str]:
    return [change.name, show_scalar(change.a), show_scalar(change.b), change.note]
