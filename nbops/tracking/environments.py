"""What a session's environment is, found out from outside of its process."""

import os
import time
from collections.abc import Callable, Generator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from nbops.capture.environment.imports import find_providers
from nbops.capture.environment.intact import InstalledFiles, Integrity, list_files
from nbops.capture.environment.origins import read_origin
from nbops.capture.environment.packages import (
    find_distributions,
    package_folders,
    read_environment,
    stamp_environment,
)
from nbops.capture.environment.variables import read_variables
from nbops.digests import digest_environment
from nbops.journal import facts
from nbops.tracking.ownership import is_alive
from nbops.workspace import cache_home

Later = Callable[[Callable[[], None]], None]
"""Runs a job on another thread, in the order in which jobs are given."""

_SLICE_S = 0.05
"""Longer than this, checking packages keeps nobody else from the disk."""
_BEGIN_AFTER_S = 5.0
_SETTLED_S = 60.0
_CHECKED_AGAIN_AFTER_S = 30.0
"""Of the jobs that a process runs one after another each would look at tens of thousands of files."""


def find_environment(started: facts.SessionStarted, stamp: str) -> facts.EnvironmentFound | None:
    """Environment of a session's process; None when it is another than the stamp names by now."""
    folders = package_folders(started.sys_path)
    installed = _installed(started.sys_path)
    environment = read_environment(
        started.sys_path,
        started.python,
        started.implementation,
        started.platform,
        installed=installed.distributions,
        elsewhere=installed.elsewhere,
        prefix=Path(started.executable).parent.parent,
        variables=read_variables(started.pid) if is_alive(started) else None,
    )
    if stamp_environment(folders) != stamp:
        return None
    return facts.EnvironmentFound(
        stamp=stamp, digest=digest_environment(environment), environment=environment
    )


def find_imports(started: facts.SessionStarted, ended: facts.CellEnded) -> facts.ImportsFound:
    """Packages that a cell brought into the process."""
    providers = _installed(started.sys_path).providers
    packages = {providers[module] for module in ended.imported if module in providers}
    return facts.ImportsFound(cell_run=ended.cell_run, packages=sorted(packages))


class _Installed:
    """What lies on a path, each part read when it is first asked for."""

    def __init__(self, sys_path: Sequence[str]) -> None:
        self.distributions = find_distributions(sys_path)
        self.altered: dict[str, list[str]] = {}
        self.checked_at: float | None = None
        self._folders = package_folders(sys_path)

    @property
    def was_just_checked(self) -> bool:
        """Whether `altered`, which says what is not as it was installed, is still news."""
        at = self.checked_at
        return at is not None and time.monotonic() - at < _CHECKED_AGAIN_AFTER_S

    @cached_property
    def elsewhere(self) -> list[str]:
        """What did not come from an index."""
        found = self.distributions.items()
        return [name for name, (_, one) in found if read_origin(one, self._folders)]

    @cached_property
    def providers(self) -> dict[str, str]:
        return find_providers(self.distributions)

    @cached_property
    def files(self) -> InstalledFiles:
        return list_files(self.distributions)


def _installed(sys_path: Sequence[str]) -> _Installed:
    """What a process has installed; the jobs that it runs one after another share it."""
    folders = package_folders(sys_path)
    found = _list_once(tuple(sys_path), stamp_environment(folders))
    if any(_is_being_written(folder) for folder in folders):
        _list_once.cache_clear()  # what an installer writes last changes no stamp
    return found


@lru_cache(1)
def _list_once(sys_path: Sequence[str], _stamp: str) -> _Installed:
    return _Installed(sys_path)


def _is_being_written(folder: str) -> bool:
    try:
        return time.time() - os.stat(folder).st_mtime < _SETTLED_S
    except OSError:
        return False


class PackageChecker:
    """Compares a session's packages with what was installed, a moment at a time.

    Parameters
    ----------
    note
        Writes a finding down.
    later
        Runs a job on another thread, after those that wait already.
    """

    def __init__(self, note: Callable[[facts.Fact], None], later: Later) -> None:
        self._note = note
        self._later = later
        self._check: _Check | None = None
        self._begins_at = 0.0
        self._is_at_work = False
        self._may_work = True

    @property
    def is_busy(self) -> bool:
        return self._check is not None

    def plan(self, started: facts.SessionStarted, stamp: str, digest: str) -> None:
        """Check an environment, instead of one that was planned before."""
        self._check = _Check(started, stamp, digest)
        self._begins_at = time.monotonic() + _BEGIN_AFTER_S

    def look(self, *, is_over: bool, may_work: bool) -> None:
        """Begin or go on when it is time to: not while a session's first cells import what would be read."""
        check, self._may_work = self._check, may_work
        if check is None or self._is_at_work or not may_work:
            return
        if is_over or time.monotonic() > self._begins_at:
            self._is_at_work = True
            self._later(lambda: self._go_on(check))

    def stop(self) -> None:
        """Leave it; what was found out so far is kept for the next session."""
        self._check = None

    def _go_on(self, check: "_Check") -> None:
        try:
            is_done = check.go_on()
            if check is self._check and not is_done:
                if self._may_work:
                    self._later(lambda: self._go_on(check))
                else:
                    self._is_at_work = False
                return
            self._is_at_work = False
            check.integrity.keep()
            if check is self._check and (finding := check.finding):
                self._note(finding)
        except Exception:
            self._is_at_work = False
            self.stop()  # nobody waits for what cannot be done
            raise
        if check is self._check:
            self.stop()


class _Check:
    """One environment's, as far as it has come."""

    def __init__(self, started: facts.SessionStarted, stamp: str, digest: str) -> None:
        self._sys_path = started.sys_path
        self._installed = _installed(started.sys_path)
        self._stamp = stamp
        self._digest = digest
        self.integrity = Integrity(cache_home() / "packages.json")
        self._steps: Generator[None, None, dict[str, list[str]]] | None = None
        self._altered: dict[str, list[str]] = {}

    def go_on(self) -> bool:
        """Work for a moment; returns whether all is done."""
        installed = self._installed
        if self._steps is None:
            if installed.was_just_checked:
                self._altered = installed.altered
                return True
            self._steps = self.integrity.check(installed.files)
        until = time.monotonic() + _SLICE_S
        try:
            while time.monotonic() < until:
                next(self._steps)
        except StopIteration as end:
            self._altered = installed.altered = end.value
            installed.checked_at = time.monotonic()
            return True
        return False

    @property
    def finding(self) -> facts.PackagesChecked | None:
        """What was found; None when packages were installed meanwhile: it mixes two environments."""
        if stamp_environment(package_folders(self._sys_path)) != self._stamp:
            return None
        return facts.PackagesChecked(environment=self._digest, altered=self._altered)
