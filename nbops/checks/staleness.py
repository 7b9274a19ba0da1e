"""Kind `stale`, for what lies outside of the notebook: files and local modules that changed since."""

from collections.abc import Iterator

from nbops.checks.findings import Finding, found_in, listed
from nbops.checks.subject import Subject
from nbops.checks.surroundings import Surroundings
from nbops.checks.timeline import Step
from nbops.records import DataRef


def check_staleness(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Files and modules that are other than when the cell read them."""
    known: dict[tuple[str, str | None], bool | None] = {}

    def has_changed(ref: DataRef) -> bool | None:
        key = (ref.uri, ref.digest)
        if key not in known:
            known[key] = around.has_changed(ref)
        return known[key]

    for step in subject.results:
        run = step.cell.run
        if run is None:
            continue
        data = [ref.name for ref in _read_from_outside(subject, step) if has_changed(ref)]
        if data:
            message = f"It read {listed(list(set(data)))}, which changed since."
            yield found_in(step.cell, "stale", message, "Run it again, and then what uses it.")
        modules = [ref.path for ref in run.modules if around.has_changed_module(ref)]
        if modules:
            message = f"It imported {listed(modules)}, which changed since."
            yield found_in(step.cell, "stale", message, "Restart the kernel and run all cells.")


def _read_from_outside(subject: Subject, step: Step) -> list[DataRef]:
    """What a cell read that no cell has written since: what cells write, `links` follows."""
    run = step.cell.run
    if run is None:
        return []
    written = {
        ref.uri
        for cell in subject.ran
        if cell.run and cell.run.seq >= run.seq
        for ref in cell.run.writes
    }
    return [ref for ref in run.reads if ref.digest and ref.uri not in written]
