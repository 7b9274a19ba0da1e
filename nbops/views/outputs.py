"""What a cell run showed, shown again: as text, as files, as a notebook holds it."""

import json
import mimetypes
import re
from binascii import b2a_base64
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from nbops.capture.secrets.masking import is_binary
from nbops.records import CellRun, OutputRef
from nbops.store import Store
from nbops.views.text import show_size

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_READ_FOR_LINE = 4096
_SUFFIXES = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/latex": ".tex",
    "image/jpeg": ".jpg",
    "image/svg+xml": ".svg",
    "application/javascript": ".js",
}


def read_outputs(cell: CellRun, store: Store) -> list[dict[str, Any]]:
    """Outputs as a notebook of format 4 holds them; what is not kept is a text that says so."""
    by_number = groupby(cell.outputs or (), key=lambda ref: ref.number)
    return [_as_notebook(cell, list(refs), store) for _, refs in by_number]


def _as_notebook(cell: CellRun, refs: list[OutputRef], store: Store) -> dict[str, Any]:
    first = refs[0]
    contents = {ref.mime: store.get(ref.digest) if ref.digest else None for ref in refs}
    if first.kind == "stream":
        text = (contents[first.mime] or b"").decode() + _missing_line(first)
        return {"output_type": "stream", "name": first.name or "stdout", "text": text}
    if first.kind == "error" and (content := contents[first.mime]):
        return {"output_type": "error", **json.loads(content)}
    data = {m: _as_value(m, content) for m, content in contents.items() if content is not None}
    if not data:
        data = {"text/plain": _missing_line(first) or "[not kept any more]"}
    shown: dict[str, Any] = {"data": data, "metadata": first.metadata}
    if first.kind == "result":
        count = cell.execution_count
        return {"output_type": "execute_result", "execution_count": count, **shown}
    return {"output_type": "display_data", **shown}


def _as_value(mime: str, content: bytes) -> Any:
    if mime.endswith("json"):
        return json.loads(content)
    return b2a_base64(content, newline=False).decode() if is_binary(mime) else content.decode()


def _missing_line(ref: OutputRef) -> str:
    return f"[{ref.missing}]" if ref.missing else ""


def show_outputs(cell: CellRun, store: Store) -> str:
    """Outputs as a terminal can show them: of each its text, of an image its size."""
    if cell.outputs is None:
        return f"Its outputs were not recorded{f': {cell.skipped}' if cell.skipped else ''}."
    parts = []
    for _, group in groupby(cell.outputs, key=lambda ref: ref.number):
        refs = list(group)
        parts.append(_as_text(refs, store).rstrip("\n"))
    return "\n".join(part for part in parts if part) or "It showed nothing."


def _as_text(refs: list[OutputRef], store: Store) -> str:
    others = [ref for ref in refs if ref.mime != "text/plain"]
    images = [f"[{ref.mime} {show_size(ref.size_bytes)}]" for ref in others if is_binary(ref.mime)]
    if refs[0].kind == "error" and (content := store.get(refs[0].digest)):
        return "\n".join(json.loads(content)["traceback"])
    plain = next((ref for ref in refs if ref.mime == "text/plain"), None)
    text = (store.get(plain.digest) or b"").decode() if plain and plain.digest else ""
    lines = [text, *images] if text or images else [f"[{ref.mime}]" for ref in others if ref.mime]
    return "\n".join([line for line in (*lines, _missing_line(refs[0])) if line])


def first_line_shown(cell: CellRun, store: Store) -> str:
    """First line of text among a cell run's outputs, its result before all else; empty without one."""
    refs = [ref for ref in cell.outputs or () if ref.mime == "text/plain" and ref.digest]
    refs.sort(key=lambda ref: ref.kind != "result")
    for ref in refs:
        text = _ANSI.sub("", _read_start(store, ref.digest))
        line = next((line.strip() for line in text.splitlines() if line.strip()), "")
        if line:
            return line
    return ""


def _read_start(store: Store, digest: str) -> str:
    try:
        path = store.find(digest)
        if path is None:
            return ""
        with path.open("rb") as file:
            return file.read(_READ_FOR_LINE).decode("utf-8", "ignore")
    except OSError:
        return ""


def output_files(cell: CellRun, store: Store) -> Iterator[tuple[str, bytes]]:
    """Yield `(file name, content)` of every form of every output that is kept."""
    label = cell.seq if cell.execution_count is None else cell.execution_count
    for ref in cell.outputs or ():
        content = store.get(ref.digest) if ref.digest else None
        if content is not None:
            yield f"{label}-{ref.number}{_suffix(ref)}", content


def _suffix(ref: OutputRef) -> str:
    if ref.kind in ("stream", "error"):
        return f".{ref.name}.txt" if ref.kind == "stream" else ".error.json"
    if ref.mime.endswith("json"):
        return ".json"
    return _SUFFIXES.get(ref.mime) or mimetypes.guess_extension(ref.mime) or ".txt"
