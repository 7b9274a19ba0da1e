"""A failure and a recovery reach a person: by mail, a webhook, the desktop. The servers are this test's own."""

import contextlib
import json
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_execution import Make, execute, make, read_runs  # noqa: F401 - a fixture

from nbops.errors import UsageError
from nbops.scheduling.local.notices import PASSWORD, Notice, check_settings, send_notice

_NOTICE = Notice("nbops: report has failed", "too deep", {"job": "report", "status": "failed"})


class _Hook(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, json.loads(body)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs that sends one message; keeps it, and who logged in."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "EHLO":
                offered = "" if self.server.tls is None else "250-STARTTLS\r\n"
                self._say(f"250-here\r\n{offered}250 AUTH PLAIN")
            elif word == "STAR":
                self._say("220 go on")
                try:
                    self.request = self.server.tls.wrap_socket(self.request, server_side=True)
                except ssl.SSLError:  # the client does not know this server, and goes
                    return
                self.setup()
                self.server.wrapped += 1
            elif word == "AUTH":
                self.server.logins.append(line)
                self._say("235 welcome")
            elif word == "DATA":
                self._say("354 go on")
                lines = []
                while (text := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(text)
                self.server.messages.append("".join(lines))
                self._say("250 kept")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextlib.contextmanager
def _served(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hook() -> Iterator[tuple[str, list[tuple[str, dict]]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hook)
    server.posted = []
    with _served(server) as port:
        yield f"http://127.0.0.1:{port}/hook", server.posted


@pytest.fixture
def mail() -> Iterator[socketserver.TCPServer]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail)
    server.messages, server.logins, server.tls, server.wrapped = [], [], None, 0
    with _served(server):
        yield server


def test_a_failure_is_told_once_and_so_is_the_recovery(make: Make, tmp_path: Path, hook):  # noqa: F811
    url, posted = hook
    (tmp_path / "project" / "pyproject.toml").write_text(
        f"[tool.nbops.notify]\nwebhook = '{url}'\n"
    )
    kept = make()
    for code in ("0", "1", "1", "0", "0"):
        (tmp_path / "code").write_text(code)
        execute(kept, "asked")
    told = [(document["job"], document["status"]) for _, document in posted]
    assert told == [("report", "failed"), ("report", "recovered")]
    assert posted[0][1]["session_id"] == "0123456789ab"
    assert "nbops jobs logs report" in posted[0][1]["text"]


def test_mail_is_sent_with_a_password_from_the_credentials(mail):
    settings = {
        "email": "me@example.org",
        "smtp": f"127.0.0.1:{mail.server_address[1]}",
        "smtp_user": "me",
    }
    [problem] = send_notice(settings, _NOTICE, {})
    assert "there is no NBOPS_SMTP_PASSWORD" in problem
    assert send_notice(settings, _NOTICE, {"NBOPS_SMTP_PASSWORD": "pw"}) == []
    [message] = mail.messages
    assert "Subject: nbops: report has failed" in message
    assert "To: me@example.org" in message
    assert "too deep" in message
    assert len(mail.logins) == 1


def test_mail_goes_by_tls_where_its_server_offers_it_and_never_to_one_that_is_not_known(
    mail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    mail.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    mail.tls.load_cert_chain(_write_certificate(tmp_path / "server.pem"))
    settings = {"email": "me@example.org", "smtp_user": "me"}
    settings["smtp"] = f"localhost:{mail.server_address[1]}"
    [problem] = send_notice(settings, _NOTICE, {PASSWORD: "open sesame"})
    assert "certificate verify failed" in problem
    assert mail.logins == mail.messages == []
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    assert send_notice(settings, _NOTICE, {PASSWORD: "open sesame"}) == []
    assert (mail.wrapped, len(mail.logins), len(mail.messages)) == (1, 1, 1)


def _write_certificate(path: Path) -> Path:
    """One of localhost, which vouches for itself, with its key."""
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    words += ["-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    words += ["-keyout", str(path), "-out", f"{path}.crt"]
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl here")
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_the_address_of_a_webhook_may_be_a_secret(hook):
    url, posted = hook
    assert send_notice({"webhook": "$HOOK"}, _NOTICE, {"HOOK": url}) == []
    assert posted[0][1]["status"] == "failed"
    [problem] = send_notice({"webhook": "$HOOK"}, _NOTICE, {})
    assert "there is no variable HOOK" in problem


def test_the_desktop_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/shown\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # cron's; the job has its own
    path = f"{tmp_path}:/usr/bin:/bin"
    assert send_notice({"desktop": True}, _NOTICE, {"PATH": path}) == []
    shown = (tmp_path / "shown").read_text()
    assert shown == "--app-name=nbops|nbops: report has failed|too deep|"


def test_a_notice_that_cannot_be_sent_does_not_fail_the_job(make: Make, tmp_path: Path):  # noqa: F811
    (tmp_path / "project" / "pyproject.toml").write_text(
        "[tool.nbops.notify]\nwebhook = 'http://127.0.0.1:9/'\n"
    )
    kept = make()
    (tmp_path / "code").write_text("3")
    assert execute(kept, "asked") == 3
    log = kept.runs / f"{read_runs(kept.runs)[0].id}.log"
    assert "The notice by webhook was not sent" in log.read_text()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"webhok": "x"}, "has no webhok = 'x'. It takes desktop"),
        ({"desktop": "yes"}, "has no desktop = 'yes'"),
        ({"email": "me@example.org"}, "names an email, but no server"),
    ],
)
def test_settings_that_would_tell_nobody_are_refused(settings: dict, said: str):
    with pytest.raises(UsageError) as caught:
        check_settings(settings)
    assert said in str(caught.value)


def test_a_password_passes_no_network_without_tls_unless_that_is_asked_for(mail):
    # The same server, by an address that is not this machine's own for itself.
    settings = {"email": "me@example.org", "smtp_user": "me"}
    settings["smtp"] = f"0.0.0.0:{mail.server_address[1]}"
    [problem] = send_notice(settings, _NOTICE, {PASSWORD: "open sesame"})
    assert "0.0.0.0 offers no TLS, so others could read the password." in problem
    assert mail.logins == mail.messages == []
    asked = {**settings, "smtp_without_tls": True}
    assert send_notice(asked, _NOTICE, {PASSWORD: "open sesame"}) == []
    assert len(mail.logins) == len(mail.messages) == 1
