"""Which package indexes this machine is configured for: what `pip install` and `uv pip install` ask."""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

DEFAULT = "https://pypi.org/simple"


def find_indexes(environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """URLs of the configured indexes, the first to be asked first; they may hold credentials.

    uv's variables count before pip's, and variables before pip's files. Installers record no index:
    that these are the ones which packages came from is an assumption.

    >>> find_indexes({"PIP_INDEX_URL": "https://pypi.example/simple/", "PIP_CONFIG_FILE": os.devnull})
    ('https://pypi.example/simple',)
    """
    environ = os.environ if environ is None else environ
    settings = dict(_read_pip_files(environ))
    first = (
        environ.get("UV_DEFAULT_INDEX")
        or environ.get("UV_INDEX_URL")
        or environ.get("PIP_INDEX_URL")
        or settings.get("index-url")
        or DEFAULT
    )
    more = [environ.get(name, "") for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL")]
    more.append(environ.get("PIP_EXTRA_INDEX_URL") or settings.get("extra-index-url", ""))
    urls = [first, *(url for urls in more for url in urls.split())]
    return tuple(dict.fromkeys(_without_name(url).rstrip("/") for url in urls))


def _without_name(url: str) -> str:
    """An index's URL; uv's variables may say NAME=URL."""
    name, sign, rest = url.partition("=")
    return rest if sign and "://" in rest and "/" not in name else url


def _read_pip_files(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Settings of pip's files, the stronger ones later."""
    parser = configparser.RawConfigParser()
    chosen = environ.get("PIP_CONFIG_FILE")
    for path in (*_pip_files(), *([Path(chosen)] if chosen else [])):
        if chosen == os.devnull:
            return
        try:
            parser.read(path, "utf-8")
        except (OSError, ValueError, configparser.Error):
            continue
    for section in ("global", "install"):
        if parser.has_section(section):
            yield from parser.items(section)


def _pip_files() -> Iterator[Path]:
    for folder in reversed(os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    home = Path.home()
    yield home / ".pip" / "pip.conf"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
