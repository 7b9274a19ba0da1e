"""Where things lie, found by one function everywhere, and the settings of `[tool.nbops]`.

<workspace>/.nbops/          all that nbops keeps of a project (0700, ignored by git)
    sessions/<id>/           a session: journal.jsonl, findings.jsonl
    store/, data/            files by digest: the user's figures and patches; copies of data
    mlflow.db, artifacts/    the embedded MLflow store, when no other is configured
$XDG_CACHE_HOME/nbops/       the index, never on a network home; an empty MLflow store to copy
$XDG_RUNTIME_DIR/nbops/      locks of this machine's processes; unset, /run/user/UID or the folder for temporary files
"""

import os
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from nbops.digests import digest_bytes
from nbops.errors import UsageError

FOLDER = ".nbops"
_MARKS = (FOLDER, "pyproject.toml", ".git")
_LOGINS = "/run/user"  # where systemd has a folder for each user who is logged in


@dataclass(frozen=True)
class Workspace:
    """A project's folder and what nbops keeps of it.

    Parameters
    ----------
    root
        Absolute path of the project.
    state
        Where sessions and the store lie: `root/.nbops`, or a folder under `$XDG_STATE_HOME` where
        the project cannot be written.
    """

    root: Path
    state: Path

    @cached_property
    def key(self) -> str:
        """Name of this workspace in folders that many share."""
        return digest_bytes(os.fsencode(self.state)).partition(":")[2][:16]

    @property
    def sessions(self) -> Path:
        return self.state / "sessions"

    @property
    def store(self) -> Path:
        return self.state / "store"

    @property
    def kept_data(self) -> Path:
        """Copies of what cells read and wrote, by digest."""
        return self.state / "data"

    @property
    def forgotten(self) -> Path:
        """What was erased on request: tombstones, beside the sessions that they are about."""
        return self.state / "forgotten"

    @property
    def artifacts(self) -> Path:
        return self.state / "artifacts"

    @cached_property
    def index(self) -> Path:
        """The index's file; where the home cannot be written, it lasts until the next boot."""
        home = cache_home()
        return (home if _can_be_made(home) else runtime_home()) / self.key / "index.db"

    @property
    def courier_lock(self) -> Path:
        """Lock of the process that serves this workspace: one for each container that does."""
        return runtime_home() / f"courier-{self.key}{_container()}.lock"

    @property
    def embedded_database(self) -> Path:
        """The SQLite file of the embedded store.

        A `mlflow.db` at the project's root is what MLflow itself makes by default: who has one
        keeps it.
        """
        own = self.root / "mlflow.db"
        return own if own.exists() else self.state / "mlflow.db"

    @property
    def embedded_uri(self) -> str:
        return f"sqlite:///{self.embedded_database}"

    @cached_property
    def settings(self) -> "Settings":
        return read_settings(self.root)

    def name_of(self, path: str) -> str:
        """A path as people know it: relative to the workspace where it lies inside."""
        prefix = f"{self.root}{os.sep}"
        return path.removeprefix(prefix)

    def prepare(self) -> None:
        """Make the folders, private, and hidden from git.

        Raises
        ------
        UsageError
            Nothing can be written there.
        """
        try:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.sessions.mkdir(mode=0o700, exist_ok=True)
            self.store.mkdir(mode=0o700, exist_ok=True)
            self.artifacts.mkdir(mode=0o700, exist_ok=True)
            ignore = self.state / ".gitignore"
            if not ignore.exists():
                ignore.touch(mode=0o600)
                ignore.write_text("*\n")
        except OSError as error:
            raise self.unwritable(error) from error

    def unwritable(self, error: OSError) -> UsageError:
        """What to tell a person when nothing can be written there."""
        return UsageError(
            f"Nothing can be written under {self.state}: {error.strerror}.",
            "Make it writable, or set XDG_STATE_HOME to a folder that is.",
        )


