"""Credentials by server: each is sent its own, and no other's.

MLflow reads one set from the environment and sends it to every server that the process asks. Its extension for
authentication knows no certificates, so what it makes of the environment is exchanged here, where it makes it.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

_IDENTITY = {
    "username": "MLFLOW_TRACKING_USERNAME",
    "password": "MLFLOW_TRACKING_PASSWORD",
    "token": "MLFLOW_TRACKING_TOKEN",
}
_INSECURE = "ignore_tls_verification"
_TLS = {
    _INSECURE: "MLFLOW_TRACKING_INSECURE_TLS",
    "server_cert_path": "MLFLOW_TRACKING_SERVER_CERT_PATH",
    "client_cert_path": "MLFLOW_TRACKING_CLIENT_CERT_PATH",
}
_known: dict[str, dict[str, str]] = {}
_here = threading.local()
"""`access` is of the server that this thread serves: its artifacts may lie on another host."""
_once = threading.Lock()


def use_for(uri: str, access: Mapping[str, str]) -> None:
    """Use these credentials for one server from now on.

    MLflow asks for them anew with each request: a token that expired can be followed by another.

    Parameters
    ----------
    uri
        Tracking URI with the password that it may hold.
    access
        Values by the names of MLflow's variables.
    """
    if not uri.startswith(("http:", "https:")):
        return
    _known[_server_of(uri)] = _here.access = dict(access)
    _take_over()


def _take_over() -> None:
    from mlflow.utils import credentials

    with _once:
        if not hasattr(credentials.MlflowHostCreds, "nbops"):
            credentials.MlflowHostCreds = _giving_each_its_own(credentials.MlflowHostCreds)


def _giving_each_its_own(make: Callable[..., Any]) -> Callable[..., Any]:
    def make_host_creds(host: str, **given: Any) -> Any:
        return make(host, **{**given, **_own(host)})

    make_host_creds.nbops = True  # type: ignore[attr-defined]
    return make_host_creds


def _own(host: str) -> dict[str, Any]:
    """What is known of a server: an identity, whole, and how to trust it, whole."""
    asked = _server_of(host)
    servers = [server for server in list(_known) if asked.startswith(server)]
    access = _known[max(servers, key=len)] if servers else getattr(_here, "access", {})
    own: dict[str, Any] = {}
    for group in (_IDENTITY, _TLS):
        if any(name in access for name in group.values()):
            own |= {key: access.get(name) for key, name in group.items()}
    if _INSECURE in own:
        own[_INSECURE] = str(own[_INSECURE]).lower() in ("true", "1")
    return own


def _server_of(uri: str) -> str:
    """Where a URI leads, without a password: servers may share a host, and differ by their path."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}/"
