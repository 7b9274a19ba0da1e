"""One session full of secrets and of what is private: afterwards every file is looked through."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from kernels import Kernel
from processes import PATIENCE_S, stop_background, wait_until

from nbops.index.queries import Index
from nbops.recording.background import summon
from nbops.workspace import Workspace

GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=a@b.c")
SETTINGS = """[project]
name = "project"
[tool.nbops]
redact = ["ACME-[0-9]+"]
private_columns = ["ssn", "email*"]
private_paths = ["vault/**"]
"""
CELLS = {
    "code": "api_key = 'plAntedCode1'\nname = 'sk-plAntedKey0123456789abcdef'\nprint(name, 'ACME-4711')",
    "shown": "print('password: plAntedOut1'); {'token': 'plAntedResult1', 'n': 1}",
    "display": """from IPython.display import HTML, display
display(HTML('<b>password</b> = "plAntedHtml1"'))""",
    "error": """def call(password):
    raise ValueError(f'password={password!r}')
call(password='plAntedError1')""",
    "url": """url = 'https://me:plAntedUrl1@example.org/?access_token=plAntedQuery1'
print(url)""",
    "connection": """dsn = 'postgresql://me:plAntedDsn1@db/prod'
print(dsn, 'AccountKey=plAntedAccount1plAntedAccount1plAntedAccount1==')""",
    "environment": """import os
os.environ['API_PASSWORD'] = 'plAntedEnv1'
print('DB_PASSWORD=' + os.environ['DB_PASSWORD'])""",
    "marked": """%%track forest api_token='plAntedParam1' depth=2
import nbops
nbops.log_param('db_password', 'plAntedParam2')
nbops.set_tag('auth_token', 'plAntedTag1')
nbops.set_tag('where', 'https://me:plAntedTag2@x.org')
nbops.note('password="plAntedNote1"')
nbops.log_metric('password=plAntedMetric1', 1)
nbops.log_param('token=plAntedName1', 2)""",
    "file": """open('sk-plAntedFile0123456789abcd.csv', 'w').write('x')
text = open('sk-plAntedFile0123456789abcd.csv').read()""",
    "large": """print('row ' * 20000 + 'password = "plAntedLarge1"')""",
    "pin": "pin = 48151623\nprint({'cvv': 48151623})",
    "vault": """import pandas as pd
hidden = len(pd.read_csv('vault/' + os.listdir('vault')[0]))""",
    "column": "people = pd.read_csv('people.csv')\npeople.head()",
    "worker": """pid = os.fork()
if pid == 0:
    open('sk-plAntedWork0123456789abcd.csv', 'w').write('x')
    pd.read_csv('vault/' + os.listdir('vault')[0])
    os._exit(0)
os.waitpid(pid, 0)""",
    "query": """import sqlite3
word = 'plAnt' + 'edSql1'
found = pd.read_sql(f"select '{word}' as ssn", sqlite3.connect(':memory:'))""",
    "column_error": "raise ValueError(people.iloc[0].to_string())",
}
PLANTED = (b"plAnted", b"48151623", b"ACME-4711")


def files_with(words: tuple[bytes, ...], *folders: Path) -> Iterator[str]:
    """Files that hold one of these, or are called so."""
    for folder in folders:
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            for word in words:
                if word in content or word in os.fsencode(path.name):
                    yield f"{path}: {word!r} {content[max(0, content.find(word) - 60) :][:120]!r}"


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path} {path.stat().st_mode & 0o777:o}"
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink()
        and path.stat().st_mode & 0o077
        # What MLflow writes of a job has the job's own mode, in a folder that nobody else enters.
        and "artifacts" not in path.relative_to(folder).parts[:-1]
    ]


def test_nothing_that_is_planted_is_found_in_any_file(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index, private_homes: Path
):
    root = workspace.root
    workspace.embedded_database.chmod(0o600)
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "vault").mkdir()
    (root / "vault" / "plAntedPath.csv").write_text("x\n1\n")
    (root / "people.csv").write_text("ssn,age\nplAnted-ssn,36\n")
    (root / "helpers.py").write_text("A = 1\n")
    for words in (
        ("init", "-q"),
        ("add", "helpers.py", "pyproject.toml"),
        ("commit", "-qm", "first"),
        ("remote", "add", "origin", "https://me:plAntedRemote1@github.com/o/r.git"),
    ):
        subprocess.run([*GIT, *words], cwd=root, check=True)
    (root / "helpers.py").write_text('A = 2\npassword = "plAntedPatch1"\n')

    kernel = start_kernel(DB_PASSWORD="plAntedStart1", AWS_SECRET_ACCESS_KEY="plAntedStart2")
    kernel.run("%load_ext nbops\n%track start --tag api_key=plAntedStartTag1", "start")
    answers = {name: kernel.run(code, name) for name, code in CELLS.items()}
    assert {name for name, answer in answers.items() if answer.error} == {"error", "column_error"}
    kernel.run("%track stop")

    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
        "cells": [
            {"cell_type": "code", "id": "given", "metadata": {"tags": ["parameters"]},
             "execution_count": None, "outputs": [], "source": "db_password = ''"},
            *({"cell_type": "code", "id": name, "metadata": {}, "execution_count": None,
               "outputs": [], "source": CELLS[name]}
              for name in ("code", "shown", "marked", "pin")),
        ],
    }  # fmt: skip
    (root / "job.ipynb").write_text(json.dumps(notebook))
    command = (sys.executable, "-c", "from nbops.cli import main; main()", "run", "job.ipynb")
    done = subprocess.run(
        [*command, "-p", "db_password=plAntedJob1", "-o", "out.ipynb"], cwd=root, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert index.wait(PATIENCE_S)
    summon(workspace)  # on a busy machine the job leaves before all is shipped, and says so
    wait_until(lambda: len(index.runs()) >= 3 and index.unshipped() == 0)
    stop_background(workspace)

    found = list(files_with(PLANTED, workspace.state, private_homes))
    ours = [line for line in found if "/ipython/" not in line]  # IPython's own history of inputs
    assert not ours, "\n".join(ours)
    cells = {cell.cell_id: cell for run in index.sessions() if run.kind == "interactive"
             for cell in index.document(index.resolve(run.id)).cell_runs}  # fmt: skip
    assert "[redacted:" in cells["code"].source
    assert cells["vault"].reads[-1].missing == "private"
    assert [ref.missing for ref in cells["worker"].reads] == ["private"]
    assert [ref.columns for ref in cells["query"].reads if ref.kind == "query"] == [("private",)]
    assert [ref.columns for ref in cells["column"].reads] == [("private", "age")]
    assert [ref.kept for ref in cells["column"].reads] == [False]
    assert all(ref.missing for ref in cells["column"].outputs or ())
    assert cells["column_error"].error is not None
    assert cells["column_error"].error.message == "private"
    assert open_to_others(workspace.state) == []
    for home in ("cache/nbops", "state/nbops", "run/nbops"):
        if (private_homes / home).exists():
            assert open_to_others(private_homes / home) == []
