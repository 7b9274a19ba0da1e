"""State of the git work tree: commit, branch, remote, and what was not committed."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from nbops.capture.secrets.privacy import is_private_path
from nbops.capture.secrets.redaction import redact
from nbops.digests import digest_bytes
from nbops.records import Source

PATCH_BYTES = 2_000_000
"""A larger patch is no code; it is recorded as dirty without its content."""

_WHOLE_TREE = (":(top)", ":(top,exclude)*.ipynb")


def read_source(folder: Path) -> tuple[Source, bytes | None]:
    """Read the state of the work tree around a folder.

    Returns
    -------
    The state without its patch's digest, and the patch of the whole tree against HEAD with secrets
    removed: None when the tree is clean. Left out of it are notebooks, since their code is in the
    record cell by cell, what is private, and binary files, which would keep `git apply` from the rest.
    Outside of a work tree every field is None.
    """
    source = read_state(folder)
    if not source.is_dirty:
        return source, None
    numbers = _git(folder, "diff", "HEAD", "--numstat", "-z", "--no-renames", "--", *_WHOLE_TREE)
    rows = [line.split("\t", 2) for line in (numbers or "").split("\0") if line]
    top = _git(folder, "rev-parse", "--show-toplevel") or ""
    left_out = [
        f":(top,exclude,literal){path}"
        for added, _, path in rows
        if added == "-" or is_private_path(f"{top}/{path}")
    ]
    arguments = ("diff", "HEAD", "--no-color", "--no-ext-diff", "--", *_WHOLE_TREE, *left_out)
    patch = _git(folder, *arguments)
    if not patch or len(patch) > PATCH_BYTES:
        return source, None
    return source, redact(patch).encode() + b"\n"


def read_untracked(folder: Path, modules: Iterable[tuple[Path, str]]) -> dict[str, bytes]:
    """Patches that create the files among those imported which git does not know, ignored ones too.

    Parameters
    ----------
    folder
        Any folder of the work tree.
    modules
        Paths, absolute, with the digest of what was imported: a file that is another by now is left out.

    Returns
    -------
    By path from the tree's top; empty of a file that is too large to be code.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        return {}
    patches = {}
    for path, digest in modules:
        known_as = path.resolve()
        if not known_as.is_relative_to(top) or path.suffix == ".ipynb":
            continue
        name = known_as.relative_to(top).as_posix()
        if _git(Path(top), "ls-files", "--others", "-z", "--", f":(top,literal){name}"):
            data = _read_if_same(known_as, digest)
            if data is not None:
                patches[name] = _creation(name, data)
    return patches


def _read_if_same(path: Path, digest: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if digest_bytes(data) == digest else None


def _creation(name: str, data: bytes) -> bytes:
    """A patch that makes a new file, without its secrets."""
    if len(data) > PATCH_BYTES // 10:
        return b""
    text = redact(data.decode("utf-8", "replace"))
    end = "\t" if " " in name else ""  # as git writes a name with a space
    head = f"diff --git a/{name} b/{name}\nnew file mode 100644\n"
    if not text:
        return f"{head}index 0000000..e69de29\n".encode()
    lines = text.split("\n")
    tail = "" if lines[-1] == "" else "\\ No newline at end of file\n"
    lines = lines if tail else lines[:-1]
    body = "".join(f"+{line}\n" for line in lines)
    hunk = f"@@ -0,0 +1,{len(lines)} @@\n"
    return f"{head}--- /dev/null\n+++ b/{name}{end}\n{hunk}{body}{tail}".encode()


def read_state(folder: Path) -> Source:
    """State of the work tree around a folder, without what was changed in it."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return Source()
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Source(
        git_commit=commit,
        git_branch=_git(folder, "branch", "--show-current") or None,
        git_remote=redact(_git(folder, "remote", "get-url", "origin") or "") or None,
        is_dirty=bool(status),
    )


def _git(folder: Path, *arguments: str) -> str | None:
    """Output of a git command; None when git is absent, fails, or takes too long."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, timeout=20, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace").strip()
