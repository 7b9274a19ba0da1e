"""A failure and a recovery are told to a person: on the desktop, by mail, or to a webhook.

`[tool.nbops.notify]`, or `[notify]` in `~/.config/nbops/config.toml`, says how; a value `$NAME` is taken from the
job's credentials or its environment, so that no secret stands there.
"""

import json
import os
import re
import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from nbops.errors import UsageError

_PATIENCE_S = 30.0
_KEYS = {
    "desktop": bool,
    "email": str,
    "smtp": str,
    "smtp_user": str,
    "smtp_without_tls": bool,
    "sender": str,
    "webhook": str,
}
PASSWORD = "NBOPS_SMTP_PASSWORD"  # noqa: S105 - the variable's name


@dataclass(frozen=True)
class Notice:
    """What is told.

    Parameters
    ----------
    document
        The same for programs; a webhook gets it as JSON.
    """

    title: str
    text: str
    document: Mapping[str, Any]


def write_notice(
    job: str,
    source: str,
    status: str,
    message: str,
    *,
    started_at: datetime,
    ended_at: datetime | None,
    due_at: datetime | None = None,
    **more: Any,
) -> Notice:
    """That a job has failed or died; of another status, that it runs again."""
    has_failed = status in ("failed", "died")
    happened = f"{job} {'has ' + status if has_failed else 'runs again'}"
    due = f", for {due_at.astimezone():%Y-%m-%d %H:%M}" if due_at else ""
    lines = [
        source,
        f"started {started_at.astimezone():%Y-%m-%d %H:%M %Z}{due}",
        *([message] if message else []),
        f"nbops jobs logs {job}",
    ]
    document = {
        "job": job,
        "status": status if has_failed else "recovered",
        "source": source,
        "message": message,
        "started_at": started_at.isoformat(),
        "ended_at": ended_at.isoformat() if ended_at else None,
        **more,
    }
    return Notice(f"nbops: {happened}", "\n".join(lines), document)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings that would tell nobody.

    Raises
    ------
    UsageError
        A key is unknown or of another type, or mail has no server.
    """
    for key, value in settings.items():
        if key not in _KEYS or not isinstance(value, _KEYS[key]):
            known = ", ".join(f"{name} ({kind.__name__})" for name, kind in _KEYS.items())
            raise UsageError(f"[tool.nbops.notify] has no {key} = {value!r}.", f"It takes {known}.")
    if "email" in settings and "smtp" not in settings:
        raise UsageError(
            "[tool.nbops.notify] names an email, but no server.",
            'Such as smtp = "mail.example.org:587".',
        )


def send_notice(
    settings: Mapping[str, Any], notice: Notice, secrets: Mapping[str, str]
) -> list[str]:
    """Tell it every way that the settings name; returns what went wrong, a line each."""
    try:
        check_settings(settings)
    except UsageError as error:
        return [str(error)]
    problems = []
    given = {**os.environ, **secrets}
    ways: dict[str, Callable[[Mapping[str, Any], Notice, Mapping[str, str]], None]] = {
        "desktop": _show,
        "email": _mail,
        "webhook": _post,
    }
    for way, tell in ways.items():
        if not settings.get(way):
            continue
        own = [key for key in settings if key not in ways or key == way]
        try:
            tell({key: _expand(settings[key], given) for key in own}, notice, given)
        except (OSError, ValueError, smtplib.SMTPException, subprocess.SubprocessError) as error:
            said = str(error.reason) if isinstance(error, URLError) else str(error)
            problems.append(f"The notice by {way} was not sent: {said}")
        except UsageError as error:
            problems.append(f"The notice by {way} was not sent: {error}")
    return problems


def _show(settings: Mapping[str, Any], notice: Notice, given: Mapping[str, str]) -> None:  # noqa: ARG001
    program = shutil.which("notify-send", path=given.get("PATH"))
    if program is None:
        raise UsageError("there is no notify-send.", "Debian's package is libnotify-bin.")
    bus = f"unix:path=/run/user/{os.getuid()}/bus"  # which cron does not name
    environment = {"DBUS_SESSION_BUS_ADDRESS": bus, **os.environ}
    subprocess.run(
        [program, "--app-name=nbops", notice.title, notice.text],
        env=environment,
        check=True,
        timeout=_PATIENCE_S,
        capture_output=True,
    )


def _mail(settings: Mapping[str, Any], notice: Notice, given: Mapping[str, str]) -> None:
    host, _, port = settings["smtp"].partition(":")
    message = EmailMessage()
    message["Subject"] = notice.title
    message["From"] = settings.get("sender") or settings["email"].partition(",")[0]
    message["To"] = settings["email"]
    message.set_content(notice.text)
    kind = smtplib.SMTP_SSL if port == "465" else smtplib.SMTP
    with kind(host, int(port or 25), timeout=_PATIENCE_S) as server:
        server.ehlo()
        may_be_read = port != "465" and not _is_here(host)
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            may_be_read = False
        if user := settings.get("smtp_user"):
            if may_be_read and not settings.get("smtp_without_tls"):
                raise UsageError(
                    f"{host} offers no TLS, so others could read the password.",
                    "Take its port 465, or say smtp_without_tls = true.",
                )
            if PASSWORD not in given:
                raise UsageError(f"there is no {PASSWORD}.", "Put it into the job's credentials.")
            server.login(user, given[PASSWORD])
        server.send_message(message)


def _is_here(host: str) -> bool:
    """Whether a server is on this machine, so that nothing passes a network."""
    return host == "localhost" or host.startswith("127.")


def _post(settings: Mapping[str, Any], notice: Notice, given: Mapping[str, str]) -> None:  # noqa: ARG001
    url = settings["webhook"]
    if not url.startswith(("https://", "http://")):
        raise UsageError("webhook is no http address.")
    body = json.dumps({"text": f"{notice.title}\n{notice.text}", **notice.document}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - checked above
    with urlopen(request, timeout=_PATIENCE_S):  # noqa: S310
        pass


def _expand(value: Any, given: Mapping[str, str]) -> Any:
    """`$NAME` as a variable's value."""
    match = re.fullmatch(r"\$(\w+)", value) if isinstance(value, str) else None
    if match is None:
        return value
    if match[1] not in given:
        raise UsageError(f"there is no variable {match[1]}.", "Put it into the job's credentials.")
    return given[match[1]]
