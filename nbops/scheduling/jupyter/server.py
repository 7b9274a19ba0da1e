"""A Jupyter server that runs on this machine, asked for its jobs as JupyterLab asks."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbops.errors import NbopsError, UsageError

_ANSWERS_WITHIN_S = 60.0


@dataclass(frozen=True)
class JupyterServer:
    """A running server.

    Parameters
    ----------
    root
        Folder that it shows; paths of jobs are below it.
    """

    url: str
    token: str
    root: Path

    def list_environments(self) -> list[str]:
        """Names of the environments that jobs can run in."""
        return [str(each["name"]) for each in self._ask("GET", "runtime_environments")]

    def create_definition(self, definition: dict[str, Any]) -> str:
        """Create a job definition, in the server's own environment where it does not offer the one that is named.

        Returns
        -------
        Its id.
        """
        names = self.list_environments()
        if definition["runtime_environment_name"] not in names:
            definition = {**definition, "runtime_environment_name": names[0]}
        return str(self._ask("POST", "job_definitions", definition)["job_definition_id"])

    def list_definitions(self) -> list[dict[str, Any]]:
        found = self._ask("GET", "job_definitions?max_items=1000")
        return list(found.get("job_definitions", ()))

    def change_definition(self, definition_id: str, **values: Any) -> None:
        """Change what a definition says; `active=False` pauses it."""
        self._ask("PATCH", f"job_definitions/{definition_id}", values)

    def delete_definition(self, definition_id: str) -> None:
        self._ask("DELETE", f"job_definitions/{definition_id}")

    def run_definition(self, definition_id: str) -> str:
        """Run a job now; returns its id."""
        return str(self._ask("POST", f"job_definitions/{definition_id}/jobs", {})["job_id"])

    def list_jobs(self, definition_id: str | None = None) -> list[dict[str, Any]]:
        """Jobs that ran, run or wait, newest first."""
        wanted = f"&job_definition_id={definition_id}" if definition_id else ""
        return list(self._ask("GET", f"jobs?max_items=1000{wanted}").get("jobs", ()))

    def read_job(self, job_id: str) -> dict[str, Any]:
        return dict(self._ask("GET", f"jobs/{job_id}"))

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(f"{self.url}scheduler/{path}", method=method)  # noqa: S310 - a server of ours
        request.add_header("Authorization", f"token {self.token}")
        request.add_header("Content-Type", "application/json")
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=_ANSWERS_WITHIN_S) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise UsageError(
                    f"The Jupyter server {self.url} has no jupyter-scheduler, or no such job.",
                    "pip install jupyter-scheduler, and start it anew.",
                ) from error
            said = error.read().decode("utf-8", "replace")[:200]
            raise NbopsError(
                f"jupyter-scheduler answers {error.code} to {method} {path}: {said}"
            ) from error
        except OSError as error:
            raise NbopsError(f"The Jupyter server {self.url} does not answer: {error}.") from error


def list_servers() -> list[JupyterServer]:
    """Servers of this user that run here; Jupyter leaves a file of each, which outlives one that was killed."""
    import psutil
    from jupyter_core.paths import jupyter_runtime_dir

    servers = []
    for path in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        try:
            info = json.loads(path.read_text("utf-8"))
            if psutil.pid_exists(info["pid"]):
                root = Path(info["root_dir"]).resolve()
                servers.append(JupyterServer(info["url"], info.get("token", ""), root))
        except (OSError, ValueError, KeyError):  # it is being written, or has just gone
            continue
    return servers


def find_server(path: Path) -> JupyterServer:
    """The running server whose root holds a file; of several, the one with the nearest root.

    Raises
    ------
    UsageError
        None runs, or none shows that file.
    """
    servers = list_servers()
    fitting = [server for server in servers if path.resolve().is_relative_to(server.root)]
    if fitting:
        return max(fitting, key=lambda server: len(server.root.parts))
    if servers:
        raise UsageError(
            f"No Jupyter server that runs here shows {path.name}: they show {', '.join(str(s.root) for s in servers)}.",
            "Start one in the project, or above it: jupyter lab.",
        )
    raise UsageError(
        "No Jupyter server runs here, and jupyter-scheduler is a part of one.",
        "Start it: jupyter lab. --on systemd and --on cron need none.",
    )
