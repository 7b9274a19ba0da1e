"""Which data differs: inputs that came from outside the run, by where they lie."""

from collections.abc import Iterator, Sequence

from nbops.comparison.differences import Change, RowsChange
from nbops.comparison.rows import CompareRows, describe_rows
from nbops.records import CellRun, DataRef


def compare_data(
    a: Sequence[CellRun],
    b: Sequence[CellRun],
    same: dict[str, int],
    compare_rows: CompareRows | None = None,
    called: str = "B",
) -> tuple[list[Change], list[str]]:
    """Compare the inputs of two runs.

    A file that one of the run's own cells wrote follows from the others, and is no input.

    Returns
    -------
    Changes, and a line for each input whose content is not known on one side.
    """
    one, other = _last_reads(a), _last_reads(b)
    changes, unknown, loose = [], [], list[str]()
    for uri in {
        **_inputs(a),
        **_inputs(b),
    }:  # an input of one side counts, whoever wrote it in the other
        left, right = one.get(uri), other.get(uri)
        if left and right:
            if left[0].version and left[0].version == right[0].version:
                same["inputs"] = same.get("inputs", 0) + 1  # whatever else lies beside its files
                continue
            gap = _gap(left[0], right[0], called)
            if gap:
                unknown.append(gap)
                continue
            if left[0].digest == right[0].digest:
                same["inputs"] = same.get("inputs", 0) + 1
                continue
        ref = (right or left or _NOTHING)[0]
        if ref.seen_by == "net" and not (left and right):
            loose.append(ref.name)
            continue
        note = f"only in {'A' if right is None else called}"
        told = compare_rows(left[0], right[0]) if compare_rows and left and right else ""
        rows = None if isinstance(told, str) else told
        changes.append(
            Change(
                kind="data",
                name=ref.name,
                a=_digest(left[0]) if left else None,
                b=_digest(right[0]) if right else None,
                note=describe_change(left[0], right[0], rows) if left and right else note,
                a_cell=left[1] if left else None,
                b_cell=right[1] if right else None,
                a_data=left[0] if left else None,
                b_data=right[0] if right else None,
                rows=rows,
                rows_missing=told if isinstance(told, str) else "",
            )
        )
    if loose:
        more = f" and {len(loose) - _MOST_NAMED} more" if len(loose) > _MOST_NAMED else ""
        named = ", ".join(loose[:_MOST_NAMED])
        unknown.append(f"{named}{more}: opened while only one of the two ran, by whom is not known")
    return changes, unknown


_MOST_NAMED = 3
_NOTHING = (DataRef(uri="", name=""), "")


def _last_reads(cells: Sequence[CellRun]) -> dict[str, tuple[DataRef, str]]:
    """Last content read of each uri, with the cell run that read it."""
    return {ref.uri: (ref, cell.id) for cell in cells for ref in cell.reads}


def _inputs(cells: Sequence[CellRun]) -> dict[str, None]:
    """Uris that were read with a content that none of the cells before had written."""
    written: set[tuple[str, str | None]] = set()
    inputs: dict[str, None] = {}
    for cell in cells:
        for ref in cell.reads:
            if (ref.uri, ref.digest) not in written:
                inputs[ref.uri] = None
        written |= {(ref.uri, ref.digest) for ref in cell.writes}
    return inputs


def derived_changes(a: Sequence[CellRun], b: Sequence[CellRun]) -> Iterator[str]:
    """Files that both runs wrote themselves before they read them, with another content."""
    one, other = _last_reads(a), _last_reads(b)
    for uri in one.keys() & other.keys() - _inputs(a).keys() - _inputs(b).keys():
        left, right = one[uri][0], other[uri][0]
        if left.digest and right.digest and left.digest != right.digest:
            what = describe_change(left, right) or "other content"
            yield f"{right.name}, which these cells wrote: {what}"


def _gap(a: DataRef, b: DataRef, called: str) -> str | None:
    for side, ref in (("A", a), (called, b)):
        if ref.digest is None:
            return f"{ref.name}: no digest in {side} ({ref.missing or 'not hashed yet'})"
    if a.digest == b.digest and a.sampled:
        return f"{a.name}: too large to be hashed as a whole, and equal wherever it was sampled"
    if a.sampled != b.sampled and a.size_bytes == b.size_bytes:
        return f"{a.name}: only sampled in {'A' if a.sampled else called}"
    return None


def describe_change(a: DataRef, b: DataRef, found: RowsChange | None = None) -> str:
    """What is known about how an input differs: from its rows, or else from shapes, columns and sizes."""
    parts = []
    if a.version and b.version and a.version != b.version:
        parts.append(f"version {a.version} → {b.version}")
    elif a.kind == "url" and a.digest and b.digest:
        parts.append("another version at the server")
    if found is not None and _says_more(found):
        parts.append(describe_rows(found))
    elif a.shape and b.shape and a.shape[0] != b.shape[0]:
        rows = b.shape[0] - a.shape[0]
        word = "more" if rows > 0 else "fewer"
        unit = "row" if abs(rows) == 1 else "rows"
        parts.append(f"{abs(rows):,} {unit} {word} ({b.shape[0]:,} from {a.shape[0]:,})")
    elif found is not None and (text := describe_rows(found)):
        parts.append(text)
    parts += _describe_columns(a, b, found)
    if not parts and a.size_bytes is not None and b.size_bytes is not None:
        size = b.size_bytes - a.size_bytes
        parts.append(f"{size:+,} bytes" if size else "same size, other content")
    return ", ".join(parts)


def _says_more(found: RowsChange) -> bool:
    """Whether rows differ in more than their number."""
    return bool(found.changed or (found.added and found.removed))


def _describe_columns(a: DataRef, b: DataRef, found: RowsChange | None) -> list[str]:
    one, other = _typed_columns(a), _typed_columns(b)
    if found is not None and found.columns:
        one = {column.name: column.a_type for column in found.columns if column.a_type}
        other = {column.name: column.b_type for column in found.columns if column.b_type}
    elif not (one and other):
        return []
    parts = [f"column {name} is new" for name in [n for n in other if n not in one][:3]]
    parts += [f"column {name} is gone" for name in [n for n in one if n not in other][:3]]
    turned = [
        f"{name} is {after}, was {before}"
        for name, before in one.items()
        if before and (after := other.get(name)) and after.lower() != before.lower()
    ]
    return parts + turned[:3]


def _typed_columns(ref: DataRef) -> dict[str, str | None]:
    """Columns of what was read, with their types where these are known."""
    names = ref.columns or ()
    return dict(zip(names, ref.types or (None,) * len(names), strict=False))


def _digest(ref: DataRef) -> str | None:
    return ref.digest.partition(":")[2][:7] if ref.digest else None
