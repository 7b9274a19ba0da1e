import subprocess

from kernels import Kernel
from processes import PATIENCE_S, wait_until

from nbops.index.queries import Index
from nbops.records import Source
from nbops.store import Store
from nbops.workspace import Workspace


def git(workspace: Workspace, *words: str) -> None:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", *words]
    subprocess.run(command, check=True, capture_output=True, cwd=workspace.root)


def test_an_imported_file_that_git_does_not_know_is_in_the_patch(
    start_kernel, workspace: Workspace, index: Index
):
    (workspace.root / "tracked.py").write_text("A = 1\n")
    for words in (["init", "-b", "trunk"], ["add", "."], ["commit", "-m", "first"]):
        git(workspace, *words)
    (workspace.root / "tracked.py").write_text("A = 2\n")
    (workspace.root / "helpers.py").write_text('password = "hunter2"\nB = 3\n')
    (workspace.root / "unused.py").write_text("C = 4\n")
    kernel: Kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start", "start")
    kernel.run("import tracked, helpers", "import")
    kernel.run("%%track fit\nauc = helpers.B / 6\nauc", "fit")
    assert index.wait(PATIENCE_S)

    def source() -> Source:
        return index.document(index.resolve("last")).session.source

    wait_until(lambda: source().untracked)
    patch = (Store(workspace.store).get(source().patch_digest or "") or b"").decode()
    assert source().untracked == ("helpers.py",)
    assert "+A = 2\n" in patch
    assert "+++ b/helpers.py\n@@ -0,0 +1,2 @@\n" in patch
    assert "hunter2" not in patch
    assert "unused" not in patch
