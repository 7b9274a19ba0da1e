"""What the lines of a cell that are no Python say: its mark, magics, shell commands."""

import ast
import re
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from nbops.capture.code.scopes import global_names, symbols_of


def to_python(source: str) -> str:
    """Code with magics and shell lines made into calls, as IPython does; magics that run no Python are empty."""
    if not re.search(r"^\s*[%!?]|[=\s][%!]\w|\?\s*$", source, re.MULTILINE):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    while source.lstrip().startswith("%%"):
        magic, _, body = source.lstrip().partition("\n")
        runs_python = re.match(r"%%(time|timeit|capture|prun|memit)\b", magic)
        source = body if runs_python else ""
    transformed: str = TransformerManager().transform_cell(source)
    return transformed


@dataclass(frozen=True)
class _Mark:
    """What a mark binds, what its expressions read, and the variables that it names."""

    binds: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def split_mark(source: str) -> tuple[_Mark, str]:
    """A cell's mark, and the code without it; `%%track` may stand below other cell magics."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        if comment := re.match(r"\s*#\s*track:\s*(.*)", line):
            return _Mark(names=_plain_names(comment[1].split()[1:])), source
        if re.match(r"%%track(\s|$)", line):
            code = "\n".join(lines[:number] + lines[number + 1 :])
            return _read_mark(line.removeprefix("%%track")), code
        if not line.startswith("%%"):
            break
    return _Mark(), source


_KEY = re.compile(r"(?:^|\s)([^\W\d]\w*)\s*=(?!=)")


def _read_mark(text: str) -> _Mark:
    """Read `NAME key=EXPRESSION key`; the `key=` in `f(x, key=z)` binds nothing."""
    keys: list[re.Match[str]] = []
    for key in _KEY.finditer(text):
        if not keys or _read_value(text[keys[-1].end() : key.start()]):
            keys.append(key)
    mark = _Mark()
    words = text[: keys[0].start() if keys else None].split()
    for key, following in zip_longest(keys, keys[1:]):
        value = _read_value(text[key.end() : following.start() if following else None])
        if value:
            _, reads = global_names(symbols_of(ast.Module([ast.Expr(value[0])], [])))
            mark.reads.update(reads - mark.binds)
            words += value[1]
        mark.binds.add(key[1])
    mark.names.update(_plain_names(words[1:]) - mark.binds)
    return mark


def _read_value(text: str) -> tuple[ast.expr, list[str]] | None:
    """The longest expression that a text begins with, and the words after it."""
    words = text.split()
    for count in range(len(words), 0, -1):
        after = words[count:]
        try:
            value = ast.parse(" ".join(words[:count]), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        return (value, after) if all(map(str.isidentifier, after)) else None
    return None


def _plain_names(words: list[str]) -> set[str]:
    return {word for word in words if word.isidentifier()}


def magic_names(source: str) -> set[str]:
    """Names that the expressions on `%track metric name=EXPR` lines read."""
    names: set[str] = set()
    for command, line in re.findall(
        r"^\s*%track\s+(metric|param|model|data)\s+(.*)$", source, re.MULTILINE
    ):
        if command in ("model", "data"):  # THING [as NAME]; a path is no name
            names |= _plain_names([line.partition(" as ")[0].strip()])
            continue
        values = re.sub(r"(?:^|\s)--\w+", " ", line)
        for word in re.findall(r"(?<![\w.\"'])[A-Za-z_]\w*(?!\w|\s*=[^=])", values):
            names.add(word)
    return names


def names_bound_by_magic(source: str) -> set[str]:
    """Names that cell magics bind: `%%capture out`, `%%bash --out lines`."""
    names: set[str] = set()
    for line in re.findall(r"^%%(.*)$", source, re.MULTILINE):
        magic, *words = line.split()
        names |= {word for option, word in pairwise(words) if option in ("--out", "--err")}
        if magic == "capture":
            names |= _plain_names(words)
    return names


def shell_names(source: str) -> set[str]:
    """Names that shell lines and magics insert: `!ls {folder}`, `!echo $name`."""
    names: set[str] = set()
    for line in re.findall(r"^(?:[^#\n]*=)?\s*[!%](.*)$", source, re.MULTILINE):
        names |= set(re.findall(r"\{([A-Za-z_]\w*)[^}]*\}", line))
        names |= set(re.findall(r"(?<!\$)\$([A-Za-z_]\w*)", line))
    return names
