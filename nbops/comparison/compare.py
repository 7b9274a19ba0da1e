"""Compare two runs, each given as the document of all that it depends on."""

import math
from collections.abc import Iterator, Mapping

from nbops.comparison.code import Paired, compare_code, pair_cells
from nbops.comparison.data import compare_data, derived_changes
from nbops.comparison.differences import Change, Comparison, MetricChange, Side
from nbops.comparison.environments import compare_environments
from nbops.comparison.goals import goal_of
from nbops.comparison.listings import compare_listings
from nbops.comparison.order import compare_order
from nbops.comparison.parts import align
from nbops.comparison.rows import CompareRows
from nbops.comparison.seeds import compare_seeds
from nbops.comparison.shown import compare_outputs
from nbops.records import (
    CellRun,
    Document,
    Number,
    Run,
    Scalar,
    last_value,
    to_float,
)

CANNOT_TELL = "; these records cannot tell which of them did it"


def compare(
    a: Document, b: Document, compare_rows: CompareRows | None = None, *, called: str = "B"
) -> Comparison:
    """Tell what differs between two runs.

    Parameters
    ----------
    a, b
        Documents of one run each, as `Replay.document(run_id)` gives them.
    compare_rows
        Who compares kept copies of data; which rows differ is not told without.
    called
        What the texts call `b`; `a` is A.

    Returns
    -------
    Metrics, changes in the order in which people look for them (parameters, data, code, modules,
    packages, machine), counts of what is the same, and what cannot be told.
    """
    run_a, run_b = a.runs[0], b.runs[0]
    same: dict[str, int] = {}
    if not (a.session.id and b.session.id):
        return _compare_found(a, b, called)
    one, other = align(a, b)
    params = list(_compare_values("param", one.params, other.params, same, "parameters"))
    followed = one.cells, other.cells
    data, unknown = compare_data(*followed, same, compare_rows, called)
    names, not_seen = compare_listings(*followed, same, called)
    paired = pair_cells(*followed)
    code = compare_code(paired, params, same, called)
    order = compare_order(paired, called)
    seeds = compare_seeds(*followed)
    modules = list(_compare_modules(a.cell_runs, b.cell_runs, same))
    machine, not_listed = compare_environments(a, b, same, called)
    changes = (*params, *data, *names, *code, *order, *seeds, *modules, *machine)
    metrics = tuple(_compare_metrics(run_a, run_b))
    return Comparison(
        a=side_of(a),
        b=side_of(b),
        metrics=metrics,
        changes=changes,
        same=same,
        unknown=(*unknown, *not_seen, *not_listed),
        context=(*sorted(derived_changes(*followed)), *_compare_source(a, b, called)),
        sentence=_sentence(metrics, changes, bool(unknown or not_seen or not_listed)),
        around=tuple(_compare_tree(a, b)),
        outputs=tuple(compare_outputs([*paired, *_pair_shown(a, b)])),
    )


def _pair_shown(a: Document, b: Document) -> Iterator[Paired]:
    """Cells after both runs that showed something of them; one that was run after the other alone says nothing."""
    for one, other in pair_cells(a.shown, b.shown):
        if one and other:
            yield one, other


def _compare_found(a: Document, b: Document, called: str) -> Comparison:
    """Compare runs of which one was found in MLflow, where only metrics and params are known, as text."""
    same: dict[str, int] = {}
    left, right = _as_texts(a.runs[0]), _as_texts(b.runs[0])
    params = list(_compare_values("param", left, right, same, "parameters"))
    metrics = tuple(_compare_metrics(a.runs[0], b.runs[0]))
    sides = [side for side, found in (("A", a), (called, b)) if not found.session.id]
    unknown = (f"code, data and packages: {' and '.join(sides)} was made without nbops",)
    return Comparison(
        a=side_of(a),
        b=side_of(b),
        metrics=metrics,
        changes=tuple(params),
        same=same,
        unknown=unknown,
        sentence=_sentence(metrics, tuple(params), has_unknown=True),
    )


def _as_texts(run: Run) -> dict[str, str]:
    return {name: str(value) for name, value in run.params.items()}


