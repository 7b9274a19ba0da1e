"""Kind `stale`, for what lies outside of the notebook: files and local modules that changed since."""

from collections.abc import Iterator

from nbops.checks.findings import Finding, found_in, listed
from nbops.checks.subject import Subject
from nbops.checks.surroundings import Surroundings
from nbops.records import DataRef


def check_staleness(subject: Subject, around: Surroundings) -> Iterator[Finding]:
    """Files and modules that are other than when the cell read them."""
    known: dict[tuple[str, str | None], bool | None] = {}

    def has_changed(ref: DataRef) -> bool | None:
        key = (ref.uri, ref.digest)
        if key not in known:
            known[key] = around.has_changed(ref)
        return known[key]

    written = _last_written(subject)
    for step in subject.results:
        run = step.cell.run
        if run is None:
            continue
        outside = [ref for ref in run.reads if ref.digest and written.get(ref.uri, -1) < run.seq]
        data = [ref.name for ref in outside if has_changed(ref)]
        data += [one.label for one in run.listings if around.has_other_names(one, written)]
        if data:
            message = f"It read {listed(list(set(data)))}, which changed since."
            yield found_in(step.cell, "stale", message, "Run it again, and then what uses it.")
        modules = [ref.path for ref in run.modules if around.has_changed_module(ref)]
        if modules:
            message = f"It imported {listed(modules)}, which changed since."
            yield found_in(step.cell, "stale", message, "Restart the kernel and run all cells.")


def _last_written(subject: Subject) -> dict[str, int]:
    """The last cell run that wrote each file: what cells write after it was read, `links` follows."""
    return {ref.uri: cell.run.seq for cell in subject.ran if cell.run for ref in cell.run.writes}
