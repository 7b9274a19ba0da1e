"""The names that a cell sees in a folder are an input of it."""

# ruff: noqa: PTH207, PTH208 - as people write it

import glob
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from watching import seen

from nbops.capture.data import listings
from nbops.capture.data.listings import fits, has_other_names, names_in
from nbops.capture.data.watch import DataWatch
from nbops.digests import digest_names
from nbops.records import Listing

ALL = {"a.csv", "b.csv", "notes.txt", "raw/"}
TABLES = ({"a.csv", "b.csv"}, ("*.csv",))


@pytest.fixture
def watch(audit_watch: DataWatch) -> DataWatch:
    """In a project with a folder `data`."""
    for name in ("a.csv", "b.csv", "notes.txt", ".hidden", "load.py", "raw/c.csv"):
        path = Path("data") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    seen(audit_watch)
    audit_watch.begin_cell()
    return audit_watch


def listed(watch: DataWatch) -> dict[str, str | None]:
    found = seen(watch).listings
    watch.begin_cell()
    return {one.label: one.digest for one in found}


WAYS: dict[str, tuple[Callable[[], object], str, set[str]]] = {
    "listdir": (lambda: os.listdir("data"), "data/ (names)", ALL),
    "bytes": (lambda: os.listdir(b"data"), "data/ (names)", ALL),
    "scandir": (lambda: list(os.scandir("data")), "data/ (names)", ALL),
    "iterdir": (lambda: list(Path("data").iterdir()), "data/ (names)", ALL),
    "here": (os.listdir, "./ (names)", {"data/", "pyproject.toml"}),
    "glob": (lambda: glob.glob("data/*.csv"), "data/*.csv (names)", TABLES[0]),
    "pathlib": (lambda: list(Path("data").glob("*.csv")), "data/*.csv (names)", TABLES[0]),
    "gone": (lambda: glob.glob("later/*.csv"), "later/*.csv (names)", set()),
}


@pytest.mark.parametrize("way", WAYS)
def test_names_are_an_input_however_they_are_asked_for(watch: DataWatch, way: str):
    ask, label, names = WAYS[way]
    ask()
    ask()
    assert listed(watch) == {label: digest_names(names)}


@pytest.mark.parametrize(
    "ask",
    [
        lambda: list(Path("data").rglob("*.csv")),
        lambda: glob.glob("data/**/*.csv", recursive=True),
    ],
)
def test_a_deep_pattern_sees_folders_and_what_fits(watch: DataWatch, ask: Callable[[], object]):
    ask()
    found = listed(watch)
    assert found == {
        "data/ (names)": digest_names({"a.csv", "b.csv", "raw/"}),
        "data/raw/ (names)": digest_names({"c.csv"}),
    }


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: glob.glob("data/*/c.csv"), "data/*/c.csv (names)"),
        (lambda: glob.glob("data/**/c.csv"), "data/*/c.csv (names)"),
        (lambda: glob.glob("data/*/c.csv/"), "data/*/c.csv (names)"),
        (lambda: list(Path("data").glob("*/c.csv")), "data/*/c.csv (names)"),
        (lambda: glob.glob("data/*/deeper/*.csv"), "data/ (names)"),
    ],
)
def test_what_a_pattern_names_beyond_its_last_wildcard_is_looked_for(
    watch: DataWatch, ask: Callable[[], object], name: str
):
    Path("data/new").mkdir()
    ask()
    one = seen(watch).listings[0]
    (end,) = {pattern.partition("/")[2] for pattern in one.patterns} - {""}
    file = Path("data/new") / end
    own = [(file.absolute() / "d.csv").as_uri() if end == "deeper" else file.absolute().as_uri()]
    Path("data/other").mkdir()
    assert (one.label, has_other_names(one, ())) == (name, False)
    file.mkdir() if end == "deeper" else file.touch()
    assert [has_other_names(one, some) for some in ((), own)] == [True, False]