def side_of(document: Document) -> Side:
    """What a comparison says of a run."""
    run = document.runs[0]
    cells = [cell for cell in document.cell_runs if cell.id in run.cell_run_ids]
    is_one = run.origin != "job" and cells
    return Side(
        run_id=run.id,
        name=run.name,
        session_name=document.session.name,
        execution_count=cells[0].execution_count if is_one else None,
        started_at=run.started_at,
        duration_s=(run.ended_at - run.started_at).total_seconds() if run.ended_at else None,
        status=run.status,
    )


def _compare_metrics(a: Run, b: Run) -> Iterator[MetricChange]:
    for name in {**a.metrics, **b.metrics}:
        one = last_value(a.metrics[name]) if name in a.metrics else None
        other = last_value(b.metrics[name]) if name in b.metrics else None
        yield MetricChange(
            name=name, a=one, b=other, delta=delta_of(one, other), goal=goal_of(name)
        )


def delta_of(a: Number | None, b: Number | None) -> float | None:
    """How far B's value is from A's; None unless both are finite numbers."""
    if a is None or b is None:
        return None
    delta = to_float(b) - to_float(a)
    return delta if math.isfinite(delta) else None


def _compare_values(
    kind: str,
    a: Mapping[str, Scalar] | Mapping[str, str],
    b: Mapping[str, Scalar] | Mapping[str, str],
    same: dict[str, int],
    plural: str,
) -> Iterator[Change]:
    for name in {**a, **b}:
        one, other = a.get(name), b.get(name)
        if one == other and (name in a) == (name in b):
            same[plural] = same.get(plural, 0) + 1
        else:
            yield Change(kind=kind, name=name, a=one, b=other)  # type: ignore[arg-type]


def _compare_modules(
    a: tuple[CellRun, ...], b: tuple[CellRun, ...], same: dict[str, int]
) -> Iterator[Change]:
    one = {module.path: module.digest for cell in a for module in cell.modules}
    other = {module.path: module.digest for cell in b for module in cell.modules}
    for path in {**one, **other}:
        if path in one and path in other and one[path] == other[path]:
            same["modules"] = same.get("modules", 0) + 1
        elif path in one and path in other:
            yield Change(
                kind="module", name=path, a=_short(one[path]), b=_short(other[path]), note="edited"
            )
        # A module that only one side imported in these cells was imported earlier by the other.


def _compare_source(a: Document, b: Document, called: str) -> Iterator[str]:
    one, other = a.session.source, b.session.source
    if one.git_commit != other.git_commit:
        yield f"git commit {_commit(one.git_commit)} → {_commit(other.git_commit)}"
    if one.is_dirty != other.is_dirty and other.is_dirty:
        yield f"the git tree has uncommitted changes in {called} only"


def _compare_tree(a: Document, b: Document) -> Iterator[Change]:
    one, other = a.session.source, b.session.source
    for name, left, right in (
        ("commit", one.git_commit, other.git_commit),
        ("branch", one.git_branch, other.git_branch),
        ("uncommitted changes", one.patch_digest, other.patch_digest),
    ):
        if left != right:
            yield Change(kind="git", name=name, a=left, b=right)


def _commit(commit: str | None) -> str:
    return commit[:7] if commit else "none"


def _short(digest: str | None) -> str:
    return digest.partition(":")[2][:7] if digest else "unknown"


def _sentence(
    metrics: tuple[MetricChange, ...], changes: tuple[Change, ...], has_unknown: bool
) -> str:
    moved = [metric for metric in metrics if metric.delta]
    parts = [f"{m.name} {show(m.a)} → {show(m.b)} ({show_delta(m.delta)})" for m in moved[:3]]
    lead = ", ".join(parts) + ". " if parts else ""
    if not parts and metrics and any(metric.a is not None for metric in metrics):
        lead = "No metric moved. "
    if not changes:
        rest = "Nothing that was recorded changed"
        return f"{lead}{rest}{', but not all could be compared' if has_unknown else ''}."
    gap = " Not all could be compared." if has_unknown else ""
    if len(changes) == 1:
        return f"{lead}One recorded thing changed.{gap}"
    closing = CANNOT_TELL if moved else ""
    return f"{lead}{len(changes)} recorded things changed{closing}.{gap}"


def show(value: Number | None) -> str:
    """A metric's value with five digits that count."""
    if value is None:
        return "–"  # noqa: RUF001
    if isinstance(value, str):
        return value
    return f"{value:.5g}"


def show_delta(delta: float | None) -> str:
    return "" if not delta else f"{delta:+.3g}".replace("-", "−")  # noqa: RUF001
