"""Outputs without secrets: text with colours, HTML, JSON.

Run as a module it masks large outputs in a process of its own, through pipes: regular expressions hold the
interpreter's lock, and nothing may lie on a disk before it is masked.
"""

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from nbops.capture.secrets.fingerprints import stand_in_for_value
from nbops.capture.secrets.redaction import (
    add_patterns,
    added_patterns,
    hide_matches,
    is_secret,
    redact,
)

Piece = tuple[str, str]
"""A mime type, and text of it."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MARKUP = re.compile(r"<[^<>]*>")
_AT_ONCE = 64_000
"""Characters that are masked where they are: at most 20 ms in which no other thread runs."""

_WITHIN_S = 120.0
_SHORTEST = 3
_TELLING = 6
"""Shorter values are looked for as words of their own: `abc` may stand in any other word."""


def is_binary(mime: str) -> bool:
    """Whether content of this type is bytes: base64 in a message, not text that is looked through."""
    return mime in ("application/pdf", "application/octet-stream") or (
        mime.startswith(("image/", "audio/", "video/")) and mime != "image/svg+xml"
    )


class Masker:
    """Hides what looks like a secret, and values that are known to be one wherever they stand.

    Parameters
    ----------
    values
        Names with values, in dicts and lists of any depth: those under a secret's name are hidden.

    Examples
    --------
    >>> Masker({"pin_secret": 481516}).hide("pin 481516, api_key='a1b2c3d4e5'")  # doctest: +ELLIPSIS
    "pin [redacted...], api_key='[redacted...]'"
    """

    def __init__(self, values: Any = ()) -> None:
        self._secrets = [str(secret) for secret in secrets_in(values)]
        self._known = _pattern(self._secrets)

    def hide(self, text: str) -> str:
        """Text with secrets hidden, also where colours stand between a name and its value."""
        hidden = self._redact(text)
        if "\x1b" not in text:
            return hidden
        safe = self._redact(_ANSI.sub("", text))
        return hidden if safe == _ANSI.sub("", hidden) else safe

    def _redact(self, text: str) -> str:
        return redact(hide_matches(self._known, text) if self._known else text)

    def hide_in_html(self, text: str) -> str:
        """HTML with secrets hidden; only its text when tags stand within one."""
        hidden = self.hide(text)
        seen = html.unescape(_MARKUP.sub("", hidden))
        safe = self.hide(seen)
        return hidden if safe == seen else f"<pre>{html.escape(safe)}</pre>"

    def hide_in_value(self, value: Any) -> Any:
        """Copy of what JSON holds, such as a mime bundle or a whole notebook, with secrets hidden."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, list):
            return [self.hide_in_value(item) for item in value]
        if isinstance(value, dict):
            return {key: self._hide_in_item(key, item) for key, item in value.items()}
        return value

    def _hide_in_item(self, key: str, value: Any) -> Any:
        if is_binary(key) or value is None or isinstance(value, bool):
            return value
        if is_secret(key, value):
            return stand_in_for_value(value)
        if key == "text/html" and isinstance(value, str):
            return self.hide_in_html(value)
        return self.hide_in_value(value)

    def mask(self, mime: str, text: str) -> str:
        """Text of this type with secrets hidden.

        >>> Masker().mask("application/json", '{"password": "hunter2", "depth": 8}')  # doctest: +ELLIPSIS
        '{"password":"[redacted...]","depth":8}'
        """
        if mime == "text/html":
            return self.hide_in_html(text)
        if mime.endswith(("json", "jupyter.error")):  # in which colours are escaped
            try:
                value = msgspec.json.decode(text)
            except msgspec.DecodeError:
                return self.hide(text)
            hidden = self.hide_in_value(value)
            return text if hidden == value else msgspec.json.encode(hidden).decode()
        return self.hide(text)

    def mask_all(self, pieces: Sequence[Piece]) -> list[str]:
        """Mask every piece, in another process where it would take long.

        Raises
        ------
        OSError
            There is no other process to be had, or it did not do it.
        """
        if sum(len(text) for _, text in pieces) <= _AT_ONCE:
            return [self.mask(mime, text) for mime, text in pieces]
        order = msgspec.json.encode((added_patterns(), self._secrets, pieces))
        try:
            done = subprocess.run(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "nbops.capture.secrets.masking",
                ],  # -P: no user's html.py
                input=order,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_WITHIN_S,
                start_new_session=True,  # a Ctrl-C is for the cell; a shutdown does not wait for it
                check=True,
            )
            return msgspec.json.decode(done.stdout, type=list[str])
        except (subprocess.SubprocessError, msgspec.MsgspecError) as error:
            raise OSError(f"not looked through for secrets: {type(error).__name__}") from error


def _pattern(secrets: list[Any]) -> re.Pattern[str] | None:
    """What finds these values as they stand in code, in outputs, in JSON and in HTML."""
    written = set()
    for secret in map(str, secrets):
        if len(secret) >= _SHORTEST:
            quoted = (repr(secret)[1:-1], json.dumps(secret)[1:-1], html.escape(secret))
            written |= {secret, *quoted, secret.encode("unicode_escape").decode()}
    words = [
        re.escape(text) if len(text) >= _TELLING else rf"(?<!\w){re.escape(text)}(?!\w)"
        for text in sorted(written, key=len, reverse=True)
    ]
    return re.compile("|".join(words)) if words else None


def secrets_in(value: Any, *, hides: bool = False) -> Iterator[Any]:
    """Texts and numbers that stand under a secret's name."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from secrets_in(item, hides=hides or is_secret(str(name), item))
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from secrets_in(item, hides=hides)
    elif hides and not isinstance(value, bool) and isinstance(value, str | int | float):
        yield value


def _main() -> None:
    order = sys.stdin.buffer.read()
    kinds = tuple[tuple[str, ...], list[str], list[Piece]]
    patterns, secrets, pieces = msgspec.json.decode(order, type=kinds)
    add_patterns(patterns)
    masker = Masker({"secret": secrets})
    masked = [masker.mask(mime, text) for mime, text in pieces]
    sys.stdout.buffer.write(msgspec.json.encode(masked))


if __name__ == "__main__":
    _main()
