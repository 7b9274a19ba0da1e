"""What a command line says of the files that a program will open, since nobody sees it open them.

A word that names a file is all there is; whether the file was read, or only named, is not known here.
"""

import glob
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbops.capture.secrets.redaction import redact

_SHELLS = frozenset(["sh", "bash", "dash", "zsh", "ksh"])
_MOST_WORDS = 200
_LONGEST = 500
"""Characters of a command line that a record shows."""

_LONGEST_PATH = 4096


@dataclass(frozen=True)
class Command:
    """A program with its arguments, as it was started.

    Parameters
    ----------
    words
        Without secrets removed.
    text
        As a person would type it, redacted.
    is_shell
        Whether a shell expands its patterns.
    """

    words: tuple[str, ...]
    text: str
    is_shell: bool

    def paths(self, folder: str) -> Iterator[str]:
        """Absolute paths and patterns that its words may mean, started in this folder."""
        for word in self.words[1:_MOST_WORDS]:
            for name in (word, word.partition("=")[2]):
                if _may_be_path(name):
                    path = os.path.expandvars(os.path.expanduser(name))
                    yield os.path.normpath(os.path.join(folder, path))


def read_command(arguments: Any, source: str = "") -> Command:
    """Read the argument of `subprocess.Popen`, `os.system` or `os.execv`: one text, or several words.

    Parameters
    ----------
    source
        Of the cell: what stands below `%%bash` reaches the shell unseen.
    """
    if isinstance(arguments, str | bytes | os.PathLike):
        return _of_shell(os.fsdecode(arguments))
    words = tuple(os.fsdecode(word) for word in arguments)
    if len(words) == 1 and os.path.basename(words[0]) in _SHELLS and source.startswith("%%"):
        return _of_shell(source.partition("\n")[2])
    script = _script_in(words)
    if script is not None:
        return _of_shell(script)
    return Command(words, _shown(shlex.join(words)), is_shell=False)


def is_pattern(path: str) -> bool:
    return glob.has_magic(path) and not os.path.exists(path)


def _of_shell(script: str) -> Command:
    """What a shell is given. Its words are told apart roughly: `> out.csv` is a word as any other."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        words = tuple(lexer)
    except ValueError:  # a quote that is not closed
        words = tuple(script.split())
    return Command(("", *words), _shown(script), is_shell=True)


def _script_in(words: Sequence[str]) -> str | None:
    """What stands after `bash -c`."""
    is_script = len(words) > 2 and os.path.basename(words[0]) in _SHELLS and words[1].endswith("c")
    return words[2] if is_script else None


def _may_be_path(word: str) -> bool:
    return bool(word) and word[0] != "-" and len(word) < _LONGEST_PATH and "://" not in word


def _shown(text: str) -> str:
    return redact(text.strip()[: 4 * _LONGEST])[:_LONGEST]
