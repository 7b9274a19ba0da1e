"""An export is a folder: what travels, what is replaced, what is refused."""

import json
import re
from pathlib import Path

import pytest
from projects import CELLS, export, nbops, write_notebook, write_project

from nbops.workspace import Workspace


@pytest.fixture
def project(fresh_workspace: Workspace) -> Path:
    write_project(fresh_workspace.root)
    return fresh_workspace.root


def test_what_travels_keeps_its_place_and_has_no_outputs(project: Path):
    told = export(project, "study.ipynb", "--to", "script", "-p", "depth=8", "-o", "out")
    assert {"study.py", "measures.py", "data/x.csv", "pyproject.toml", "lock.txt", "README.md"} <= {
        *told["files"]
    }
    assert all("seen before" not in p.read_text() for p in (project / "out").rglob("*.*"))
    assert {s["name"]: (s["type"], s["default"]) for s in told["settings"]} == {
        "depth": ("integer", 8),
        "model": ("string", "tree"),
        "is_quick": ("boolean", True),
    }
    assert re.search(r"^nbops==", (project / "out/lock.txt").read_text(), re.MULTILINE)


def test_exporting_again_gives_the_same_and_removes_what_is_no_more(project: Path):
    export(project, "study.ipynb", "--to", "script", "-o", "out")
    before = {p.name: p.read_bytes() for p in (project / "out").rglob("*") if p.is_file()}
    assert export(project, "study.ipynb", "--to", "script", "-o", "out")["removed"] == []
    assert {p.name: p.read_bytes() for p in (project / "out").rglob("*") if p.is_file()} == before
    write_notebook(project / "study.ipynb", {"only": "x = 1"})
    told = export(project, "study.ipynb", "--to", "script", "-o", "out")
    assert told["removed"] == ["data/x.csv", "measures.py"]
    assert not (project / "out/data").exists()


@pytest.mark.parametrize("name", ["README.md", "study.py"])
def test_what_a_person_changed_is_not_written_over(project: Path, name: str):
    export(project, "study.ipynb", "--to", "script", "-o", "out")
    (project / "out" / name).write_text("mine")
    said = nbops(project, "export", "study.ipynb", "--to", "script", "-o", "out", code=2).stderr
    assert f"out/{name} was changed since it was exported. --force" in said
    assert (project / "out" / name).read_text() == "mine"
    nbops(project, "export", "study.ipynb", "--to", "script", "-o", "out", "--force")
    assert (project / "out" / name).read_text() != "mine"


def test_a_folder_of_others_keeps_its_files(project: Path):
    (project / "out").mkdir()
    (project / "out/lock.txt").write_text("theirs")
    said = nbops(project, "export", "study.ipynb", "--to", "script", "-o", "out", code=2).stderr
    assert "out/lock.txt is there already. --force writes over it" in said
    assert [p.name for p in (project / "out").iterdir()] == ["lock.txt"]


def test_code_with_a_secret_does_not_leave(project: Path):
    secret = "sk_live_9fK2mQx7Lp0vB4sTz8Rd1WcY"
    write_notebook(project / "study.ipynb", {**CELLS, "save": f'api_key = "{secret}"'})
    said = nbops(project, "export", "study.ipynb", "--to", "script", "-o", "out", code=1).stderr
    assert "error    secret       study.ipynb [save]" in said
    assert secret not in said
    assert not (project / "out").exists()


def test_what_is_private_large_or_elsewhere_is_named_and_stays(project: Path, tmp_path: Path):
    (project / "pyproject.toml").write_text('[tool.nbops]\nprivate_paths = ["data/*"]\n')
    (project / "large.bin").write_bytes(bytes(6_000_000))
    (tmp_path / "outside.txt").write_text("1")
    reads = 'open("large.bin").read(), open("../outside.txt").read(), open("data/x.csv").read()'
    write_notebook(project / "study.ipynb", {"one": reads})
    told = export(project, "study.ipynb", "--to", "script", "-o", "out")
    assert {each["path"]: each["reason"] for each in told["left_out"]} == {
        "data/x.csv": "it is private",
        "large.bin": "it has 6 MB",
        str(tmp_path / "outside.txt"): "it lies outside of the project",
    }
    assert "large.bin` is read and does not travel" in (project / "out/README.md").read_text()


def test_modules_of_the_project_travel_with_what_they_import(project: Path):
    package = project / "src" / "wines"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from wines import inner\n")
    (package / "inner.py").write_text("import deeper\n")
    (project / "src/deeper.py").write_text("")
    (project / "src/unused.py").write_text("")
    write_notebook(project / "notebooks/n.ipynb", {"one": "import wines, csv"})
    told = export(project, "notebooks/n.ipynb", "--to", "script", "-o", "out")
    assert {f for f in told["files"] if f.endswith(".py")} == {
        "notebooks/n.py",
        "src/wines/__init__.py",
        "src/wines/inner.py",
        "src/deeper.py",
    }
    text = (project / "out/notebooks/n.py").read_text()
    assert 'sys.path.insert(1, str(Path("../src").resolve()))' in text


def test_a_lock_that_is_given_is_taken_as_it_is(project: Path):
    (project / "mine.txt").write_text(
        "# Python 3.12\nzeta==2 \\\n    --hash=sha256:00\nalpha==1\nnbops==1\n"
    )
    export(project, "study.ipynb", "--to", "script", "-o", "out", "--lock", "mine.txt")
    lock = (project / "out/lock.txt").read_text().splitlines()
    assert lock[0] == "# Python 3.12: as mine.txt says."
    assert lock[1] == "alpha==1"
    assert lock[-2:] == ["zeta==2 \\", "    --hash=sha256:00"]
    (project / "mine.txt").write_text("alpha==1\n")
    words = ("export", "study.ipynb", "--to", "script", "--lock", "mine.txt")
    assert "does not say which Python it is for" in nbops(project, *words, code=2).stderr


def test_bad_use_is_told_in_a_line_and_writes_nothing(project: Path):
    before = sorted(p.name for p in project.iterdir())
    for words, told in {
        ("study.ipynb",): "`nbops export` needs --to TARGET.",
        ("study.ipynb", "--to", "scrip"): "There is no target 'scrip'. Did you mean script?",
        ("gone.ipynb", "--to", "script"): "There is no notebook",
        ("study.ipynb", "--to", "script", "-p", "depht=8"): "Did you mean 'depth'?",
        ("study.ipynb", "--to", "script", "-p", "depth=x"): "depth takes int, not 'x'.",
        ("measures.csv", "--to", "script"): "is no notebook",
    }.items():
        done = nbops(project, "export", *words, code=2)
        assert told in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert sorted(p.name for p in project.iterdir()) == before


def test_the_list_names_every_target_that_is_installed(project: Path):
    told = json.loads(nbops(project, "export", "--list", "--json").stdout)["targets"]
    assert {"name": "script", "is_remote": False} in [
        {"name": each["name"], "is_remote": each["is_remote"]} for each in told
    ]


def test_a_pipeline_is_checked_with_the_values_that_it_would_be_given(project: Path):
    (project / "pipeline.yaml").write_text("steps: {study: {notebook: study.ipynb}}\n")
    words = ("check", "pipeline.yaml", "--for", "cron", "--no-dry-run")
    assert nbops(project, *words, "-p", "study.depth=8").returncode == 0
    said = nbops(project, *words, "-p", "study.deph=8", code=2).stderr
    assert "Did you mean 'depth'?" in said
