"""Kinds `order`, `hidden` and `stale`: what a result took from other cells, against the notebook as it stands."""

from collections.abc import Iterator

from nbops.checks.cells import Cell
from nbops.checks.findings import Finding, found_in, listed
from nbops.checks.keys import builds_on_itself
from nbops.checks.subject import Subject
from nbops.checks.timeline import Step

_IN_ORDER = "Restart the kernel and run all cells from the top."


def check_links(subject: Subject) -> Iterator[Finding]:
    """What results took from cells that are gone, were edited, run again, or stand elsewhere."""
    for step in subject.results:
        judged: dict[tuple[str, str], tuple[Finding, list[str]]] = {}
        for thing, source in _sources(step):
            finding = _judge(subject, step.cell, thing, source)
            if finding is not None:
                key = (finding.kind, finding.message)
                judged.setdefault(key, (finding, []))[1].append(thing)
        for finding, things in judged.values():
            yield _about(finding, things)
        yield from _check_way_between(subject, step)
        yield from _check_draws(subject, step)


_THINGS = "THINGS"
"""Stands in a message for the names that it is about: one finding a cause, not one a name."""


def _about(finding: Finding, things: list[str]) -> Finding:
    from msgspec.structs import replace

    return replace(finding, message=finding.message.replace(_THINGS, listed(things)))


def _sources(step: Step) -> Iterator[tuple[str, Cell]]:
    for name, source in step.sources.items():
        yield f"`{name}`", source
    for name, source in step.files.items():
        yield name, source
    for generator, drawn in step.draws.items():
        if drawn:
            yield f"the seed of {generator[:-2]}", drawn[0]


def _judge(subject: Subject, cell: Cell, thing: str, source: Cell) -> Finding | None:
    """The first thing that is wrong with what a cell took from another one."""
    if source.key == cell.key:
        return None if source is cell else _judge_own(cell, thing, source)
    if newer := subject.newer(source, cell):
        message = f"It used {_THINGS} of {source.label}, which ran again since, as {_count(newer)}."
        return found_in(cell, "stale", message, "Run it again, and then what uses it.")
    notebook, now = subject.notebook, subject.notebook.now(source)
    is_given = source.run is not None and source.run.is_injected  # by a job, as a parameter
    if now is None and notebook.knows(source) and not is_given:
        message = f"It used {_THINGS} of {source.label}, which is not in the notebook."
        return found_in(cell, "hidden", message, "Put that cell back above it, and save.")
    if now is not None and now.code != source.code and notebook.knows(source):
        message = f"It used {_THINGS} of {source.label}, which was edited since."
        return found_in(cell, "hidden", message, "Run that cell as it stands, and then this one.")
    if cell.position is not None and (source.position or 0) > cell.position:
        message = f"It used {_THINGS} of {source.label}, which stands below it."
        return found_in(cell, "order", message, "Move that cell above it, or rename what both use.")
    return None


def _judge_own(cell: Cell, thing: str, source: Cell) -> Finding | None:
    name = thing.strip("`")
    if not builds_on_itself(cell, name):
        return None
    message = (
        f"It changed {_THINGS} that its own earlier run, {_count(source)}, had changed already."
    )
    return found_in(cell, "order", message, _IN_ORDER)


def _count(cell: Cell) -> str:
    return f"[{cell.run.execution_count}]" if cell.run and cell.run.execution_count else "earlier"


def _check_way_between(subject: Subject, step: Step) -> Iterator[Finding]:
    """Names that a cell between would have given another value, had it run in its turn."""
    written = subject.written(step.cell)
    if written is None or step.cell.position is None:
        return
    skipped: dict[int, tuple[Cell, Cell, list[str]]] = {}
    for name, source in step.sources.items():
        between = written.sources.get(name)
        if between is None or between.position is None or source.position is None:
            continue
        is_between = source.position < between.position < step.cell.position
        if is_between and between.code != source.code and _is_lost(step, name, between):
            known = skipped.setdefault(between.position, (between, source, []))
            known[2].append(f"`{name}`")
    for between, source, names in skipped.values():
        ran = subject.latest.get(between.key, between)
        message = (
            f"It used {listed(names)} of {source.label}, and {ran.label}, which stands between "
            "and changes it, did not run after that."
        )
        yield found_in(step.cell, "order", message, "Run that cell, and then this one.")


def _is_lost(step: Step, name: str, between: Cell) -> bool:
    """Whether what a cell does to a name is missing from it, or done in another order."""
    keys = {cell.key: stored for cell, stored in step.changers[name]}
    last = keys.get(step.sources[name].key)
    theirs = keys.get(between.key)
    return theirs is None or last is None or last.meets(theirs)


def _check_draws(subject: Subject, step: Step) -> Iterator[Finding]:
    """Draws from a generator that others have drawn from in another order than the notebook's."""
    written = subject.written(step.cell)
    if written is None:
        return
    for generator, drawn in step.draws.items():
        as_written = written.draws.get(generator)
        if not drawn or not as_written or drawn[0].key != as_written[0].key:
            continue
        if [cell.key for cell in drawn] != [cell.key for cell in as_written]:
            message = (
                f"It drew from {generator[:-2]}, from which other draws were made since "
                f"{drawn[0].label} seeded it than the notebook's order has."
            )
            yield found_in(step.cell, "order", message, _IN_ORDER)
