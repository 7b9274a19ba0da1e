"""Foreign errors, translated where they enter."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from nbops.capture.secrets.redaction import redact
from nbops.errors import NbopsError, StoreUnreachable, UsageError

_ANSWERS = frozenset(
    {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "BAD_REQUEST"}
)
"""Codes by which the store says no to what was sent, rather than that it cannot be reached."""


_UNFIT = (ValueError, TypeError, OverflowError)
"""What the client or a database driver raises for a value that it cannot express."""


_CAUSE = "(Caused by "
_WAYS_OUT = {
    "CERTIFICATE_VERIFY_FAILED": (
        "Set MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate of your own authority."
    ),
    "code 401": (
        "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
        "with MLFLOW_TRACKING_URI, and run nbops sync."
    ),
}
"""What can be done, by what an error says."""


class Refusal(NbopsError):
    """The store answered, and did not take an entry."""


class Forbidden(StoreUnreachable):
    """Who asks may not do that, which may change: whoever waits for a store waits for this, too."""


@contextmanager
def mlflow_errors() -> Iterator[None]:
    """Turn what MLflow and its stores raise into `Refusal`, `StoreUnreachable` or `Forbidden`."""
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
        if error.error_code == "PERMISSION_DENIED":
            raise Forbidden(text) from error
        raise _unreachable(error) from error
    except requests.exceptions.HTTPError as error:  # of artifacts, which go another way
        is_forbidden = error.response is not None and error.response.status_code == 403
        raise (Forbidden(_one_line(error)) if is_forbidden else _unreachable(error)) from error
    except (
        requests.exceptions.RequestException,
        sqlalchemy.exc.SQLAlchemyError,
        sqlite3.Error,
        OSError,
    ) as error:
        raise _unreachable(error) from error
    except ImportError as error:  # a database driver that is not installed
        raise UsageError(_one_line(error)) from error


def is_too_old(error: BaseException | None) -> bool:
    """Whether a server does not know a question, such as MLflow 2 those about logged models.

    What it knows and cannot answer, it says in JSON, of which MLflow makes another kind of error.
    """
    from mlflow.exceptions import MlflowException, RestException

    is_plain = isinstance(error, MlflowException) and not isinstance(error, RestException)
    return is_plain and "error code 404" in str(error)


def _unreachable(error: Exception) -> StoreUnreachable:
    text = " ".join(str(error).split())
    ways_out = (way for sign, way in _WAYS_OUT.items() if sign in text)
    return StoreUnreachable(_say_silent(error) or _one_line(error), next(ways_out, ""))


def _say_silent(error: BaseException | None) -> str:
    """That a server does not answer, without what its client's layers say of it; empty of other errors."""
    from requests.exceptions import ConnectionError as Unconnected
    from requests.exceptions import SSLError, Timeout

    while error is not None and not isinstance(error, Unconnected | Timeout):
        error = error.__cause__ or error.__context__
    if error is None or isinstance(error, SSLError) or error.request is None:
        return ""
    address = urlsplit(str(error.request.url))
    port = f":{address.port}" if address.port else ""
    reason = re.search(r"\[Errno -?\d+\] ([\w ]+)", str(error))
    why = f" ({reason[1].lower()})" if reason else ""
    return f"{address.scheme}://{address.hostname}{port} does not answer{why}"


_LONGEST = 300


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    if len(text) > _LONGEST and _CAUSE in text:  # which stands last, behind the address
        head, _, cause = text.partition(_CAUSE)
        text = f"{head[: _LONGEST // 2]}... {cause}"
    return redact(text[:_LONGEST]) or type(error).__name__
