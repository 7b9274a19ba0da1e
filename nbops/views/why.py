"""What differs between two runs, in words."""

from collections.abc import Iterable

from nbops.comparison import Change, Comparison, DiffLine, Side
from nbops.comparison.compare import show, show_delta
from nbops.comparison.conclusions import what_would_tell
from nbops.comparison.goals import Goal, is_better
from nbops.records import Scalar
from nbops.views.rows import say_rows
from nbops.views.text import (
    escape,
    html_table,
    page,
    show_duration,
    show_scalar,
    show_time,
    text_table,
)

TITLES = {
    "param": "Params",
    "data": "Data",
    "code": "Code",
    "order": "Order of execution",
    "seed": "Seeds",
    "module": "Modules",
    "package": "Packages",
    "environment": "Machine",
}
"""Kinds of changes in the order in which people look."""

_MOST_TOLD = 3
_SIGNS = {"same": "  ", "removed": "- ", "added": "+ ", "gap": "…"}


class WhyView:
    """A comparison of two runs."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    def __str__(self) -> str:
        found = self.comparison
        lines = [f"A  {_side(found.a)}", f"B  {_side(found.b)}", "", found.sentence]
        lines += say_conclusions(found)
        metrics = [
            [m.name, show(m.a), show(m.b), say_delta(m.goal, m.delta)] for m in found.metrics
        ]
        if metrics:
            lines += ["", text_table(("Metrics", "A", "B", ""), metrics)]
        for kind, title in TITLES.items():
            changes = [change for change in found.changes if change.kind == kind]
            if changes:
                lines += ["", title, *(self._change(change) for change in changes)]
        lines += ["", self._same] if self._same else []
        lines += [f"Not known: {reason}." for reason in found.unknown]
        lines += [f"Also: {difference}." for difference in found.context]
        return "\n".join(lines)

    __repr__ = __str__

    def _change(self, change: Change) -> str:
        if change.kind != "code":
            lines = change.rows.lines if change.rows else ()
            rows = "".join(f"\n    {text}" for text in say_rows(change))
            rows += "".join(f"\n    {_SIGNS[line.op]}{line.text}" for line in lines)
            return f"  {change.name}: {_from_to(change)}{rows}"
        head = f"  {_cells(change)} {change.name}"
        body = "".join(f"\n    {_SIGNS[line.op]}{line.text}" for line in change.diff)
        return head + (f"  ({change.note})" if change.note else "") + body

    @property
    def _same(self) -> str:
        alike = self.comparison.same.items()
        parts = [f"{n} {kind if n > 1 else kind.removesuffix('s')}" for kind, n in alike if n]
        return f"The same: {', '.join(parts)}." if parts else ""

    def _repr_html_(self) -> str:
        found = self.comparison
        sides = html_table(("", ""), [["A", _side(found.a)], ["B", _side(found.b)]])
        parts = [sides, f"<p><b>{escape(found.sentence)}</b></p>"]
        parts += [f"<p>{escape(line)}</p>" for line in say_conclusions(found)]
        metrics = [
            [m.name, show(m.a), show(m.b), say_delta(m.goal, m.delta)] for m in found.metrics
        ]
        if metrics:
            parts.append(html_table(("Metrics", "A", "B", ""), metrics))
        for kind, title in TITLES.items():
            changes = [change for change in found.changes if change.kind == kind]
            if changes:
                parts.append(f"<b>{title}</b>")
                parts.append(_html_changes(changes))
        soft = [self._same, *(f"Not known: {reason}." for reason in found.unknown)]
        soft += [f"Also: {difference}." for difference in found.context]
        parts += [f'<p class="soft">{escape(line)}</p>' for line in soft if line]
        return page("".join(parts))


def say_conclusions(comparison: Comparison) -> list[str]:
    """What can be concluded, where that is more than the comparison's own sentence says."""
    told = [
        conclusion.sentence
        for conclusion in comparison.conclusions
        if conclusion.says not in ("cannot_tell", "no_cause_recorded") or conclusion.pairs
    ]
    more = [f"{len(told) - _MOST_TOLD} more metrics moved."] if len(told) > _MOST_TOLD else []
    asked = [what_would_tell(each.sentence) for each in comparison.conclusions if not each.pairs]
    return [*told[:_MOST_TOLD], *more, *dict.fromkeys(filter(None, asked))]


def say_delta(goal: Goal | None, delta: float | None) -> str:
    """What a metric moved by, and whether that is for the better where its name tells.

    >>> say_delta("higher", 0.2), say_delta("lower", 0.2), say_delta(None, 0.2), say_delta(None, None)
    ('+0.2 better', '+0.2 worse', '+0.2', '')
    """
    better = is_better(goal, delta)
    return show_delta(delta) + ("" if better is None else " better" if better else " worse")


def _html_changes(changes: list[Change]) -> str:
    if changes[0].kind != "code":
        rows = [[c.name, show_scalar(c.a), show_scalar(c.b), c.note] for c in changes]
        return html_table(("", "A", "B", ""), rows) + "".join(map(html_rows, changes))
    parts = []
    for change in changes:
        note = f' <span class="soft">{escape(change.note)}</span>' if change.note else ""
        parts.append(
            f"<div><code>{escape(_cells(change))} {escape(change.name)}</code>{note}</div>"
            f"{html_lines(change.diff)}"
        )
    return "".join(parts)


def html_rows(change: Change) -> str:
    """Columns and rows of data that differ, escaped."""
    told = "".join(f"<div>{escape(text)}</div>" for text in say_rows(change))
    lines = change.rows.lines if change.rows else ()
    return told + (html_lines(lines) if lines else "")


def html_lines(lines: Iterable[DiffLine]) -> str:
    """Lines of a diff, escaped."""
    body = "".join(
        f'<span class="{line.op}">{escape(_SIGNS[line.op] + line.text)}</span>\n' for line in lines
    )
    return f"<pre>{body}</pre>"


def _side(side: Side) -> str:
    count = "" if side.execution_count is None else f" [{side.execution_count}]"
    took = show_duration(side.duration_s)
    return f"{side.name} ({side.run_id[:8]}) · {side.session_name}{count} · {show_time(side.started_at)} · {took}"


def _cells(change: Change) -> str:
    counts = [f"[{count}]" for count in (change.a, change.b) if count is not None]
    return " → ".join(dict.fromkeys(counts))


def _from_to(change: Change) -> str:
    values: tuple[Scalar, Scalar] = (change.a, change.b)
    text = " → ".join(show_scalar(value) for value in values)
    return f"{text}  ({change.note})" if change.note else text
