"""Files, figures and data that the user names, made into facts."""

import mimetypes
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from nbops.capture.data.contents import describe_frame, stat_file
from nbops.capture.secrets.privacy import is_private_path
from nbops.capture.secrets.redaction import redact, redact_name
from nbops.digests import digest_file, digest_frame
from nbops.errors import NotFound, UsageError
from nbops.journal.facts import Seen
from nbops.recording.logbook import Logbook

_AT_ONCE_BYTES = 40_000_000
"""A larger file is left to the background; this much is hashed in 20 ms."""


def keep_file(book: Logbook, path: str | os.PathLike[str], name: str | None = None) -> str | None:
    """Keep a copy of a file with the run.

    Parameters
    ----------
    name
        Path among the run's artifacts; the file's own name when None.

    Returns
    -------
    What could not be kept, and why, as on a full disk; None when it was.

    Raises
    ------
    NotFound
        There is no such file.
    """
    source = Path(path)
    if not source.is_file():
        raise NotFound(f"There is no file {str(path)!r} in {Path.cwd()}.")
    _see_that_it_is_not_private(os.path.abspath(source))
    kept_as = name or source.name
    try:
        digest, size = book.store.put_file(source)
    except OSError as error:
        return _keep_none(book, kept_as, error)
    book.keep_file(kept_as, digest, size, _mime_of(kept_as))
    return None


def keep_figure(book: Logbook, figure: Any, name: str) -> str | None:
    """Keep a matplotlib figure (PNG, SVG or PDF by the name's ending) or a plotly figure (HTML).

    Returns
    -------
    What could not be kept, and why; None when it was.

    Raises
    ------
    UsageError
        It is neither.
    """
    is_plotly = type(figure).__module__.partition(".")[0] == "plotly"
    if not is_plotly and not hasattr(figure, "savefig"):
        raise UsageError(
            f"A {type(figure).__name__} is no figure that nbops can draw.",
            "Save it to a file and keep that: %track file PATH",
        )
    if not Path(name).suffix:
        name += ".html" if is_plotly else ".png"
    try:
        digest, size = _draw(book, figure, name, is_plotly=is_plotly)
    except OSError as error:
        return _keep_none(book, name, error)
    book.keep_file(name, digest, size, _mime_of(name))
    return None


def _draw(book: Logbook, figure: Any, name: str, *, is_plotly: bool) -> tuple[str, int]:
    with tempfile.TemporaryDirectory(dir=book.folder) as folder:
        path = Path(folder) / f"figure{Path(name).suffix}"
        if is_plotly:
            path.write_text(figure.to_html(include_plotlyjs="cdn"), "utf-8")
        else:
            figure.savefig(path, bbox_inches="tight")
        return book.store.put_file(path)


def _keep_none(book: Logbook, name: str, error: OSError) -> str:
    """Have the record say what is not there: a run goes on without its picture."""
    missing = f"could not be kept: {error.strerror or error}"
    book.keep_file(name, "", 0, _mime_of(name), missing=missing)
    return f"{redact(name)} {missing}."


def see_data(book: Logbook, value: Any, name: str | None = None) -> Seen:
    """Describe a file, or an array or frame in memory, that the user names as data.

    Raises
    ------
    NotFound
        A path without a file.
    UsageError
        A value that has no digest of its content.
    """
    if isinstance(value, str | os.PathLike):
        return _see_path(book, os.path.abspath(value), name)
    try:
        digest = digest_frame(value)
    except (TypeError, ImportError) as error:
        raise UsageError(
            f"Data of type {type(value).__name__} has no digest: {error}.",
            "Give a path, a numpy array, a sparse one of scipy, or a pandas, polars or Arrow frame.",
        ) from error
    shape, columns, types = describe_frame(value)
    label = name or type(value).__name__
    return Seen(
        uri=f"frame:{label}",
        name=label,
        kind="frame",
        digest=digest,
        size_bytes=_size_of(value),
        shape=shape,
        columns=columns,
        types=types,
        seen_by="user",
    )


def _see_path(book: Logbook, path: str, name: str | None) -> Seen:
    stat = stat_file(path)
    if stat is None:
        raise NotFound(f"There is no file {redact(path)!r}.")
    _see_that_it_is_not_private(path)
    shown = redact_name(path)
    is_found = shown == path  # by the background
    at_once = not is_found or stat[1] <= _AT_ONCE_BYTES
    return Seen(
        uri=Path(shown).as_uri(),
        name=redact_name(name or book.workspace.name_of(path)),
        digest=digest_file(path) if at_once else None,
        stat=stat if is_found else None,
        size_bytes=stat[1],
        seen_by="user",
    )


def _see_that_it_is_not_private(path: str) -> None:
    if is_private_path(path):
        raise UsageError("That path is private.", "private_paths in [tool.nbops] says which are.")


def _size_of(value: Any) -> int | None:
    for size in ("nbytes", "memory_usage"):
        found = getattr(value, size, None)
        if isinstance(found, int):
            return found
    return None if not hasattr(value, "memory_usage") else int(value.memory_usage(deep=False).sum())


def _mime_of(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def value_named(name: str, names: dict[str, Any]) -> Any:
    """Value of a global name.

    Raises
    ------
    NotFound
        No such name; says which one is near.
    """
    if name in names:
        return names[name]
    import difflib

    near = difflib.get_close_matches(name, [key for key in names if not key.startswith("_")], 1)
    raise NotFound(f"There is no variable {name!r}.", f"Did you mean {near[0]}?" if near else "")


def script_source() -> str | None:
    """Text of the script that this process runs; None in an interactive one."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    try:
        return Path(path).read_text("utf-8") if path else None
    except (OSError, UnicodeDecodeError):
        return None
