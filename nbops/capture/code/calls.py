"""What a cell reads while it runs, the functions that it calls included.

A function's body reads when it is called, in whatever cell that is. So cells are taken in the order in which
they ran, or in which they stand, and what their functions will read is kept until a later cell calls them.
"""

from nbops.journal.facts import NamesFound


class Calls:
    """Functions of the cells so far, by the names that they are called by."""

    def __init__(self) -> None:
        self._deferred: dict[str, set[str]] = {}  # by name: what it reads when it is called

    def read_by(self, found: NamesFound) -> tuple[set[str], set[str]]:
        """Names and generators that a cell reads while it runs, and generators that it seeds."""
        names = found.names
        direct = set(names.uses) - set(found.late) | set(found.generators)
        called = _reached(direct, self._deferred) - direct
        own = set(names.defines) - set(names.uses)
        reads = direct | (called - own - _seeded(direct))
        return reads - _seeded(called), _seeded(direct | called)

    def keep(self, found: NamesFound) -> None:
        """Keep what the functions that a cell's names stand for will read when they are called."""
        defines = set(found.names.defines)
        here = {name: set(symbols) for name, symbols in found.deferred.items()}
        holds = {name: set(held) for name, held in found.holds.items()}
        made: dict[str, set[str]] = {}
        for name in {*here, *holds}:
            for held in _reached({name}, holds):
                is_older = held not in defines or held in holds.get(held, ())
                older = self._deferred.get(held, set()) if is_older else set()
                made[name] = made.get(name, set()) | here.get(held, set()) | older
        for name in defines | set(found.names.deletes):
            self._deferred.pop(name, None)
        self._deferred.update(made)


def _reached(symbols: set[str], ways: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(symbols), list(symbols)
    while waiting:
        following = ways.get(waiting.pop(), set()) - reached
        reached |= following
        waiting.extend(following)
    return reached


def _seeded(symbols: set[str]) -> set[str]:
    """Generators of random numbers that were given a seed."""
    return {symbol[:-1] + "()" for symbol in symbols if symbol.endswith("=")}
