"""The `--where` language, compiled to SQL.

    metrics.auc > 0.9 and params.model = 'rf'
    status = 'failed' or not (tags.stage in ('test', 'dev'))
    name like 'forest%' and params.`max depth` >= 4 and notebook = 'churn.ipynb'

It is MLflow's filter language, with `or`, `not` and parentheses.
"""

import re
from dataclasses import dataclass
from typing import Any

from nbops.errors import UsageError

COLUMNS = {
    "id": "r.id",
    "name": "r.name",
    "status": "r.status",
    "origin": "r.origin",
    "experiment": "r.experiment",
    "notebook": "r.notebook",
    "user": "r.user",
    "session": "r.session_id",
    "started": "r.started_at",
    "duration": "r.duration_s",
}
"""What can be asked of a run beside `metrics.`, `params.` and `tags.`."""

_TOKEN = re.compile(
    r"""(?x) \s* (?:
      (?P<string> '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<number> [-+]? (?: \d+\.?\d* | \.\d+ ) (?: [eE][-+]?\d+ )? )
    | (?P<field> (?: attributes? | metrics? | params? | parameters? | tags? )
                 \. (?: `[^`]+` | "[^"]+" | [\w\-/]+ (?: \.[\w\-/]+ )* ) )
    | (?P<sign> <= | >= | != | <> | == | = | < | > | \( | \) | , )
    | (?P<word> \w+ )
    )"""
)
_SIGNS = {"=": "=", "==": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_EXAMPLE = "For example: metrics.auc > 0.9 and params.model = 'rf'."


@dataclass(frozen=True)
class Field:
    """A name as the language spells it: `metrics.auc`, `status`."""

    kind: str  # "metrics", "params", "tags", or "" for a column
    name: str


def parse_field(text: str) -> Field:
    """Read one field's name.

    Raises
    ------
    UsageError
        It is none.
    """
    head, dot, rest = text.partition(".")
    kind = head.lower().rstrip("s")
    kind = {"metric": "metrics", "param": "params", "parameter": "params", "tag": "tags"}.get(
        kind, ""
    )
    if kind and dot:
        return Field(kind, rest.strip('`"'))
    name = rest if head.lower().startswith("attribute") else text
    name = {"run_id": "id", "run_name": "name", "start_time": "started"}.get(name, name)
    if name not in COLUMNS:
        raise UsageError(
            f"Runs have no {text!r}.",
            f"Use metrics.NAME, params.NAME, tags.NAME, or one of {', '.join(COLUMNS)}.",
        )
    return Field("", name)


def compile_where(text: str) -> tuple[str, list[Any]]:
    """Compile a condition on runs `r`.

    Returns
    -------
    SQL and its arguments.

    Raises
    ------
    UsageError
        The text cannot be read; says where.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split(text)
        self.at = 0
        self.args: list[Any] = []

    def parse(self) -> tuple[str, list[Any]]:
        sql = self._any()
        if self.at < len(self.tokens):
            raise self._unexpected()
        return sql, self.args

    def _split(self, text: str) -> list[tuple[str, str]]:
        tokens, position = [], 0
        while position < len(text.rstrip()):
            match = _TOKEN.match(text, position)
            if match is None:
                raise UsageError(
                    f"Of the condition {text[position:].strip()!r} cannot be read.", _EXAMPLE
                )
            tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            position = match.end()
        return tokens

    def _any(self) -> str:
        sql = self._all()
        while self._take_word("or"):
            sql = f"({sql} OR {self._all()})"
        return sql

    def _all(self) -> str:
        sql = self._one()
        while self._take_word("and"):
            sql = f"({sql} AND {self._one()})"
        return sql

    def _one(self) -> str:
        if self._take_word("not"):
            return f"NOT {self._one()}"
        if self._take_sign("("):
            sql = self._any()
            if not self._take_sign(")"):
                raise self._unexpected(")")
            return f"({sql})"
        return self._comparison()

    def _comparison(self) -> str:
        kind, text = self._next("a name such as metrics.auc")
        if kind not in ("field", "word"):
            raise UsageError(f"In the condition {text!r} is no name of a field.", _EXAMPLE)
        field = parse_field(text)
        operator, values = self._operator()
        is_numeric = all(isinstance(value, float) for value in values)
        slots = ", ".join("?" * len(values))
        test = f"IN ({slots})" if operator == "IN" else f"{operator} ?"
        if not field.kind:
            self.args += values
            return f"{COLUMNS[field.name]} {test}"
        column = "number" if is_numeric else "text"
        self.args += [field.kind, field.name, *values]
        return (
            "EXISTS (SELECT 1 FROM run_values v WHERE v.run_id = r.id"  # noqa: S608 - from constants
            f" AND v.kind = ? AND v.name = ? AND v.{column} {test})"
        )

    def _operator(self) -> tuple[str, list[Any]]:
        kind, text = self._next("a comparison")
        word = text.lower()
        if kind == "sign" and text in _SIGNS:
            return _SIGNS[text], [self._value()]
        if word in ("like", "ilike"):
            return "LIKE", [str(self._value())]
        if word == "in":
            if not self._take_sign("("):
                raise self._unexpected("(")
            values = [self._value()]
            while self._take_sign(","):
                values.append(self._value())
            if not self._take_sign(")"):
                raise self._unexpected(")")
            return "IN", values
        raise UsageError(
            f"In the condition {text!r} is no comparison.", "Use = != < <= > >= like in."
        )

    def _value(self) -> Any:
        kind, text = self._next("a value")
        if kind == "number":
            return float(text)
        if kind == "string":
            return text[1:-1].replace(text[0] * 2, text[0])
        if kind == "sign":
            self.at -= 1
            raise self._unexpected("a value")
        raise UsageError(f"In the condition write {text!r} in quotes: '{text}'.")

    def _next(self, wanted: str) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise UsageError(
                f"The condition {self.text!r} ends where {wanted} should be.", _EXAMPLE
            )
        self.at += 1
        return self.tokens[self.at - 1]

    def _take_word(self, word: str) -> bool:
        return self._take("word", word)

    def _take_sign(self, sign: str) -> bool:
        return self._take("sign", sign)

    def _take(self, kind: str, text: str) -> bool:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token[0] == kind and token[1].lower() == text:
                self.at += 1
                return True
        return False

    def _unexpected(self, wanted: str = "and, or") -> UsageError:
        found = self.tokens[self.at][1] if self.at < len(self.tokens) else "the end"
        return UsageError(
            f"In the condition {found!r} stands where {wanted!r} should be.", _EXAMPLE
        )
