"""Numbers, times and tables in plain text and in HTML."""

import html
import shutil
from collections.abc import Sequence
from datetime import datetime

from nbops.records import DataRef, Listing, Scalar

STYLE = (
    "<style>.nbops{font-family:var(--jp-ui-font-family,sans-serif);"
    "font-size:var(--jp-ui-font-size1,13px);color:var(--jp-ui-font-color1,inherit)}"
    ".nbops table{border-collapse:collapse;margin:4px 0}"
    ".nbops th,.nbops td{text-align:left!important;padding:2px 12px 2px 0;"
    "font-variant-numeric:tabular-nums;border:0;background:none!important}"
    ".nbops th{font-weight:600;color:var(--jp-ui-font-color2,#666)}"
    ".nbops code,.nbops pre{font-family:var(--jp-code-font-family,monospace);"
    "font-size:var(--jp-code-font-size,12px)}"
    ".nbops pre{margin:2px 0 6px;padding:4px 8px;background:var(--jp-layout-color2,#f4f4f4);"
    "white-space:pre-wrap}"
    ".nbops .added{background:color-mix(in srgb,var(--jp-success-color1,#388e3c) 18%,transparent)}"
    ".nbops .removed{background:color-mix(in srgb,var(--jp-error-color1,#d32f2f) 16%,transparent)}"
    ".nbops .soft{color:var(--jp-ui-font-color2,#666)}</style>"
)


def page(body: str) -> str:
    """A view's HTML, styled by JupyterLab's own variables where there are any."""
    return f'{STYLE}<div class="nbops">{body}</div>'


def escape(value: object) -> str:
    return html.escape(str(value))


def show_scalar(value: Scalar) -> str:
    if value is None:
        return "–"  # noqa: RUF001
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def show_duration(seconds: float | None) -> str:
    """Seconds as people say them.

    >>> [show_duration(s) for s in (0.0123, 4.56, 75, 8000)]
    ['12 ms', '4.6 s', '1:15 min', '2:13 h']
    """
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f}:{seconds % 60:02.0f} min"
    return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f} h"


def show_size(size_bytes: int | None) -> str:
    if size_bytes is None:
        return ""
    size = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return ""


def show_time(instant: datetime | None) -> str:
    """Local time; with its date when that is not today's."""
    if instant is None:
        return ""
    local = instant.astimezone()
    is_today = local.date() == datetime.now().astimezone().date()
    return local.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M")


def show_data(ref: DataRef) -> str:
    """Name, digest and shape of data, or why there is no digest."""
    parts = [ref.name]
    if ref.digest:
        parts.append(ref.digest.partition(":")[2][:7] + (" sampled" if ref.sampled else ""))
    else:
        parts.append(f"({ref.missing or 'not hashed yet'})")
    if ref.version:
        parts.append(f"version {ref.version}")
    if ref.shape:
        parts.append("×".join(f"{n:,}" for n in ref.shape))  # noqa: RUF001
    return " ".join(parts)


def show_listing(listing: Listing) -> str:
    """The names that were seen in a folder, by their number, or why they are not known."""
    return f"{listing.label} {listing.missing or f'{listing.name_count:,}'}"


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, indent: str = "") -> str:
    """Columns aligned by the widest cell; lines cut at the terminal's width."""
    if not rows:
        return ""
    width = max(shutil.get_terminal_size((120, 24)).columns, 60)
    lines = [header, *rows] if any(header) else list(rows)
    widths = [max(len(line[i]) for line in lines) for i in range(len(rows[0]))]
    out = []
    for line in lines:
        text = indent + "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True))
        text = text.rstrip()
        out.append(text if len(text) <= width else text[: width - 1] + "…")
    return "\n".join(out)


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are text, not markup."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def show_waiting(count: int) -> str:
    """Runs that are not in MLflow yet.

    >>> show_waiting(1), show_waiting(2)
    ('1 run waits', '2 runs wait')
    """
    return "1 run waits" if count == 1 else f"{count} runs wait"