@pytest.mark.parametrize(
    "ask",
    [
        lambda: list(Path("data").rglob("late.csv")),
        lambda: glob.glob("data/**/late.csv", recursive=True),
        lambda: glob.glob("data/**/late/late.csv", recursive=True),
    ],
)
def test_a_deep_pattern_that_ends_with_a_name_sees_no_other_files(
    watch: DataWatch, ask: Callable[[], object]
):
    ask()
    whole, part = seen(watch).listings
    Path("data/other.csv").touch()
    assert has_other_names(whole, ()) is False
    for late in map(Path, ("data/late.csv", "data/raw/late.csv", "data/raw/late/late.csv")):
        late.parent.mkdir(exist_ok=True)
        late.touch()
    assert has_other_names(part, ()) is True


def test_of_many_patterns_all_names_count_and_of_many_with_names_nobody_can_tell(watch: DataWatch):
    for number in range(30):
        glob.glob(f"data/*{number}.csv")
    glob.glob("data/*/c.csv")
    many, one = seen(watch).listings[-2:]
    assert (many.patterns, many.digest) == (("*",), digest_names(ALL))
    assert (one.patterns, one.digest) == (("*", "*/c.csv"), digest_names({*ALL, "raw/c.csv"}))
    watch.begin_cell()
    for number in range(30):
        glob.glob(f"data/*/{number}.csv")
    found = seen(watch).listings
    assert len(found) == 8
    assert (found[-1].digest, found[-1].missing) == (None, "more than 8 patterns were asked for")


def test_a_generator_that_lists_after_another_was_made_misses_nothing(watch: DataWatch):
    tables, notes = glob.iglob("data/*.csv"), glob.iglob("data/*.txt")
    list(tables)
    list(notes)
    assert listed(watch) == {"data/ (names)": digest_names({"a.csv", "b.csv", "notes.txt"})}


def test_what_a_library_looks_for_by_itself_is_no_pattern_of_the_users(watch: DataWatch):
    look = "list(Path('data').glob('*.mplstyle')), glob.glob('data/*.mplstyle')"
    exec(look, {"__name__": "matplotlib.style", "Path": Path, "glob": glob})  # noqa: S102
    glob.glob("data/*.csv")
    assert listed(watch) == {"data/*.csv (names)": digest_names(TABLES[0])}


def test_who_lists_for_its_own_ends_is_no_reader(watch: DataWatch, monkeypatch: pytest.MonkeyPatch):
    Path("data/helper").mkdir()
    Path("data/helper/__init__.py").write_text("")
    monkeypatch.syspath_prepend("data")
    __import__("helper")
    os.listdir(".nbops" if Path(".nbops").exists() else "/proc")
    os.listdir(sys.prefix)
    exec("os.listdir('.')", {"__name__": "importlib_metadata", "os": os})  # noqa: S102 - the backport
    shutil.rmtree("data/raw")
    assert listed(watch) == {}


def test_a_folder_that_is_told_with_all_its_files_is_told_once(watch: DataWatch):
    many = Path("many")
    many.mkdir()
    for number in range(150):
        (many / f"{number}.txt").write_text("x")
    seen(watch)
    watch.begin_cell()
    for path in sorted(many.glob("*")):
        path.read_text()
    found = seen(watch)
    assert ([one.name for one in found.reads], found.listings) == (["many"], [])


def test_names_beside_those_that_a_reader_took_by_a_pattern_are_told(watch: DataWatch):
    watch.read_frame("data/*.csv", None, None, "wrapper")
    glob.glob("data/*.txt")
    found = seen(watch)
    told = [one.name for one in found.reads], [one.label for one in found.listings]
    assert told == (["data/*.csv"], ["data/*.txt (names)"])


def test_of_too_many_names_or_folders_it_is_said_that_they_are_not_known(
    watch: DataWatch, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listings, "_MOST_NAMES", 3)
    os.listdir("data")
    (one,) = seen(watch).listings
    assert (one.digest, one.missing) == (None, "it has more than 10,000 names")
    for number in range(listings.MANY + 9):
        Path(f"many/{number}").mkdir(parents=True)
    watch.begin_cell()
    for number in range(listings.MANY + 9):
        os.listdir(f"many/{number}")
    found = seen(watch).listings
    assert len(found) == listings.MANY + 1
    assert [one.missing for one in found if one.missing] == ["more than 100 folders were listed"]