def find_workspace(start: str | os.PathLike[str] | None = None) -> Workspace:
    """Workspace of a file or folder: the nearest parent with `.nbops`, `pyproject.toml` or `.git`.

    Parameters
    ----------
    start
        A notebook, a script or a folder, which need not exist; the working folder when None.
        `$NBOPS_WORKSPACE` overrules it: headless drivers pass it on, so that a run in a clean copy
        does not lose its record with the copy; `$NBOPS_STATE` says that the record lies elsewhere.
    """
    chosen = os.environ.get("NBOPS_WORKSPACE")
    if chosen:
        root = Path(chosen).resolve()
    else:
        folder = Path(start or ".").resolve()
        if not folder.is_dir():
            folder = folder.parent
        root = next(
            (
                parent
                for parent in (folder, *folder.parents)
                if parent != Path.home() and any((parent / mark).exists() for mark in _MARKS)
            ),
            folder,
        )
    apart = os.environ.get("NBOPS_STATE")
    if apart:
        return Workspace(root, Path(apart))
    state = root / FOLDER
    writable = os.access(state if state.exists() else root, os.W_OK)
    if not writable:
        key = digest_bytes(os.fsencode(root)).partition(":")[2][:16]
        state = state_home() / key
    return Workspace(root, state)


def cache_home() -> Path:
    return _xdg("XDG_CACHE_HOME", ".cache")


def config_home() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config")


def state_home() -> Path:
    return _xdg("XDG_STATE_HOME", ".local/state")


def runtime_home() -> Path:
    """Folder for locks: on this machine, of this user, never on a network file system."""
    # cron and sudo do not name it, and must find the locks of whoever is logged in.
    given = os.environ.get("XDG_RUNTIME_DIR") or f"{_LOGINS}/{os.getuid()}"
    if os.access(given, os.W_OK):
        home = Path(given) / "nbops"
    else:
        home = Path(tempfile.gettempdir()) / f"nbops-{os.getuid()}"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if home.stat().st_uid != os.getuid():
        raise UsageError(f"{home} belongs to another user.", "Set XDG_RUNTIME_DIR to your own.")
    return home


def _can_be_made(folder: Path) -> bool:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _container() -> str:
    """Processes of one pid namespace see one another; others may share their files with them."""
    try:
        return "-" + os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return ""


def _xdg(variable: str, default: str) -> Path:
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / default) / "nbops"


@dataclass(frozen=True)
class Settings:
    """`[tool.nbops]` of the project's `pyproject.toml` over `~/.config/nbops/config.toml`."""

    autostart: bool = False
    experiment: str | None = None
    tracking_uri: str | None = None
    share: Literal["runs", "all"] = "runs"
    redact: tuple[str, ...] = ()
    private_columns: tuple[str, ...] = ()
    private_paths: tuple[str, ...] = ()
    keep_data: int = 16  # MB: files up to this size are kept; 0 for none
    store: str | None = None  # URL of the store that a team shares
    hash_limit: int | None = None  # MB: larger files are sampled; None for what suits their disk
    ignore_checks: tuple[str, ...] = ()
    notify: dict[str, Any] = field(default_factory=dict)  # how failures of scheduled jobs are told
    problems: tuple[str, ...] = field(default=(), compare=False)


_KINDS: dict[str, type] = {
    "autostart": bool,
    "experiment": str,
    "tracking_uri": str,
    "share": str,
    "redact": list,
    "private_columns": list,
    "private_paths": list,
    "keep_data": int,
    "store": str,
    "hash_limit": int,
    "ignore_checks": list,
    "notify": dict,
}


def read_settings(root: Path) -> Settings:
    """Settings that hold in a workspace; what is not understood becomes one of its `problems`."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for path, table in (
        (config_home() / "config.toml", ()),
        (root / "pyproject.toml", ("tool", "nbops")),
    ):
        values |= _read_table(path, table, problems)
    for key in ("redact", "ignore_checks", "private_columns", "private_paths"):
        if key in values:
            values[key] = tuple(map(str, values[key]))
    if values.get("share", "runs") not in ("runs", "all"):
        problems.append(f'share = "{values.pop("share")}" is neither "runs" nor "all".')
    return Settings(**values, problems=tuple(problems))


def _read_table(path: Path, table: tuple[str, ...], problems: list[str]) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        if not all(key in text for key in table):
            return {}  # as in most projects; the parser takes longer to import than all else here
        import tomllib

        content: Any = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} was not read: {error}")
        return {}
    for key in table:
        content = content.get(key, {})
    known = {}
    for key, value in content.items():
        if key not in _KINDS:
            problems.append(f"{path}: nbops knows no setting {key!r}.")
        elif not isinstance(value, _KINDS[key]):
            problems.append(f"{path}: {key} should be a {_KINDS[key].__name__}.")
        else:
            known[key] = value
    return known
