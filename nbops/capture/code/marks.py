"""Reads what stands behind `%track`, `%%track` and `# track:`.

Words are split at spaces that lie outside of quotes and brackets, so that values can be any Python
expression: `%track metric auc=roc_auc_score(y, p) gap=abs(a - b)`.
"""

import keyword
import re
from dataclasses import dataclass, field

from nbops.errors import UsageError

_OPEN, _CLOSE = "([{", ")]}"
_OPERATOR = re.compile(r"[-+*/%@|&^<>]|(?:if|else|and|or|in|is|not)\b")
_OPERATOR_END = re.compile(r"=.*(?:[-+*/%@|&^<>:]|\b(?:if|else|and|or|in|is|not|lambda))$")
_COMMENT = re.compile(r"#\s*track:\s*(.*)")


@dataclass(frozen=True)
class MarkWords:
    """A mark as typed: a name, `key=EXPRESSION` pairs, bare keys."""

    name: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    is_comment: bool = False


def split_words(text: str) -> list[str]:
    """Split at spaces outside of quotes, brackets and expressions; `a = b` becomes `a=b`.

    >>> split_words("auc = f(x, y)  name='a b' gap=a - b depth")
    ['auc=f(x, y)', "name='a b'", 'gap=a - b', 'depth']
    """
    words: list[str] = []
    for word in _split_at_spaces(text):
        is_option = re.match(r"--?[A-Za-z]", word)
        if words and not is_option and (_OPERATOR.match(word) or _OPERATOR_END.search(words[-1])):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _split_at_spaces(text: str) -> list[str]:
    words: list[str] = []
    word, depth, quote, glue = "", 0, "", False
    for char in text.strip():
        if quote:
            quote = "" if char == quote and not word.endswith("\\") else quote
        elif char == "#" and not word and depth <= 0:
            break  # a comment
        elif char in "'\"":
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char.isspace() and depth <= 0:
            glue = glue or _ends_open(word)
            if word and not glue:
                words.append(word)
                word = ""
            continue
        if not word and words and char == "=" and not glue:
            word = words.pop()
        word, glue = word + char, False
    return [*words, word] if word else words


def _ends_open(word: str) -> bool:
    """Whether a value must follow: `auc=`, but not `a==`."""
    return word.endswith("=") and not word.endswith("==")


def split_assignments(text: str) -> tuple[dict[str, str], list[str]]:
    """Read `key=EXPRESSION` and bare words.

    Raises
    ------
    UsageError
        A key is no name.
    """
    values: dict[str, str] = {}
    bare: list[str] = []
    for word in split_words(text):
        key, sign, expression = word.partition("=")
        if not sign or expression.startswith("="):
            bare.append(word)
            continue
        values[key] = expression
    return values, bare


def read_mark(source: str) -> MarkWords | None:
    """Read the mark of a cell; None when it has none.

    `%%track` may stand among other cell magics at the top; `# track:` must be the first line.

    Raises
    ------
    UsageError
        The mark cannot be read.
    """
    lines = [line for line in source.splitlines() if line.strip()]
    if not lines:
        return None
    if match := _COMMENT.match(lines[0].strip()):
        name, names = _name_and_keys(match[1].split())
        return MarkWords(name, {}, names, is_comment=True)
    for line in lines:
        if not line.startswith("%%"):
            return None
        if re.match(r"%%track(\s|$)", line):
            values, bare = split_assignments(line[len("%%track") :])
            name, names = _name_and_keys(bare)
            for key in values:
                _check_key(key)
            return MarkWords(name, values, names)
    return None


def _name_and_keys(words: list[str]) -> tuple[str | None, list[str]]:
    if not words:
        return None, []
    for key in words[1:]:
        _check_key(key)
    return words[0].strip("'\""), words[1:]


def _check_key(key: str) -> None:
    if not key.isidentifier() or keyword.iskeyword(key):
        raise UsageError(f"%%track: {key!r} is no name of a variable.", "Write key=value or key.")


def strip_mark(lines: list[str]) -> list[str]:
    """Input transformer: take the `%%track` line out, keeping the numbers of the other lines.

    Runs right after IPython's `leading_empty_lines`. Where another cell magic follows, the blank
    line must go as well, since IPython wants the magic first.
    """
    if not lines or not re.match(r"%%track(\s|$)", lines[0]):
        return lines
    following = next((i for i, line in enumerate(lines[1:], 1) if line.strip()), None)
    if following is not None and lines[following].startswith("%%"):
        return lines[following:]
    return ["\n", *lines[1:]]
