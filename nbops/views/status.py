"""How tracking stands."""

from collections.abc import Sequence
from typing import Protocol

from nbops.records import Session
from nbops.views.coverage import say_coverage
from nbops.views.text import escape, page, show_time, show_waiting, text_table


class Destination(Protocol):
    @property
    def uri(self) -> str: ...
    @property
    def why(self) -> str: ...


class LiveSession(Protocol):
    """What a view asks of the open session."""

    id: str
    name: str
    experiment: str
    is_paused: bool

    unserved: str | None

    @property
    def problem(self) -> str | None: ...
    @property
    def destination(self) -> Destination: ...


class StatusView:
    """The session of this kernel, others that are alive, and what is not in MLflow yet.

    Parameters
    ----------
    checks
        Lines that say what checks found; as text, since starting must not load them.
    """

    def __init__(
        self,
        live: LiveSession | None,
        sessions: Sequence[Session],
        unshipped: int,
        state: dict[str, str],
        checks: Sequence[str] = (),
    ) -> None:
        self._live = live
        self._sessions = sessions
        self._unshipped = unshipped
        self._state = state
        self._checks = checks

    @staticmethod
    def started(live: LiveSession, *, is_new: bool, before: int) -> str:
        """Lines that `%track start` prints."""
        head = "Tracking" if is_new else "Tracking already:"
        lines = [f"{head} {live.experiment} · session {live.name} ({live.id})"]
        if is_new:
            place = live.destination.uri
            lines.append(
                f"Runs go to {_shown(place)} ({live.destination.why}); your own MLflow runs too."
            )
            if live.unserved:
                lines.append(_waiting(live.unserved))
        if before:
            cells = "1 earlier cell is" if before == 1 else f"{before} earlier cells are"
            lines.append(f"{cells} noted as run before tracking: what they read was not seen.")
        return "\n".join(lines)

    def __str__(self) -> str:
        live = self._live
        if live is None:
            lines = ["Nothing is tracked in this kernel: %track start"]
        else:
            state = "paused" if live.is_paused else "tracking"
            lines = [f"{state}: {live.experiment} · session {live.name} ({live.id})"]
            if live.problem:
                lines.append(f"nothing can be written: {live.problem}; what is new waits in memory")
            if live.unserved:
                lines.append(_waiting(live.unserved))
            own = next((s for s in self._sessions if s.id == live.id), None)
            if own is not None:
                lines.append(f"seen: {say_coverage(own.coverage, own.net_problem)}")
        others = [
            s for s in self._sessions if s.status == "running" and (not live or s.id != live.id)
        ]
        if others:
            rows = [[s.name, s.notebook or "", show_time(s.started_at)] for s in others]
            lines += ["also tracking:", text_table(("", "", ""), rows, indent="  ")]
        lines.append(self._shipping)
        lines += self._checks
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return page(f"<pre>{escape(self)}</pre>")

    @property
    def _shipping(self) -> str:
        error = self._state.get("error")
        if error:
            return f"{show_waiting(self._unshipped)} for MLflow: {error}"
        if self._unshipped:
            is_one = self._unshipped == 1
            going = "1 run is on its way" if is_one else f"{self._unshipped} runs are on their way"
            return f"{going} to MLflow"
        return "all runs are in MLflow"


def _waiting(reason: str) -> str:
    return f"Records wait on this disk, and in no list: {reason}"


def _shown(uri: str) -> str:
    from nbops.capture.secrets.redaction import redact

    return redact(uri)
