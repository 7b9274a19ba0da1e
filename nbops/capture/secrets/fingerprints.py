"""What stands where a secret stood: `[redacted:1f0a9c]`, the same for the same secret of the same user.

The six digits are of BLAKE3 under a key that only this user has: two values can be told to be equal, and no value
can be told from its digits. Where no key can be kept it is `[redacted]`.
"""

import contextlib
import os
import re
import secrets
from functools import cache
from pathlib import Path

from blake3 import blake3

from nbops.workspace import state_home

PLAIN = "[redacted]"
STAND_IN = re.compile(r"\[redacted(?::[0-9a-f]{6})?\]")
_KEY_BYTES = 32


def stand_in_for(secret: str) -> str:
    """What is written instead of a secret; of what is one already, itself.

    >>> stand_in_for("[redacted:1f0a9c]")
    '[redacted:1f0a9c]'
    """
    if STAND_IN.fullmatch(secret):
        return secret
    key = _key_in(state_home())
    if key is None:
        return PLAIN
    digits = blake3(secret.encode("utf-8", "backslashreplace"), key=key).hexdigest(length=3)
    return f"[redacted:{digits}]"


def stand_in_for_value(value: object) -> str:
    """The same for a value of any type; of one that has no text of its own, nothing is told."""
    return stand_in_for(str(value)) if isinstance(value, str | int | float) else PLAIN


@cache
def _key_in(folder: Path) -> bytes | None:
    """Key of this user, made on first need; None where none can be kept."""
    from nbops.capture.data.audit import unwatched  # which redacts, too

    path = folder / "redaction.key"
    with unwatched(), contextlib.suppress(OSError):
        with contextlib.suppress(FileNotFoundError):
            return _checked(path.read_bytes())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        try:
            with contextlib.suppress(FileExistsError):  # of several, the first stays
                path.hardlink_to(part)
        finally:
            part.unlink()
        return _checked(path.read_bytes())
    return None


def _checked(key: bytes) -> bytes | None:
    return key if len(key) == _KEY_BYTES else None
