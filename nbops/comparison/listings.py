"""Which folders have other names: an input of whoever lists them."""

from collections.abc import Iterator, Sequence

from nbops.comparison.differences import Change
from nbops.records import CellRun, DataRef, Listing

_Seen = dict[tuple[str, tuple[str, ...]], tuple[Listing, str]]


def compare_listings(
    a: Sequence[CellRun], b: Sequence[CellRun], same: dict[str, int], called: str = "B"
) -> tuple[list[Change], list[str]]:
    """Compare the names that two runs saw in the same folders; that only one looked follows from its code.

    Returns
    -------
    Changes, and a line for each folder whose names are not known on one side, or not to be compared.
    """
    one, other = _last_seen(a), _last_seen(b)
    changes, unknown = [], []
    for key in one.keys() & other.keys():
        (left, a_cell), (right, b_cell) = one[key], other[key]
        if left.digest is None or right.digest is None:
            side = "A" if left.digest is None else called
            unknown.append(f"{left.label}: not known in {side} ({left.missing or right.missing})")
        elif left.digest == right.digest:
            same["inputs"] = same.get("inputs", 0) + 1
        else:
            change = Change(
                kind="data",
                name=right.label,
                a=_count(left),
                b=_count(right),
                note="other names" if left.name_count == right.name_count else "",
                a_cell=a_cell,
                b_cell=b_cell,
                a_data=_as_data(left),
                b_data=_as_data(right),
            )
            changes.append(change)
    unknown += _asked_otherwise(one, other, called)
    return sorted(changes, key=lambda change: change.name), sorted(unknown)


def _asked_otherwise(a: _Seen, b: _Seen, called: str) -> Iterator[str]:
    """A line for each folder that both saw, but by other patterns, as what a process asks for grows."""
    alike = {uri for uri, _ in a.keys() & b.keys()}
    other = {uri: listing for (uri, _), (listing, _) in b.items()}
    for uri, left in {uri: listing for (uri, _), (listing, _) in a.items()}.items():
        if uri in other and uri not in alike:
            right = other[uri]
            yield f"{left.name} (names): A asked for {_wanted(left)}, {called} for {_wanted(right)}"


def _wanted(listing: Listing) -> str:
    return ", ".join(listing.patterns) or "all names"


def _last_seen(cells: Sequence[CellRun]) -> _Seen:
    return {
        (listing.uri, listing.patterns): (listing, cell.id)
        for cell in cells
        for listing in cell.listings
    }


def _count(listing: Listing) -> str:
    count = listing.name_count or 0
    return f"{count:,} {'name' if count == 1 else 'names'}"


def _as_data(listing: Listing) -> DataRef:
    """What tells apart names of which there are as many."""
    return DataRef(uri=listing.uri, name=listing.label, kind="folder", digest=listing.digest)
