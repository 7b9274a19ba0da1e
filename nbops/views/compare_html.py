"""A comparison as HTML, of which nothing runs.

Names, code and outputs come from runs and are hostile: all of it is escaped, of outputs only text and
images are shown, and the file's own policy lets nothing run or load.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence

from nbops.comparison import Comparison, RunTable
from nbops.comparison.compare import show, show_delta
from nbops.comparison.goals import is_better
from nbops.comparison.many import MetricRow
from nbops.comparison.names import label_of
from nbops.records import MetricPoint, OutputRef, Scalar, to_float
from nbops.store import Store
from nbops.views.text import cut, escape, show_duration, show_scalar, show_time
from nbops.views.why import TITLES, html_lines, html_rows, say_conclusions

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_MOST_IMAGE_BYTES = 4_000_000
_LONGEST_TEXT = 4000
_COLOURS = ("--a", "--b", "--c", "--d", "--e")
_WIDTH, _HEIGHT = 320, 90

_STYLE = """
:root{color-scheme:light dark;--page:#fff;--text:#1a1a1a;--soft:#595959;--line:#d9d9d9;--box:#f5f5f5;
--add:#e3f4e4;--del:#fbe4e4;--good:#1b6e20;--bad:#b3261e;--a:#595959;--b:#1565c0;--c:#b35900;--d:#6a1b9a;--e:#00695c}
@media(prefers-color-scheme:dark){:root{--page:#161616;--text:#ececec;--soft:#b0b0b0;--line:#3d3d3d;--box:#222;
--add:#17361a;--del:#451c1a;--good:#81c784;--bad:#f2938c;--a:#b0b0b0;--b:#64b5f6;--c:#ffb74d;--d:#ce93d8;--e:#4db6ac}}
body{background:var(--page);color:var(--text);font:14px/1.45 system-ui,sans-serif;max-width:1200px;margin:24px auto;
padding:0 16px}
"""
_PARTS_STYLE = """<style>
.nbops-compare h3{margin:18px 0 4px;font-size:1.05em}
.nbops-compare .scroll{overflow-x:auto}
.nbops-compare table{border-collapse:collapse;font-variant-numeric:tabular-nums}
.nbops-compare th,.nbops-compare td{text-align:left;vertical-align:top;padding:3px 14px 3px 0;
border-bottom:1px solid var(--line,var(--jp-border-color2,#ddd));overflow-wrap:anywhere}
.nbops-compare .same td{opacity:.75}
.nbops-compare pre,.nbops-compare code{font:12px/1.4 ui-monospace,monospace}
.nbops-compare pre{background:var(--box,var(--jp-layout-color2,#f5f5f5));padding:6px 8px;white-space:pre-wrap;
overflow-wrap:anywhere;margin:4px 0}
.nbops-compare .added{background:var(--add,color-mix(in srgb,var(--jp-success-color1,#388e3c) 18%,transparent))}
.nbops-compare .removed{background:var(--del,color-mix(in srgb,var(--jp-error-color1,#d32f2f) 16%,transparent))}
.nbops-compare .soft{color:var(--soft,var(--jp-ui-font-color2,#595959))}
.nbops-compare .better{color:var(--good,var(--jp-success-color0,#1b6e20))}
.nbops-compare .worse{color:var(--bad,var(--jp-error-color0,#b3261e))}
.nbops-compare .sides{display:grid;grid-template-columns:1fr 1fr;gap:12px}
.nbops-compare img,.nbops-compare svg{max-width:100%;height:auto}
</style>"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document_of(table: RunTable, store: Store | None) -> str:
    """One whole HTML file."""
    title = escape(" and ".join(run.name for run in table.runs[:3]))
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{body_of(table, store)}</body></html>"
    )


def body_of(table: RunTable, store: Store | None) -> str:
    """What stands in it."""
    parts = [f"<p><b>{escape(table.sentence)}</b></p>"]
    if len(table.pairs) == 1:
        parts += [f"<p>{escape(line)}</p>" for line in say_conclusions(table.pairs[0])]
    parts += [f"<p>{escape(trend.sentence)}</p>" for trend in table.trends]
    parts.append(_runs(table))
    parts.append(_metrics(table))
    parts += [_section(table, kind, title) for kind, title in TITLES.items()]
    parts += [_pair(table, number, store) for number in range(len(table.pairs))]
    same = ", ".join(
        f"{count} {kind if count > 1 else kind.removesuffix('s')}"
        for kind, count in table.same.items()
        if count
    )
    parts += [f'<p class="soft">The same: {escape(same)}.</p>'] if same else []
    parts += [f'<p class="soft">Not known: {escape(reason)}.</p>' for reason in table.unknown]
    return f'{_PARTS_STYLE}<div class="nbops-compare">{"".join(parts)}</div>'


def _runs(table: RunTable) -> str:
    rows = [
        ["", *(f"<b>{label_of(n)}</b> {escape(run.name)}" for n, run in enumerate(table.runs))],
        ["id", *(f"<code>{escape(run.run_id[:8])}</code>" for run in table.runs)],
        ["started", *(escape(show_time(run.started_at)) for run in table.runs)],
        ["took", *(escape(show_duration(run.duration_s)) for run in table.runs)],
        ["status", *(escape(run.status) for run in table.runs)],
    ]
    return _table(rows)


def _metrics(table: RunTable) -> str:
    if not table.metrics:
        return ""
    header = ["", *(f"<b>{label_of(number)}</b>" for number in range(len(table.runs)))]
    rows = [header]
    for row in table.metrics:
        rows.append([escape(row.name), *(_metric(row, n) for n in range(len(row.values)))])
        if row.curves:
            rows.append(["", _curves(row.curves)])
    return f"<h3>Metrics</h3>{_table(rows)}"


def _metric(row: MetricRow, number: int) -> str:
    delta = row.deltas[number] if number else None
    better = is_better(row.goal, delta)
    word = "" if better is None else ("better" if better else "worse")
    moved = f' <span class="{word}">{escape(show_delta(delta))} {word}</span>' if delta else ""
    return f"{escape(show(row.values[number]))}{moved}"


def _curves(curves: Sequence[Sequence[MetricPoint]]) -> str:
    """Curves of one metric over each other; the baseline is dashed."""
    points = [[(float(s), to_float(v)) for s, v, _ in curve] for curve in curves]
    finite = [(x, y) for curve in points for x, y in curve if abs(y) < float("inf")]
    if not finite:
        return ""
    low_x, high_x = min(x for x, _ in finite), max(x for x, _ in finite)
    low_y, high_y = min(y for _, y in finite), max(y for _, y in finite)
    width, height = (high_x - low_x) or 1, (high_y - low_y) or 1
    lines = []
    for number, curve in enumerate(points):
        place = " ".join(
            f"{(x - low_x) / width * _WIDTH:.1f},{_HEIGHT - (y - low_y) / height * _HEIGHT:.1f}"
            for x, y in curve
            if abs(y) < float("inf")
        )
        dash = "" if number else ' stroke-dasharray="4 3"'
        colour = _COLOURS[number % len(_COLOURS)]
        lines.append(
            f'<polyline points="{place}" fill="none" stroke="var({colour},currentColor)" stroke-width="1.5"{dash}/>'
        )
    text = f"{show(low_y)} to {show(high_y)}"
    return (
        f'<svg viewBox="-2 -2 {_WIDTH + 4} {_HEIGHT + 4}" width="{_WIDTH}" height="{_HEIGHT}" role="img"'
        f' aria-label="curves, {text}">{"".join(lines)}</svg><div class="soft">{text}</div>'
    )


def _section(table: RunTable, kind: str, title: str) -> str:
    rows = []
    for row in table.differences:
        if row.kind != kind:
            continue
        cells = [escape(row.name)]
        for value, note in zip(row.values, row.notes, strict=True):
            text = escape(show_difference(row.kind, value, note))
            shown = "" if note in ("", "differs") else f' <span class="soft">{escape(note)}</span>'
            cells.append(f"{text}{shown}")
        rows.append(cells)
    if not rows:
        return ""
    header = ["", *(f"<b>{label_of(number)}</b>" for number in range(len(table.runs)))]
    return f"<h3>{escape(title)}</h3>{_table([header, *rows])}"


def show_difference(kind: str, value: Scalar, note: str) -> str:
    """A value of a difference; nothing where its note says it all."""
    if value is None and note not in ("", "differs"):
        return ""
    if kind in ("code", "order") and value is not None:
        return f"[{value}]"
    return cut(show_scalar(value), 300)


def _pair(table: RunTable, number: int, store: Store | None) -> str:
    """Line diffs, rows and figures of the baseline and one other run."""
    pair = table.pairs[number]
    parts = []
    for change in pair.changes:
        shown = html_lines(change.diff) if change.diff else html_rows(change)
        if shown:
            note = f' <span class="soft">{escape(change.note)}</span>' if change.note else ""
            parts.append(f"<div><code>{escape(change.name)}</code>{note}</div>{shown}")
    parts += _outputs(pair, store) if store is not None else []
    if not parts:
        return ""
    title = f"A and {label_of(number + 1)}, line by line"
    return f"<h3>{title}</h3>{''.join(parts)}"


def _outputs(pair: Comparison, store: Store) -> Iterable[str]:
    for change in pair.outputs:
        sides = [_shown(change.a, store), _shown(change.b, store)]
        if any(sides):
            yield (
                f"<div><code>{escape(change.name)}</code> showed</div>"
                f'<div class="sides"><div>{sides[0]}</div><div>{sides[1]}</div></div>'
            )


def _shown(outputs: Iterable[OutputRef], store: Store) -> str:
    """Images, and the text of what has none."""
    parts = []
    by_number: dict[int, list[OutputRef]] = {}
    for ref in outputs:
        by_number.setdefault(ref.number, []).append(ref)
    for refs in by_number.values():
        fit = [ref for ref in refs if ref.mime in _IMAGES]
        fit += [ref for ref in refs if ref.mime == "text/plain"]
        content = store.get(fit[0].digest) if fit and fit[0].digest else None
        if content is None or len(content) > _MOST_IMAGE_BYTES:
            parts.append('<p class="soft">not shown here</p>')
        elif fit[0].mime in _IMAGES:
            data = b64encode(content).decode()
            parts.append(f'<img alt="" src="data:{fit[0].mime};base64,{data}">')
        else:
            text = cut(content.decode("utf-8", "replace"), _LONGEST_TEXT)
            parts.append(f"<pre>{escape(text)}</pre>")
    return "".join(parts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are markup already."""
    width = max(len(row) for row in rows)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td colspan="{width - 1}">{cell}</td>'
            if len(row) == 2 < width and n
            else f"<td>{cell}</td>"
            for n, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table>{body}</table></div>'
