"""Foreign errors, translated where they enter."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from nbops.capture.redaction import redact
from nbops.errors import NbopsError, StoreUnreachable, UsageError

_ANSWERS = frozenset(
    {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "BAD_REQUEST"}
)
"""Codes by which the store says no to what was sent, rather than that it cannot be reached."""


_UNFIT = (ValueError, TypeError, OverflowError)
"""What the client or a database driver raises for a value that it cannot express."""


class Refusal(NbopsError):
    """The store answered, and did not take an entry."""


@contextmanager
def mlflow_errors() -> Iterator[None]:
    """Turn what MLflow and its stores raise into `Refusal` or `StoreUnreachable`."""
    import requests
    import sqlalchemy.exc
    from mlflow.exceptions import MlflowException

    try:
        yield
    except _UNFIT as error:
        raise Refusal(_one_line(error)) from error
    except MlflowException as error:
        text = _one_line(error)
        if error.error_code in _ANSWERS or isinstance(error.__cause__, _UNFIT):
            raise Refusal(text) from error
        raise StoreUnreachable(text) from error
    except (
        requests.exceptions.RequestException,
        sqlalchemy.exc.SQLAlchemyError,
        sqlite3.Error,
        OSError,
    ) as error:
        raise StoreUnreachable(_one_line(error)) from error
    except ImportError as error:  # a database driver that is not installed
        raise UsageError(_one_line(error)) from error


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return redact(text[:300]) or type(error).__name__
