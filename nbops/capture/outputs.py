"""What one cell run shows: its messages, put together as a front end puts them together.

Knows no kernel and no store; what is held here is neither written anywhere nor masked yet.
"""

from binascii import Error as NotBase64
from binascii import a2b_base64
from dataclasses import dataclass, field
from typing import Any

import msgspec

from nbops.capture.secrets.masking import is_binary
from nbops.records import OutputKind, OutputRef

MOST_CHARACTERS = 16_000_000
"""What is held of one cell run's outputs; what comes beyond is stated to be missing."""

MOST_OUTPUTS = 1000
TOO_LARGE = f"more than {MOST_CHARACTERS / 1e6:.0f} MB of outputs"
TOO_MANY = f"more than {MOST_OUTPUTS} outputs"

Bundle = dict[str, str | bytes]
"""By mime type: text, base64, or JSON as text; bytes where a message held bytes."""


def freeze_bundle(data: dict[str, Any]) -> Bundle:
    """A mime bundle without references to anyone's objects."""
    return {str(mime): _freeze(value) for mime, value in data.items()}


def _freeze(value: Any) -> str | bytes:
    if isinstance(value, str | bytes):
        return value
    return msgspec.json.encode(value, enc_hook=str).decode()


def content_of(mime: str, value: str | bytes) -> str | bytes:
    """Content as it is kept: an image as its bytes, all else as text."""
    if isinstance(value, str) and is_binary(mime):
        try:
            return a2b_base64(value)
        except (NotBase64, ValueError):
            return value
    return value


@dataclass(eq=False)
class Shown:
    """One output.

    Parameters
    ----------
    revision
        Grows with every change.
    refs
        Where it was kept, as it was in the revision `kept`.
    is_sealed
        Nothing is added to it any more.
    """

    kind: OutputKind
    name: str | None = None
    data: Bundle = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    missing: str | None = None
    pieces: list[str] = field(default_factory=list)  # of a stream
    has_return: bool = False  # its last line may still be written over
    revision: int = 0
    kept: int = -1
    refs: list[OutputRef] = field(default_factory=list)
    is_sealed: bool = False

    @property
    def is_new(self) -> bool:
        return self.kept != self.revision

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces)) + sum(map(len, self.data.values()))

    def add_text(self, text: str) -> int:
        """Add to a stream, a line that a carriage return begins anew written over; returns its growth."""
        self.revision += 1
        if "\r" not in text and not self.has_return:
            self.pieces.append(text)
            return len(text)
        line = self._take_line()
        written = write_over(line + text)
        self.has_return = written.endswith("\r")
        self.pieces.append(written)
        return len(written) - len(line)

    def _take_line(self) -> str:
        """Take out what stands after the last line's end."""
        line = ""
        while self.pieces:
            head, newline, tail = self.pieces.pop().rpartition("\n")
            line = tail + line
            if newline:
                self.pieces.append(head + newline)
                break
        return line

    def bundle(self) -> Bundle:
        return {"text/plain": "".join(self.pieces)} if self.kind == "stream" else self.data


def write_over(text: str) -> str:
    r"""Lines as they look when carriage returns have done their work.

    A return at the very end is kept: what comes next begins there.

    >>> write_over("10%\r20%\n"), write_over("loading\rdone"), write_over("a\r")
    ('20%\n', 'doneing', 'a\r')
    """
    if "\r" not in text:
        return text
    lines = text.split("\n")
    return "\n".join([*map(_overlay, lines[:-1]), _overlay(lines[-1], keeps_end=True)])


def _overlay(line: str, *, keeps_end: bool = False) -> str:
    if "\r" not in line:
        return line
    end = "\r" if keeps_end and line.endswith("\r") else ""
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown + end


class OutputLog:
    """The outputs of one cell run, in order."""

    def __init__(self, cell_run: str) -> None:
        self.cell_run = cell_run
        self.outputs: list[Shown] = []
        self.is_over = False
        self.is_queued = False
        self.is_kept = False
        self._held = 0
        self._clears_next = False
        self._by_display_id: dict[str, list[Shown]] = {}

    def add_stream(self, name: str, text: str) -> None:
        last = None if self._clears_next or not self.outputs else self.outputs[-1]
        if last is None or (last.kind, last.name) != ("stream", name) or last.is_sealed:
            last = Shown("stream", name)
            if not self._add(last):
                return
        room = MOST_CHARACTERS - self._held
        if len(text) > room:
            last.missing = f"{TOO_LARGE}: this is how it begins"
            last.revision += 1
            text = text[:room]
        self._held += last.add_text(text) if text else 0

    def add_bundle(
        self,
        kind: OutputKind,
        data: Bundle,
        metadata: dict[str, Any] | None = None,
        display_id: str | None = None,
    ) -> None:
        shown = Shown(kind)
        if not self._add(shown):
            return
        self._fill(shown, data, metadata)
        if display_id is not None:
            self._by_display_id.setdefault(display_id, []).append(shown)

    def update(self, display_id: str, data: Bundle, metadata: dict[str, Any] | None = None) -> bool:
        """Show something else in place of what was displayed under an id; False when nothing was."""
        found = [one for one in self._by_display_id.get(display_id, ()) if one in self.outputs]
        for shown in found:
            self._held -= shown.size
            self._fill(shown, data, metadata)
        return bool(found)

    def clear(self, *, wait: bool = False) -> None:
        """Take away what is shown: now, or when something else comes."""
        self._clears_next = wait
        if not wait:
            self.outputs.clear()
            self._by_display_id.clear()
            self._held = 0

    def release(self) -> None:
        """Hold only where things were kept; a last stream that is short may still be added to."""
        for shown in self.outputs:
            if shown.is_new or (shown is self.outputs[-1] and shown.size < 100_000):
                continue
            self._held -= shown.size
            shown.pieces, shown.data, shown.is_sealed = [], {}, True

    def _add(self, shown: Shown) -> bool:
        if self._clears_next:
            self.clear()
        if len(self.outputs) < MOST_OUTPUTS:
            self.outputs.append(shown)
            return True
        last = self.outputs[-1]
        if not last.missing:
            last.missing = f"{TOO_MANY}: those after this one"
            last.revision += 1
        last.is_sealed = True
        return False

    def _fill(self, shown: Shown, data: Bundle, metadata: dict[str, Any] | None) -> None:
        size = sum(map(len, data.values()))
        if self._held + size > MOST_CHARACTERS:
            shown.data, shown.missing = dict.fromkeys(data, ""), TOO_LARGE
        else:
            shown.data, shown.missing = data, None
            self._held += size
        shown.metadata, shown.is_sealed = metadata or {}, False
        shown.revision += 1