def test_a_link_that_leads_to_itself_is_a_name_as_any_other(watch: DataWatch):
    Path("data/loop").symlink_to("loop")
    os.listdir("data")
    (one,) = seen(watch).listings
    assert one.digest == digest_names({*ALL, "loop"})
    Path("data/new.csv").touch()
    assert has_other_names(one, ()) is True


def test_a_folder_has_other_names_but_for_files_that_the_run_wrote_itself(tmp_path: Path):
    (tmp_path / "a.csv").touch()
    tables = Listing(
        uri=tmp_path.as_uri(), name="data/", patterns=("*.csv",), digest=digest_names({"a.csv"})
    )
    own = [(tmp_path / "out.csv").as_uri(), (tmp_path / "figures/a.png").as_uri()]
    (tmp_path / "notes.txt").touch()
    assert has_other_names(tables, own) is False
    (tmp_path / "out.csv").touch()
    assert [has_other_names(tables, some) for some in (own, ())] == [False, True]
    (tmp_path / "b.csv").touch()
    assert has_other_names(tables, own) is True
    assert has_other_names(Listing(uri=tmp_path.as_uri(), name="", missing="too many"), ()) is None
    assert set(names_in("/d", ["/d/a", "/d/b/c", "/e/f", "/dd"])) == {"a", "b/", "b/c"}
    asked = ("*/c", "**", "a*")
    assert all(fits(name, asked) for name in ("a", "b/", "b/c"))
    assert not any(fits(name, asked) for name in ("b", "b/a"))
    assert not fits("b/load.py", ("*/load.py",))


def list_data(_number: int) -> list[str]:
    return sorted(os.listdir("data"))


@pytest.fixture
def with_workers(worker_watch: DataWatch) -> DataWatch:
    Path("data").mkdir()
    Path("data/a.csv").touch()
    return worker_watch


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_names_that_workers_see_are_told_once(with_workers: DataWatch, context: str):
    with multiprocessing.get_context(context).Pool(2) as pool:
        assert pool.map(list_data, range(4)) == [["a.csv"]] * 4
    (one,) = seen(with_workers).listings
    assert (one.label, one.digest) == ("data/ (names)", digest_names({"a.csv"}))


TOKEN = "ghp_" + "abcdefghijklmnopqrstuvwxyz0123456789"


def list_secret(_number: int) -> list[str]:
    return os.listdir(f"data/token={TOKEN}")


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_worker_writes_no_secret_that_the_name_of_a_folder_holds(with_workers: DataWatch):
    Path(f"data/token={TOKEN}").mkdir()
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(list_secret, range(2))
    spools = Path(".nbops/sessions/s").iterdir()
    assert TOKEN not in "".join(spool.read_text() for spool in spools)
    (one,) = seen(with_workers).listings
    assert one.missing is not None


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_other_pythons_tell_of_names_in_the_same_way(version: str, tmp_path: Path):
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], check=False).returncode:
        pytest.skip(f"no Python {version} here")
    (tmp_path / "a.csv").touch()
    code = """\
import glob, sys
from pathlib import Path
told = []
def hook(event, args):
    if event in ("glob.glob", "pathlib.Path.glob"):
        told.append("asked")
    if event == "os.scandir":
        frame, is_globbing = sys._getframe(1), False
        while frame:
            is_globbing |= frame.f_globals["__name__"] == "glob"
            is_globbing |= frame.f_code.co_name.startswith(("_select", "_iterate_dir"))
            frame = frame.f_back
        told.append(is_globbing)
sys.addaudithook(hook)
glob.glob("*.csv")
list(Path(".").glob("*.csv"))
list(Path(".").walk())
print(told)
"""
    done = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip() == "['asked', True, 'asked', True, False]", done
