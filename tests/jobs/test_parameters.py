"""Parameters: declared by plain code, checked before a kernel starts, given exactly."""

import json
import math
import os
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from processes import PATIENCE_S

from nbops.cli.params import params
from nbops.errors import UsageError
from nbops.jobs.declarations import COMPUTED, Declarations, parse_parameters, read_declarations
from nbops.jobs.injection import complete, inject, write_cell
from nbops.jobs.kinds import Kind
from nbops.jobs.parameters import Typed, check_parameters
from nbops.jobs.proposal import accept, propose
from nbops.workspace import Workspace

NBOPS = [sys.executable, "-c", "from nbops.cli import main; main()"]
DECLARED = """\
depth = 4                    # how deep a tree may grow
rate: float = 1
model: Literal["forest", "boosted"] = "forest"
share: Annotated[float, "0..1"] = 0.5
layers: Annotated[int, Ge(1), Lt(9)] = 2
sizes: list[int] = [64, 32]
name = "x"  # type: ignore
day = date(2024, 1, 2)
at: datetime = datetime(2024, 1, 2, 3)
where = Path("data")
maybe: str | None = None
either: Optional[int] = None
until: date = None
flag = False
pair = (1, 2)
anything = None
home = os.environ["HOME"]
must: int
leaves = 2 ** depth
_private = 1
"""


def declared(source: str = DECLARED) -> Declarations:
    return Declarations("n.ipynb", source, parse_parameters(source))


def test_types_ranges_defaults_and_help_are_told_by_plain_code():
    found = {p.name: p for p in declared().parameters}
    assert {name: str(p.kind) for name, p in found.items()} == {
        "depth": "int",
        "rate": "float",
        "model": "'forest' or 'boosted'",
        "share": "float from 0 to 1",
        "layers": "int from 1 below 9",
        "sizes": "list of int",
        "name": "str",
        "day": "date",
        "at": "datetime",
        "where": "Path",
        "maybe": "str or None",
        "either": "int or None",
        "until": "date or None",
        "flag": "bool",
        "pair": "tuple",
        "anything": "anything",
        "home": "anything",
        "must": "int",
        "leaves": "anything",
    }
    assert found["depth"].help == "how deep a tree may grow"
    assert found["name"].help == ""
    assert found["leaves"].uses == ("depth",)
    assert found["day"].default == date(2024, 1, 2)
    assert found["home"].default is COMPUTED
    assert found["must"].default_source is None


@pytest.mark.parametrize(
    ("annotation", "takes"),
    [
        ("Annotated[int, Ge(1), Le(MOST)]", "int from 1 (not checked: Le(MOST))"),
        (
            "Annotated[int, Interval(ge=LEAST, le=9)]",
            "int to 9 (not checked: Interval(ge=LEAST, le=9))",
        ),
        ("Annotated[int, range(1, len(names))]", "int from 1 (not checked: range(1, len(names)))"),
        ("Annotated[int, MultipleOf(8)]", "int (not checked: MultipleOf(8))"),
        ("Annotated[float, '0..1.0.0']", "float (not checked: '0..1.0.0')"),
        ("Annotated[Rate, Le(MOST)]", "anything (not checked: Le(MOST))"),
        ("Annotated[Rate, Le(9)]", "anything to 9"),
        ("Annotated[float, '> 0', Doc('a rate'), Field(description='a rate')]", "float"),
    ],
)
def test_a_limit_that_only_running_the_cell_would_tell_is_said_not_to_be_checked(
    annotation: str, takes: str
):
    found = declared(f"x: {annotation} = 8")
    assert str(found["x"].kind) == takes
    assert check_parameters(found, {"x": Typed("9")}) == {"x": 9}
    assert check_parameters(found, {"x": 9}) == {"x": 9}


