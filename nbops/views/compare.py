"""Two to fifty runs compared: as text, Markdown and HTML."""

import re
from collections.abc import Sequence

from nbops.comparison import RunTable
from nbops.comparison.compare import show
from nbops.comparison.many import Difference, MetricRow
from nbops.comparison.names import label_of
from nbops.store import Store
from nbops.views.compare_html import body_of, document_of, show_difference
from nbops.views.rows import say_rows
from nbops.views.text import cut, page, text_table
from nbops.views.why import TITLES, WhyView, say_conclusions, say_delta

_WIDEST = 44
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


class CompareView:
    """What differs between runs; shows itself in a notebook and in a terminal.

    Parameters
    ----------
    table
        The comparison.
    store
        Where what cells showed is read.
    """

    def __init__(self, table: RunTable, store: Store | None = None) -> None:
        self.table = table
        self._store = store

    @property
    def differences(self) -> tuple[Difference, ...]:
        """One thing each, with its value in each run."""
        return self.table.differences

    @property
    def metrics(self) -> tuple[MetricRow, ...]:
        return self.table.metrics

    def __str__(self) -> str:
        if len(self.table.pairs) == 1 and all(row.differs for row in self.differences):
            return str(WhyView(self.table.pairs[0]))
        header = ["", *self._names]
        lines = [self.table.sentence, *(trend.sentence for trend in self.table.trends)]
        lines += ["", text_table(header, self._started)]
        if self.metrics:
            lines += ["", text_table(["Metrics", *self._names], self._metric_rows())]
        for kind, title in TITLES.items():
            rows = [_texts(row) for row in self.differences if row.kind == kind]
            if rows:
                lines += ["", text_table([title, *self._names], rows)]
        lines += ["", *(f"Not known: {reason}." for reason in self.table.unknown)]
        return "\n".join(lines).rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return page(body_of(self.table, self._store))

    def to_html(self) -> str:
        """One file that needs no other: light and dark, with diffs, curves and figures; nothing in it runs."""
        return document_of(self.table, self._store)

    def to_markdown(self) -> str:
        """Tables for an issue or a pull request."""
        table = self.table
        parts = [f"**{_mark(table.sentence)}**"]
        if len(table.pairs) == 1:
            parts += [_mark(line) for line in say_conclusions(table.pairs[0])]
        parts += [_mark(trend.sentence) for trend in table.trends]
        if self.metrics:
            parts.append(_markdown_table(["Metrics", *self._names], self._metric_rows()))
        for kind, title in TITLES.items():
            rows = [_texts(row) for row in self.differences if row.kind == kind]
            if rows:
                parts.append(_markdown_table([title, *self._names], rows))
        for pair in table.pairs if len(table.pairs) == 1 else ():
            for change in pair.changes:
                told = [f"{change.name}: {text}" for text in say_rows(change)]
                parts += [_mark(text) for text in told]
                found = change.diff or (change.rows.lines if change.rows else ())
                lines = [f"{_PREFIX[line.op]}{line.text}" for line in found]
                parts += [_fenced("diff", lines)] if lines else []
        parts += [f"Not known: {_mark(reason)}." for reason in table.unknown]
        return "\n\n".join(parts) + "\n"

    @property
    def _names(self) -> list[str]:
        return [
            f"{label_of(number)} {cut(run.name, 20)}" for number, run in enumerate(self.table.runs)
        ]

    @property
    def _started(self) -> list[list[str]]:
        return [["id", *(run.run_id[:8] for run in self.table.runs)]]

    def _metric_rows(self) -> list[list[str]]:
        return [
            [row.name, *(_metric(row, number) for number in range(len(row.values)))]
            for row in self.metrics
        ]


_PREFIX = {"same": "  ", "removed": "- ", "added": "+ ", "gap": "@@"}


def _metric(row: MetricRow, number: int) -> str:
    delta = row.deltas[number] if number else None
    moved = f" ({say_delta(row.goal, delta)})" if delta else ""
    return f"{show(row.values[number])}{moved}"


def _texts(row: Difference) -> list[str]:
    cells = []
    for value, note in zip(row.values, row.notes, strict=True):
        text = show_difference(row.kind, value, note)
        says_more = note not in ("", "differs") and row.kind in ("data", "code", "order")
        cells.append(cut(f"{text} ({note})".strip() if says_more else text or f"({note})", _WIDEST))
    return [cut(row.name, _WIDEST), *cells]


def _mark(text: str) -> str:
    """Text with what Markdown or HTML would take for its own."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    is_rule = [number == 1 for number in range(len(lines))]
    return "\n".join(
        f"| {' | '.join(line if rule else [_mark(text) for text in line])} |"
        for line, rule in zip(lines, is_rule, strict=True)
    )


def _fenced(kind: str, lines: Sequence[str]) -> str:
    """A block whose fence is longer than any in it."""
    text = "\n".join(lines)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text}\n{fence}"
