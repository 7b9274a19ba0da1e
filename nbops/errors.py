"""Every error that nbops raises on purpose.

    NbopsError                  anything below; carries a hint to act on
    ├── UsageError              what was typed cannot be meant; nothing was done
    ├── NotTracking             needs a session, and none is open
    ├── NotFound                no such run, session, notebook, file
    │   └── Ambiguous           more than one fits
    ├── NotebookFailed          a cell of a headless notebook raised
    ├── RecordDamaged           a journal does not verify
    └── StoreUnreachable        the tracking server or its store did not answer

Foreign errors are translated where they enter (`tracking/errors.py`), always with `raise ... from`.
"""


class NbopsError(Exception):
    """An error that a person can act on.

    Parameters
    ----------
    message
        One line that names the thing.
    hint
        The way out, one line; empty when the message already says it.

    >>> str(NbopsError("The notebook failed: division by zero", "See out.ipynb."))
    'The notebook failed: division by zero. See out.ipynb.'
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        is_sentence = not self.hint or self.message.endswith((".", "!", "?", ":"))
        return f"{self.message}{'' if is_sentence else '.'} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), self.message, self.hint, self.exit_code)


class UsageError(NbopsError):
    """What was typed cannot be meant; nothing was done."""

    exit_code = 2


class NotTracking(NbopsError):
    """Needs a session, and none is open in this process."""


class NotFound(NbopsError):
    """No such run, session, notebook or file."""

    exit_code = 2


class Ambiguous(NotFound):
    """More than one run or session fits what was typed."""


class NotebookFailed(NbopsError):
    """A cell of a notebook that was run headless raised."""


class RecordDamaged(NbopsError):
    """A journal does not verify: its chain of digests breaks."""


class StoreUnreachable(NbopsError):
    """The tracking server, or the store behind it, did not answer."""


def _revive(kind: type[NbopsError], message: str, hint: str, exit_code: int) -> NbopsError:
    """Make an error again that came from another process."""
    error = kind.__new__(kind)
    NbopsError.__init__(error, message, hint)
    error.exit_code = exit_code
    return error
