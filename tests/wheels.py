"""Small packages, an index that serves them, and environments that they are installed into."""

import base64
import hashlib
import html
import json
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

UV = str(Path(sys.executable).parent / "uv")


def make_wheel(
    folder: Path, name: str, version: str = "1.0", *, needs: tuple[str, ...] = (), code: str = ""
) -> Path:
    """A wheel of one module."""
    info = f"{name}-{version}.dist-info"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": code or f"VERSION = {version!r}\n",
        f"{info}/METADATA": about + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{path},sha256={_hash(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return path


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class PackageIndex:
    """A package index on this machine, over a folder of wheels.

    Parameters
    ----------
    speaks_json
        Whether it knows PEP 691, too.
    """

    def __init__(self, folder: Path, *, speaks_json: bool = True) -> None:
        index = self
        self.folder = folder
        self.asked: list[str] = []
        self.logins: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.append(self.path)
                index.logins.append(self.headers["Authorization"])
                self.answer()

            def do_HEAD(self) -> None:
                self.answer(is_head=True)

            def answer(self, *, is_head: bool = False) -> None:
                wants_json = speaks_json and "json" in self.headers.get("Accept", "")
                kind, body = index.answer(self.path, wants_json=wants_json)
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not is_head:
                    self.wfile.write(body)

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/simple"

    def answer(self, path: str, *, wants_json: bool) -> tuple[str, bytes]:
        parts = path.strip("/").split("/")
        if parts[0] == "files":
            return "application/octet-stream", (self.folder / parts[1]).read_bytes()
        wheels = sorted(self.folder.glob(f"{parts[1].replace('-', '_')}-*.whl"))
        if not wheels:
            return "text/plain", b""
        digests = {w.name: hashlib.sha256(w.read_bytes()).hexdigest() for w in wheels}
        if wants_json:
            files = [
                {"filename": name, "url": f"/files/{name}", "hashes": {"sha256": digest}}
                for name, digest in digests.items()
            ]
            page = {"meta": {"api-version": "1.0"}, "name": parts[1], "files": files}
            return "application/vnd.pypi.simple.v1+json", json.dumps(page).encode()
        links = (
            f'<a href="/files/{name}#sha256={digest}">{html.escape(name)}</a>'
            for name, digest in digests.items()
        )
        return "text/html", "".join(links).encode()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Venv:
    """An environment with nothing in it but what is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([UV, "venv", "-q", "--python", sys.executable, str(folder)], check=True)

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def packages(self) -> Path:
        (folder,) = self.folder.glob("lib/python3.*/site-packages")
        return folder

    def uv(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [UV, "pip", *words, "-q", "--python", self.python]
        return subprocess.run(command, check=check, capture_output=True, text=True)

    def freeze(self) -> list[str]:
        return self.uv("freeze").stdout.splitlines()
