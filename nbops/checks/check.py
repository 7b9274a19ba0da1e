"""All checks, in the order in which a person reads them: by cell, then by kind."""

from collections.abc import Collection, Iterable, Iterator

from nbops.checks.cells import Notebook
from nbops.checks.chance import check_chance
from nbops.checks.declared import check_declared
from nbops.checks.findings import KINDS, Finding
from nbops.checks.links import check_links
from nbops.checks.paths import check_paths
from nbops.checks.silence import silenced_kinds
from nbops.checks.staleness import check_staleness
from nbops.checks.standing import check_standing
from nbops.checks.subject import Subject
from nbops.checks.surroundings import Surroundings
from nbops.records import CellRun, Run


def check_notebook(
    notebook: Notebook,
    runs: Iterable[CellRun],
    around: Surroundings,
    *,
    ignore: Collection[str] = (),
) -> list[Finding]:
    """Check a notebook: the results that it shows, where they were recorded, and its text.

    Parameters
    ----------
    runs
        Cell runs of one session of it; without any, only the text is looked at.
    ignore
        Kinds not to look for.
    """
    ran = tuple(runs)
    return _check(Subject(notebook.with_unsaved(ran), ran), around, ignore)


def check_run(
    run: Run,
    runs: Iterable[CellRun],
    notebook: Notebook,
    around: Surroundings,
    *,
    ignore: Collection[str] = (),
) -> list[Finding]:
    """Check whether the notebook, as it stands, could give a run again.

    Parameters
    ----------
    runs
        All cell runs of its session: some may have changed what others of the run used.
    """
    wanted = frozenset((*run.cell_run_ids, *run.depends_on, *run.imports_from))
    return _check(Subject(notebook, tuple(runs), wanted), around, ignore)


def _check(subject: Subject, around: Surroundings, ignore: Collection[str]) -> list[Finding]:
    found = [finding for finding in _findings(subject, around) if finding.kind not in ignore]
    kept = [finding for finding in found if finding.kind not in _silenced(subject, finding)]
    kinds = list(KINDS)
    return sorted(kept, key=lambda one: (_place(one), kinds.index(one.kind)))


def _place(finding: Finding) -> tuple[bool, int]:
    """By position; what is not in the notebook comes last."""
    return finding.position is None, finding.position or finding.execution_count or 0


def _findings(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    linked = list(check_links(subject))
    yield from linked
    if subject.only is None:  # what the record says of a cell, its text need not say again
        told = {(finding.kind, finding.position) for finding in linked}
        for finding in check_standing(subject):
            if (finding.kind, finding.position) not in told:
                yield finding
    yield from check_staleness(subject, around)
    yield from check_chance(subject)
    yield from check_declared(subject, around)
    yield from check_paths(subject, around)


def _silenced(subject: Subject, finding: Finding) -> frozenset[str]:
    """Kinds that are silenced in the finding's cell, as it stands or, if it is gone, as it ran."""
    if finding.position is not None:
        return silenced_kinds(subject.notebook.cells[finding.position])
    ran = [cell for cell in subject.ran if cell.cell_id == finding.cell_id]
    return silenced_kinds(ran[-1]) if ran else frozenset()
