"""A lock: what an environment had installed, as requirements that pip and uv take."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from nbops.capture.secrets.fingerprints import STAND_IN
from nbops.records import Environment, Origin


@dataclass(frozen=True)
class Lock:
    """Requirements, and what of an environment they cannot bring back.

    Parameters
    ----------
    lines
        Requirements, one each, with hashes where they are known.
    missing
        Packages without a public origin, with where they came from.
    bare
        Packages that are in the lock without a hash.
    is_checkable
        Whether every requirement has a hash: pip takes all of them with hashes, or none.
    """

    lines: tuple[str, ...]
    missing: tuple[str, ...]
    bare: tuple[str, ...]

    @property
    def is_checkable(self) -> bool:
        return not self.bare


def from_indexes(environment: Environment) -> dict[str, str]:
    """Versions by name of those packages whose hashes an index can tell."""
    elsewhere = {name for name, origin in environment.origins.items() if origin.kind != "conda"}
    return {name: v for name, v in environment.packages.items() if name not in elsewhere}


def make_lock(environment: Environment, hashes: Mapping[str, tuple[str, ...]]) -> Lock:
    """Lock an environment.

    Parameters
    ----------
    hashes
        `sha256:...` of each release's files, by package name; of those not in it nothing is known.
    """
    lines, missing, bare = [], [], []
    for name, version in environment.packages.items():
        origin = environment.origins.get(name)
        if origin is None or origin.kind == "conda":
            requirement, known = f"{name}=={version}", hashes.get(name, ())
        elif _is_public(origin):
            requirement = f"{name} @ {_url(origin)}"
            known = (origin.hash,) if origin.hash else ()
        else:
            missing.append(f"{name} {version}: {describe_place(origin)}")
            continue
        if not known:
            bare.append(name)
        lines.append(" \\\n    ".join([requirement, *(f"--hash={digest}" for digest in known)]))
    return Lock(tuple(lines), tuple(missing), tuple(bare))


def describe_place(origin: Origin) -> str:
    """Where a package is that only this machine has, and what is known of it."""
    place = (origin.url or "").removeprefix("file://")
    words = [f"{'editable, ' if origin.is_editable else ''}{place}"]
    if origin.commit:
        words.append(f"at commit {origin.commit}")
    if origin.remote:
        words.append(f"of {origin.remote}")
    if origin.is_dirty:
        words.append("with uncommitted changes")
    return " ".join(words)


def _is_public(origin: Origin) -> bool:
    """Whether another machine can fetch it; what needs a login that was hidden, it cannot."""
    url = origin.url or ""
    scheme = urlsplit(url).scheme.rpartition("+")[2]
    return scheme not in ("", "file") and not STAND_IN.search(url) and origin.kind != "folder"


def _url(origin: Origin) -> str:
    commit = f"@{origin.commit}" if origin.kind == "vcs" and origin.commit else ""
    part = f"#subdirectory={origin.subdirectory}" if origin.subdirectory else ""
    return f"{origin.url}{commit}{part}"
