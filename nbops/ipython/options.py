"""Options on a magic's line: `--name value`, `--name=value`, each as often as wanted."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from nbops.errors import UsageError


def shell_words(line: str) -> list[str]:
    """Split a line as a shell does.

    Raises
    ------
    UsageError
        A quote is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(f"A quote is not closed in {line!r}.") from None


@dataclass
class Options:
    words: list[str] = field(default_factory=list)
    given: dict[str, list[str]] = field(default_factory=dict)

    def one(self, position: int) -> str | None:
        return self.words[position] if position < len(self.words) else None

    def last(self, option: str) -> str | None:
        return self.given[option][-1] if option in self.given else None

    def number(self, option: str) -> int | None:
        text = self.last(option)
        if text is None:
            return None
        try:
            return int(text)
        except ValueError:
            raise UsageError(f"{option} takes a whole number, not {text!r}.") from None

    def pairs(self, option: str) -> dict[str, str]:
        pairs = {}
        for text in self.given.get(option, ()):
            key, sign, value = text.partition("=")
            if not sign:
                raise UsageError(f"{option} takes key=value, not {text!r}.")
            pairs[key] = value
        return pairs


def read_options(words: Sequence[str], options: Sequence[str], *, most: int | None) -> Options:
    """Part a line's words into options with their values, and the rest.

    Parameters
    ----------
    most
        How many other words may stand there; None for any number.

    Raises
    ------
    UsageError
        An unknown option, one without its value, or too many words.
    """
    found = Options()
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("--"):
            found.words.append(word)
            continue
        option, sign, value = word.partition("=")
        if option not in options:
            import difflib  # only for who has mistyped

            near = difflib.get_close_matches(option, options, 1)
            hint = (
                f"Did you mean {near[0]}?" if near else f"There are {', '.join(options) or 'none'}."
            )
            raise UsageError(f"There is no option {option}.", hint)
        if not sign:
            if not waiting:
                raise UsageError(f"{option} needs a value.")
            value = waiting.pop(0)
        found.given.setdefault(option, []).append(value)
    if most is not None and len(found.words) > most:
        raise UsageError(f"{found.words[most]!r} is one word too many.", "%track? shows how.")
    return found
