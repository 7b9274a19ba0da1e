import subprocess
from pathlib import Path

import pytest

from nbops.capture.environment.source import read_source, read_untracked
from nbops.capture.secrets.privacy import set_private
from nbops.capture.secrets.redaction import redact
from nbops.digests import digest_bytes
from nbops.records import Source


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=a@b.c", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-b", "trunk")
    (tmp_path / "helpers.py").write_text("A = 1\n")
    (tmp_path / "n.ipynb").write_text("{}")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_a_clean_tree_is_its_commit(tree: Path):
    source, patch = read_source(tree)
    assert source.git_commit == git(tree, "rev-parse", "HEAD")
    assert (source.git_branch, source.is_dirty, patch) == ("trunk", False, None)


def test_a_dirty_tree_is_recorded_with_its_patch_without_secrets(tree: Path):
    (tree / "helpers.py").write_text('A = 2\npassword = "hunter2"\n')
    (tree / "n.ipynb").write_text("{ }")
    source, patch = read_source(tree)
    assert source.is_dirty is True
    assert b"+A = 2" in patch
    assert b"hunter2" not in patch
    assert b"n.ipynb" not in patch


def test_a_patch_can_be_applied(tree: Path, tmp_path_factory):
    (tree / "helpers.py").write_text("A = 2\n")
    _, patch = read_source(tree)
    clone = tmp_path_factory.mktemp("clone") / "c"
    git(tree, "clone", str(tree), str(clone))
    (clone.parent / "p.diff").write_bytes(patch)
    git(clone, "apply", str(clone.parent / "p.diff"))
    assert (clone / "helpers.py").read_text() == "A = 2\n"


def test_a_patch_is_of_the_whole_tree_wherever_the_notebook_lies(tree: Path):
    (tree / "notebooks").mkdir()
    (tree / "helpers.py").write_text("A = 2\n")
    _, patch = read_source(tree / "notebooks")
    assert b"+A = 2" in patch


def test_binary_files_do_not_keep_a_patch_from_being_applied(tree: Path, tmp_path_factory):
    (tree / "a b.bin").write_bytes(bytes(range(256)))
    git(tree, "add", ".")
    git(tree, "commit", "-m", "second")
    clone = tmp_path_factory.mktemp("clone") / "c"
    git(tree, "clone", str(tree), str(clone))
    (tree / "a b.bin").write_bytes(bytes(range(256))[::-1])
    (tree / "helpers.py").write_text("A = 2\n")
    _, patch = read_source(tree)
    (clone.parent / "p.diff").write_bytes(patch)
    git(clone, "apply", str(clone.parent / "p.diff"))
    assert (clone / "helpers.py").read_text() == "A = 2\n"


def imported(*paths: Path) -> list[tuple[Path, str]]:
    return [(path, digest_bytes(path.read_bytes())) for path in paths]


@pytest.mark.parametrize("text", ["A = 1\n", "A = 1", "", "\n\nA = 'ü'\n", "A = 1\r\n"])
def test_a_file_that_git_does_not_know_is_made_by_its_patch(tree: Path, tmp_path_factory, text):
    (tree / ".gitignore").write_text("ignored.py\n")
    names = ("my pack/new.py", "ignored.py")
    (tree / "my pack").mkdir()
    for name in names:
        (tree / name).write_bytes(text.encode())
    clone = tmp_path_factory.mktemp("clone") / "c"
    git(tree, "clone", str(tree), str(clone))
    found = read_untracked(tree, imported(*(tree / name for name in names), tree / "helpers.py"))
    assert sorted(found) == sorted(names)
    (clone.parent / "p.diff").write_bytes(b"".join(found.values()))
    git(clone, "apply", str(clone.parent / "p.diff"))
    for name in names:
        assert (clone / name).read_bytes() == text.encode()


def test_a_file_that_git_does_not_know_is_kept_without_secrets(tree: Path):
    key = "-----BEGIN PRIVATE KEY-----\nabc\ndef\n-----END PRIVATE KEY-----"
    (tree / "new.py").write_text(f'password = "hunter2"\nkey = """{key}"""\nA = 1\n')
    (patch,) = read_untracked(tree, imported(tree / "new.py")).values()
    assert b"hunter2" not in patch
    assert b"def" not in patch
    assert b"+A = 1\n" in patch
    assert b"@@ -0,0 +1,3 @@\n" in patch, "a key's lines became one"


def test_only_what_was_imported_is_kept(tree: Path):
    new = tree / "new.py"
    new.write_text("A = 1\n")
    (tree / "m.ipynb").write_text("{}")
    (seen,) = imported(new)
    new.write_text("A = 2\n")
    assert read_untracked(tree, [seen, *imported(tree / "m.ipynb")]) == {}
    new.write_text("#" * 300_000)
    assert read_untracked(tree, imported(new)) == {"new.py": b""}


def test_a_remote_is_recorded_without_its_token(tree: Path):
    git(tree, "remote", "add", "origin", "https://me:s3cret99@github.com/o/r.git")
    source, _ = read_source(tree)
    assert source.git_remote == redact("https://me:s3cret99@github.com/o/r.git")
    assert "s3cret99" not in source.git_remote


def test_outside_of_a_tree_nothing_is_known(tmp_path: Path):
    assert read_source(tmp_path) == (Source(), None)


def test_without_git_nothing_is_known(tree: Path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert read_source(tree) == (Source(), None)


def test_a_patch_leaves_private_files_out(tree: Path):
    (tree / "secrets").mkdir()
    (tree / "secrets" / "a.txt").write_text("first\n")
    git(tree, "add", ".")
    git(tree, "commit", "-m", "second")
    (tree / "secrets" / "a.txt").write_text("planted\n")
    (tree / "helpers.py").write_text("shown = 1\n")
    set_private([], ["secrets/**"], tree)
    try:
        _, patch = read_source(tree)
    finally:
        set_private([], [], tree)
    assert patch is not None
    assert b"+shown = 1" in patch
    assert b"planted" not in patch
    assert b"secrets" not in patch
