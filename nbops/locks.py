"""File locks that end with the process at the latest."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from nbops.errors import UsageError


def try_lock(fd: int, path: Path) -> bool:
    """Lock an open file; False when someone else has locked it.

    Raises
    ------
    UsageError
        Nothing can be locked there, as on a network file system whose lock service is away.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise UsageError(
            f"Files in {path.parent} cannot be locked: {error.strerror}.",
            "Set XDG_RUNTIME_DIR to a folder on a disk of this machine.",
        ) from error
    return True


class Lock:
    """An exclusive lock that ends with the process at the latest.

    Parameters
    ----------
    path
        A file on this machine's own file system.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when someone else has it.

        Raises
        ------
        UsageError
            Nothing can be locked there.
        """
        if self._fd is not None:
            return True
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        is_it = False
        try:
            is_it = try_lock(fd, self._path) and os.path.samestat(os.fstat(fd), os.stat(self._path))
        except OSError:  # removed by who had it, since we opened it
            pass
        finally:
            if not is_it:
                os.close(fd)
        if is_it:
            self._fd = fd
        return is_it

    def release(self) -> None:
        if self._fd is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


@contextlib.contextmanager
def briefly_locked(path: Path, patience_s: float = 5.0) -> Iterator[None]:
    """Hold a lock for a moment, for which others wait.

    Goes on without it where nothing can be locked, or who has it hangs: the worst that can come of that is
    that of two changes one is lost.
    """
    lock = Lock(path)
    deadline = time.monotonic() + patience_s
    with contextlib.suppress(UsageError):
        while not lock.acquire() and time.monotonic() < deadline:
            time.sleep(0.01)
    try:
        yield
    finally:
        lock.release()