def test_a_limit_holds_whatever_the_type_is_called():
    for given in (10, Typed("10")):
        with pytest.raises(UsageError, match="x takes anything to 9, not 10"):
            check_parameters(declared("x: Annotated[Rate, Le(9)] = 8"), {"x": given})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("depth", "-8", -8),
        ("rate", "1e-3", 0.001),
        ("rate", "inf", math.inf),
        ("name", "8", "8"),
        ("name", "'quoted'", "'quoted'"),
        ("name", "a \"b\" 'c'\n\\n ü 😀", "a \"b\" 'c'\n\\n ü 😀"),
        ("model", "boosted", "boosted"),
        ("day", "2025-02-28", date(2025, 2, 28)),
        ("at", "2025-02-28T01:02:03", datetime(2025, 2, 28, 1, 2, 3)),  # noqa: DTZ001
        ("where", "a b", Path("a b")),
        ("maybe", "null", None),
        ("maybe", "1", "1"),
        ("either", "1", 1),
        ("either", "None", None),
        ("until", "None", None),
        ("until", "2025-02-28", date(2025, 2, 28)),
        ("flag", "TRUE", True),
        ("sizes", "[1]", [1]),
        ("pair", "(3, 4)", (3, 4)),
        ("pair", "[3, 4]", (3, 4)),
        ("anything", "[1, {'a': None}]", [1, {"a": None}]),
        ("anything", "rf", "rf"),
    ],
)
def test_what_is_typed_means_what_the_parameters_kind_says(name: str, text: str, value: Any):
    given = check_parameters(declared(), {name: Typed(text), "must": 1})[name]
    assert (given, type(given)) == (value, type(value))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"dept": 1}, "n.ipynb has no parameter 'dept'. Did you mean 'depth'?"),
        ({"zzz": 1}, "n.ipynb has no parameter 'zzz'. It has depth, rate"),
        ({"depth": "8"}, "depth takes int, not the text '8'."),
        ({"depth": True}, "depth takes int, not the bool True."),
        ({"depth": 0.5}, "write it as a float in the notebook: depth = 4.0"),
        ({"rate": None}, "rate takes float, not the NoneType None."),
        ({"share": 1.5}, "share takes float from 0 to 1, not 1.5."),
        ({"share": math.nan}, "share takes float from 0 to 1, not nan."),
        ({"layers": 9}, "layers takes int from 1 below 9, not 9."),
        ({"model": "forst"}, "not 'forst': did you mean 'forest'?"),
        ({"sizes": [1, "2"]}, "sizes takes list of int, not the text '2'."),
        ({"day": "soon"}, "day takes date, not 'soon': such as 2026-01-31."),
        ({"at": Typed("6:30")}, "at takes datetime, not '6:30': such as 2026-01-31T06:30."),
        ({"sizes": Typed("[1, x]")}, "not '[1, x]': write it as Python or JSON does."),
        ({"flag": Typed("1")}, "flag takes bool, not '1': true or false."),
        ({"anything": object}, "not a type, which no notebook can be given"),
        ({"depth": 1, "must": None}, "must takes int, not the NoneType None."),
        ({}, "n.ipynb needs a value for 'must'."),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(given: dict[str, Any], told: str):
    with pytest.raises(UsageError) as refused:
        check_parameters(declared(), given)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        'it\'s "q"\n\\n\t{x} 😀 \x00',
        None,
        True,
        -0.0,
        math.inf,
        1e308,
        [1, [None, {"k": (1,)}]],
        {"a b": {1, 2}},
        (),
        set(),
        date(2024, 2, 29),
        datetime(2024, 2, 29, 1, 2, 3, 4),  # noqa: DTZ001
        Path("a'b/ü"),
        b"\x00\xff",
    ],
)
def test_values_arrive_exactly(value: Any):
    names: dict[str, Any] = {}
    exec(write_cell("x = 1", {"x": value}), names)  # noqa: S102 - as a kernel would
    assert (names["x"], type(names["x"])) == (value, type(value))
    exec(write_cell("x = 1\ny = [x]", {"x": value}), names)  # noqa: S102 - as a kernel would
    assert names["y"] == [value]


