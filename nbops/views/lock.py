"""A lock as a file that says itself how it is used, and what it lacks."""

from collections.abc import Sequence

from nbops.capture.secrets.redaction import redact
from nbops.records import Environment
from nbops.requirements import Lock, Looked


class LockView:
    """Requirements with a comment above that tells what they are.

    Parameters
    ----------
    whose
        Run or session that ran in it.
    looked
        How looking for hashes went; None when nobody looked.
    indexes
        Where was looked.
    """

    def __init__(
        self,
        environment: Environment,
        lock: Lock,
        *,
        whose: str,
        looked: Looked | None = None,
        indexes: Sequence[str] = (),
    ) -> None:
        self._environment = environment
        self._lock = lock
        self._whose = whose
        self._looked = looked
        self._indexes = [redact(index) for index in indexes]

    def __str__(self) -> str:
        comments = [f"# {line}" if line else "#" for line in self._head()]
        return "\n".join([*comments, *self._lock.lines]) + "\n"

    def _head(self) -> list[str]:
        environment, python = self._environment, self._environment.python
        lines = [f"{self._whose}: {environment.implementation} {python}, {environment.platform}"]
        lines.append(f"uv venv --python {python} ENV && uv pip sync --python ENV THIS_FILE")
        if self._looked is not None and self._lock.is_checkable:
            lines.append(
                "or, with Python of that version: pip install --require-hashes -r THIS_FILE"
            )
        if self._indexes:
            lines.append(f"Installers do not note the index; assumed: {' '.join(self._indexes)}")
        lines += self._about_hashes()
        if environment.conda:
            lines.append(
                f"conda had {len(environment.conda)} packages; of these, Python's are here."
            )
        if self._lock.missing:
            lines.append("Not in here, since only that machine had them:")
            lines += [f"  {package}" for package in self._lock.missing]
        return lines

    def _about_hashes(self) -> list[str]:
        looked, bare = self._looked, self._lock.bare
        if looked is None:
            return ["Without hashes."]
        lines = []
        if looked.reason:
            known = "Some have no hash" if looked.hashes else "No hashes"
            lines.append(f"{known}: {looked.reason}.")
        if looked.unknown:
            lines.append(f"No index has: {', '.join(looked.unknown)}")
        if bare and looked.hashes:
            lines.append(f"Without a hash: {', '.join(bare)}")
            lines.append("pip wants a hash for all or for none: nbops env --lock --no-hashes")
        return lines
