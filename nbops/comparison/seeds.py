"""Who seeded the generators that a run drew from."""

from collections.abc import Iterator, Sequence

from nbops.comparison.differences import Change
from nbops.records import CellRun


def compare_seeds(a: Sequence[CellRun], b: Sequence[CellRun]) -> Iterator[Change]:
    """Yield generators that one run seeded and the other did not."""
    one, other = _seeding(a), _seeding(b)
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            yield Change(kind="seed", name=name, a=_say(one[name]), b=_say(other[name]))


def unseeded(cells: Sequence[CellRun]) -> tuple[str, ...]:
    """Generators that a run drew from and that none of its cells had seeded."""
    return tuple(sorted(name for name, is_seeded in _seeding(cells).items() if not is_seeded))


def _seeding(cells: Sequence[CellRun]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for cell in cells:
        for name, state in (cell.random_state or {}).items():
            is_seeded = bool(state and state.get("seeded_by"))
            found[name] = found.get(name, True) and is_seeded
    return found


def _say(is_seeded: bool) -> str:
    return "seeded" if is_seeded else "not seeded"