@pytest.mark.parametrize(
    ("source", "given", "value"),
    [
        ("a = 1\nb = a * 2\nc = b + 1", {"a": 9}, (9, 18, 19)),
        ("a = 1\nb = a * 2\nc = b + 1", {"b": 5}, (1, 5, 6)),
        ("a = 1\nb = a * 2\nc = b + 1", {"a": 9, "c": 0}, (9, 18, 0)),
        ("a: int = (\n    1\n)\nb = 'ü'; c = a", {"a": 2, "b": "é"}, (2, "é", 2)),
        ("a = b = 1\nc = [a, b]", {"a": 2}, (2, 1, [2, 1])),
        ("a = 1\nif a > 5:\n    b = 'big'\nelse:\n    b = 'small'\nc = 0", {"a": 9}, (9, "big", 0)),
        ("a = 0\na = 1\nb = []\nfor i in range(a):\n    b.append(i)\nc = 0", {"a": 2}, (2, [0, 1], 0)),
    ],
)  # fmt: skip
def test_what_derives_from_a_given_value_is_computed_anew(
    source: str, given: dict[str, Any], value: tuple[Any, ...]
):
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - as a kernel would
    exec(write_cell(source, given), names)  # noqa: S102 - as a kernel would
    assert (names["a"], names["b"], names["c"]) == value


def test_a_notebook_that_was_executed_takes_other_values_and_keeps_its_own_when_none_are_given():
    notebook = nbformat.v4.new_notebook(cells=cells("a = 1\nb = 2 * a", "a + b"))
    notebook.cells[0].metadata["tags"] = ["parameters"]
    inject(notebook, {"a": 5})
    inject(notebook, {"a": 7})
    assert [cell.source for cell in notebook.cells[1:]] == [
        "# Parameters\na = 7\nb = 2 * a",
        "a + b",
    ]
    inject(notebook, {"b": 0})
    assert notebook.cells[1].source == "# Parameters\nb = 0"

    notebook.metadata["papermill"] = {"parameters": {"a": 3}}
    notebook.cells[1].source = "a = 3"
    complete(notebook)  # papermill has just put it there
    assert notebook.cells[1].source == "# Parameters\na = 3\nb = 2 * a"
    notebook.cells[1].source, notebook.cells[1].metadata["papermill"] = "a = 4", {}
    complete(notebook)  # a person has changed what an earlier run left
    assert notebook.cells[1].source == "a = 4"
    del notebook.cells[1]
    complete(notebook)
    assert [cell.source for cell in notebook.cells] == ["a = 1\nb = 2 * a", "a + b"]


@pytest.mark.parametrize("source", ["a = (", "a = 1\n  b = 2", "a = 'b", 'a = """b', "a = 1]"])
def test_a_parameters_cell_that_is_no_python_is_refused_in_one_line(source: str):
    notebook = nbformat.v4.new_notebook(cells=cells(source))
    notebook.cells[0].metadata["tags"] = ["parameters"]
    with pytest.raises(UsageError, match=r"^The parameters cell of n is no Python: [^\n]+\.$"):
        check_parameters(read_declarations(notebook.cells, "n"), {})


@pytest.mark.parametrize(
    ("source", "given", "told"),
    [
        ("a = 1\nb = [2]", {"a": 1, "b": [2]}, None),
        ("import os\n'of all'\na: float = 1.0  # so", {"a": 1.0}, None),
        ("a = 1\nb = a * 2", {"a": 1}, None),
        ("a = 1\nb = 2", {"a": 1, "b": 3}, "b = 3"),
        ("a: float = 1", {"a": 1.0}, None),
        ("a = 1", {"a": 1.0}, "a = 1.0"),
        ("a = 1", {"a": True}, "a = True"),
        ("a = f()", {"a": 1}, "a = 1"),
        ("a = 1\na = 1", {"a": 1}, "a = 1"),
        ("a = [1]\nb = a.pop()", {"a": [1]}, "a = [1]\nb = a.pop()"),
        ("a = 1\nfor a in range(3):\n    pass", {"a": 1}, "a = 1"),
        ("a = 1\nfrom os import sep as a", {"a": 1}, "a = 1"),
        ("a = 1\nfrom os import *", {"a": 1}, "a = 1"),
        ("a = 1\n%run other.py", {"a": 1}, "a = 1"),
        ("a = ", {"a": 1}, "a = 1"),
    ],
)
def test_a_value_that_the_notebook_has_anyway_is_not_given_to_it(
    source: str, given: dict[str, Any], told: str | None
):
    notebook = nbformat.v4.new_notebook(cells=cells(source))
    notebook.cells[0].metadata["tags"] = ["parameters"]
    inject(notebook, given)
    sources = [cell.source.removeprefix("# Parameters\n") for cell in notebook.cells[1:]]
    assert sources == ([] if told is None else [told])


