"""Real MLflow servers, on stores of their own, that can be away, or guarded as in a company."""

import base64
import contextlib
import json
import os
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from processes import PATIENCE_S, free_port, wait_until


class MlflowServer:
    """One server.

    Parameters
    ----------
    folder
        Where its artifacts and its log lie, and its database when no other is named.
    backend
        URI of its database.
    options
        More words of its command line.
    authority
        A certificate of what signs its own; it answers at `https:` then.
    """

    def __init__(
        self,
        folder: Path,
        *,
        backend: str | None = None,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        authority: Path | None = None,
        python: str = sys.executable,
    ) -> None:
        self.folder = folder
        self.authority = authority
        self._backend = backend or f"sqlite:///{folder / 'mlflow.db'}"
        self._options = options
        self._environment = environment or {}
        self._python = python
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http{'s' if self.authority else ''}://127.0.0.1:{self._port}"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    def start(self) -> None:
        command = [self._python, "-m", "mlflow", "server"]
        command += ["--backend-store-uri", self._backend]
        command += ["--artifacts-destination", self.artifacts.as_uri()]
        command += ["--host", "127.0.0.1", "--port", str(self._port), "--workers", "1"]
        command += self._options
        environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        log = (self.folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            command,
            env={**environment, **self._environment},
            cwd=self.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        wait_until(self._answers)

    def stop(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    def post(self, route: str, identity: Mapping[str, str], **words: str) -> None:
        """Ask for what MLflow's own client has no call for."""
        said = ":".join(identity[f"MLFLOW_TRACKING_{what}"] for what in ("USERNAME", "PASSWORD"))
        headers = {
            "Authorization": f"Basic {base64.b64encode(said.encode()).decode()}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(
            f"{self.uri}/api/2.0/mlflow/{route}", json.dumps(words).encode(), headers
        )
        urllib.request.urlopen(request, timeout=PATIENCE_S, context=self._trusted()).close()

    def _trusted(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.authority) if self.authority else None

    def _answers(self) -> bool:
        assert self._process is None or self._process.poll() is None, self._log()
        try:
            url = f"{self.uri}/health"
            with urllib.request.urlopen(url, timeout=2, context=self._trusted()) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _log(self) -> str:
        return (self.folder / "server.log").read_text()[-2000:]


ADMIN = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": "planted-admin-4711"}


def guarded_server(folder: Path, backend: str) -> MlflowServer:
    """A server that asks for a password, with a certificate that only its own authority signed."""
    import trustme  # the tests of capture do without it

    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    ca, key, own = (folder / name for name in ("ca.pem", "key.pem", "own.pem"))
    authority.cert_pem.write_to_path(ca)
    certificate.private_key_pem.write_to_path(key)
    certificate.cert_chain_pems[0].write_to_path(own)
    settings = folder / "auth.ini"
    settings.write_text(
        "[mlflow]\ndefault_permission = EDIT\n"
        "auth_cache_ttl_seconds = 600\n"  # a password takes half a second to check
        f"database_uri = sqlite:///{folder / 'auth.db'}\n"
        f"admin_username = {ADMIN['MLFLOW_TRACKING_USERNAME']}\n"
        f"admin_password = {ADMIN['MLFLOW_TRACKING_PASSWORD']}\n"
    )
    return MlflowServer(
        folder,
        backend=backend,
        options=(
            *("--app-name", "basic-auth"),
            *("--uvicorn-opts", f"--ssl-keyfile {key} --ssl-certfile {own}"),
        ),
        environment={
            "MLFLOW_AUTH_CONFIG_PATH": str(settings),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "for tests",
        },
        authority=ca,
    )