def cells(*sources: str) -> list[Any]:
    return [nbformat.v4.new_code_cell(source) for source in sources]


def test_a_cell_of_values_is_proposed_as_it_is():
    made = cells("import os", "from pathlib import Path\nn = 3\nroot = Path('x')", "print(n, root)")
    found = propose(made)
    assert found is not None
    assert found.cell == 1
    accept(made, found)
    assert read_declarations(made, "n").names == ("n", "root")


def test_values_among_other_code_are_proposed_as_a_cell_of_their_own():
    made = cells("import os\nrate = 0.1  # how fast\nos.getcwd()", "i = 0\nfor i in 'ab': print(i)",
                 "p = os.path.join('a')", "print(rate, i, p)")  # fmt: skip
    found = propose(made)
    assert found is not None
    assert found.source == "rate = 0.1  # how fast"
    accept(made, found)
    assert [cell.source for cell in made[:2]] == [found.source, "import os\nos.getcwd()"]
    assert read_declarations(made, "n")["rate"].kind == Kind(("float",))
    assert propose(cells("print(1)")) is None


def run(workspace: Workspace, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NBOPS, *words],
        cwd=workspace.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, "COLUMNS": "120"},
    )


def test_a_script_is_left_as_it_is_and_told_how_to_mark_its_parameters(workspace: Workspace):
    script = workspace.root / "s.py"
    script.write_text("# %%\ndepth = 4\n\n# %%\nprint(depth)\n")
    mark = '# %% tags=["parameters"]'
    assert f"Begin that cell with `{mark}`." in run(workspace, "params", "s.py").stdout
    refused = run(workspace, "params", "s.py", "--accept")
    assert refused.returncode == 2
    assert refused.stderr == (
        f"nbops: s.py is a script, and is left as it is. Begin that cell with `{mark}`.\n"
    )
    script.write_text(script.read_text().replace("# %%", mark, 1))
    assert "depth" in run(workspace, "params", "s.py").stdout


def test_a_notebook_stays_whole_when_there_is_no_room_for_its_parameters_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells("depth = 4\nprint(depth)")), path)
    before = path.read_text()

    def write_half(_: Any, place: Path) -> None:
        place.write_text("{")
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(nbformat, "write", write_half)
    with pytest.raises(UsageError, match="No space left on device"):
        params.callback(path, (), accept=True, as_json=False)  # type: ignore[misc]
    assert path.read_text() == before


def test_a_notebook_takes_what_was_typed_and_its_record_says_so(workspace: Workspace):
    notebook = nbformat.v4.new_notebook(cells=cells(
        "from datetime import date\nname = 'x'\nday = date(2024, 1, 1)\nrate = 0.5\ndouble = rate * 2",
        "import json\nopen('seen.json', 'w').write(json.dumps([name, str(day), str(rate), str(double)]))",
    ))  # fmt: skip
    nbformat.write(notebook, workspace.root / "n.ipynb")
    proposed = run(workspace, "params", "n.ipynb")
    assert "nbops params n.ipynb --accept does it." in proposed.stdout
    assert run(workspace, "params", "n.ipynb", "--accept").returncode == 0
    listed = json.loads(run(workspace, "params", "n.ipynb", "--json").stdout)["parameters"]
    assert [(p["name"], p["takes"], p["uses"]) for p in listed] == [
        ("name", "str", []),
        ("day", "date", []),
        ("rate", "float", []),
        ("double", "anything", ["rate"]),
    ]
    assert "--rate float" in run(workspace, "run", "n.ipynb", "--help").stdout
    name = 'it\'s "q"\n{b} ü'
    words = ("--name", name, "-p", "day=2025-02-28", "--rate", "nan")
    done = run(workspace, "run", "n.ipynb", *words)
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads((workspace.root / "seen.json").read_text())
    assert seen == [name, "2025-02-28", "nan", "nan"]
    shown = json.loads(run(workspace, "show", "last", "--json").stdout)
    assert shown["runs"][0]["params"] == {"name": name, "day": "2025-02-28", "rate": "nan"}
