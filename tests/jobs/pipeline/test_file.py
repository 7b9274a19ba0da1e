"""What a `pipeline.yaml` says, and what it cannot mean."""

import json
from pathlib import Path

import jsonschema
import nbformat
import pytest
import yaml

from nbops.errors import NotFound, UsageError
from nbops.jobs.pipeline.condition import read_condition
from nbops.jobs.pipeline.definition import Definition, find_file, read_definition
from nbops.jobs.pipeline.entries import make_schema
from nbops.workspace import Workspace

EXAMPLE = Path(__file__).parents[3] / "examples" / "03_pipeline" / "pipeline.yaml"


@pytest.fixture
def folder(fresh_workspace: Workspace) -> Path:
    """A project with three notebooks, `b` with the parameters `depth` and `model`."""
    for name, source in (("a", "x = 1"), ("b", "depth = 4\nmodel = 'rf'"), ("c", "y = 2")):
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
        path = fresh_workspace.root / f"{name}.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return fresh_workspace.root


def read(folder: Path, steps: str) -> Definition:
    path = folder / "pipeline.yaml"
    path.write_text(f"steps: {{{steps}}}")
    return read_definition(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "pipeline.yaml has no steps."),
        ("steps: [a]", "pipeline.yaml has no steps."),
        ("steps: {", "pipeline.yaml, line 1 is no YAML"),
        ("steps: {a: {notebook: a.ipynb}}\nstep: 1", "pipeline.yaml has no key 'step'. Did you mean"),
        ("steps:\n  a: {notebook: a.ipynb}\n  a: {notebook: b.ipynb}", "line 3 is no YAML: 'a' is there"),
        ("steps: {a: {notebook: a.ipynb, afer: b}}", "step a has no key 'afer'. Did you mean 'after'?"),
        ("steps: {a: {notebook: a.ipynb, retries: x}}", "step a, retries: expected int, got str."),
        ("steps: {a: {notebook: a.ipynb, timeout: 0}}", "step a, timeout: expected float > 0.0."),
        ("steps: {a: {after: []}}", "step a: it has no notebook."),
        ("steps: {a: b}", "step a is 'b', not keys and values."),
        ("steps: {a b: {notebook: a.ipynb}}", "step 'a b' needs another name."),
        ("steps: {a: {notebook: z.ipynb}}", "step a, notebook: There is no notebook"),
        ("steps: {a: {notebook: a.txt}}", "step a, notebook: 'a.txt' is no notebook."),
        ("steps: {b: {notebook: b.ipynb, params: {dept: 2}}}", "step b, params: b.ipynb has no parameter 'dept'. Did you mean 'depth'?"),
        ("steps: {b: {notebook: b.ipynb, params: {depth: x}}}", "step b, params: depth takes int, not the text 'x'."),
        ("steps: {b: {notebook: b.ipynb, matrix: {depth: []}}}", "step b, matrix"),
        ("steps: {b: {notebook: b.ipynb, params: {depth: 1}, matrix: {depth: [1]}}}", "step b, matrix: depth has a value already."),
        ("steps: {a: {notebook: a.ipynb, after: bb}, b: {notebook: b.ipynb}}", "step a, after: there is no step 'bb'. Did you mean 'b'?"),
        ("steps: {a: {notebook: a.ipynb, writes: [f]}, c: {notebook: c.ipynb, writes: [./f]}}", "step c, writes: f is written by a, too."),
        ("steps: {a: {notebook: a.ipynb, after: c}, c: {notebook: c.ipynb, after: a}}", "comes after itself: a → c → a."),
        ("steps: {a: {notebook: a.ipynb, when: 'b.auc >'}}", "step a, when: `b.auc >` is no condition."),
        ("steps: {a: {notebook: a.ipynb, when: 'import.rows > 0'}}", 'or `steps["import"].rows > 0`'),
        ("steps: {a: {notebook: a.ipynb, when: 'print(1)'}}", "`print(1)` is nothing to ask for."),
        ("steps: {a: {notebook: a.ipynb, when: 'z > 1'}}", "step a, when: 'z' is none of its params."),
        ("steps: {a: {notebook: a.ipynb, when: 'z.auc > 1'}}", "step a, when: there is no step 'z'."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_named_with_its_file_step_and_key(
    folder: Path, text: str, told: str
):
    (folder / "pipeline.yaml").write_text(text)
    with pytest.raises(UsageError) as refused:
        read_definition(folder / "pipeline.yaml")
    assert told in str(refused.value)
    assert str(refused.value).startswith("pipeline.yaml")
    assert "\n" not in str(refused.value)


def test_where_there_is_no_file_it_says_what_writes_one(folder: Path):
    with pytest.raises(NotFound, match="nbops pipeline infer"):
        read_definition(find_file(folder))


def test_steps_come_after_those_whose_files_they_read(folder: Path):
    found = read(
        folder,
        "c: {notebook: c.ipynb, after: b}, b: {notebook: b.ipynb, reads: [x/../f]},"
        " a: {notebook: a.ipynb, writes: [f, g], reads: [g]}",
    )
    assert [(step.name, step.after) for step in found.steps] == [
        ("a", ()),
        ("b", ("a",)),
        ("c", ("b",)),
    ]
    assert [step.name for step in found.choose(["b"]).steps] == ["a", "b"]
    with pytest.raises(UsageError, match=r"has no step 'bb'\. Did you mean 'b'"):
        found.choose(["bb"])


def test_a_matrix_is_a_step_for_each_combination(folder: Path):
    found = read(
        folder,
        "b: {notebook: b.ipynb, matrix: {depth: [2, 8], model: [rf]}, writes: ['{model}-{depth}.pkl']},"
        " c: {notebook: c.ipynb, reads: [rf-8.pkl]}, a: {notebook: a.ipynb, after: b}",
    )
    names = ["b[depth=2,model=rf]", "b[depth=8,model=rf]"]
    assert [step.name for step in found.steps] == [*names, "c", "a"]
    assert found["c"].after == (names[1],)
    assert found["a"].after == tuple(names)
    assert found[names[0]].params == {"depth": 2, "model": "rf"}
    assert found[names[0]].writes == (str(folder / "rf-2.pkl"),)


def test_values_that_are_given_go_over_the_files(folder: Path):
    read(folder, "b: {notebook: b.ipynb, params: {depth: 1, model: x}}")
    found = read_definition(folder / "pipeline.yaml", {"b": {"depth": 9}})
    assert found["b"].params == {"depth": 9, "model": "x"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("train.auc > 0.9", True),
        ("not train.auc > 0.9 or depth in [1, 3]", False),
        ("0.5 < train.auc <= 0.95 and model == 'rf'", True),
        ("train['auc@1'] < -1", False),
        ('steps["train-fast"].auc >= 1', True),
    ],
)
def test_a_condition_asks_for_metrics_and_params(text: str, holds: bool):
    metrics = {"train": {"auc": 0.95, "auc@1": 0.1}, "train-fast": {"auc": 1.0}}
    condition = read_condition(text)
    assert condition.holds({"depth": 2, "model": "rf"}, metrics) is holds


def test_a_condition_that_cannot_be_told_names_what_is_missing():
    with pytest.raises(UsageError, match="train logged no metric 'auc'. It has loss."):
        read_condition("train.auc > 1").holds({}, {"train": {"loss": 1.0}})
    with pytest.raises(UsageError, match="cannot be told"):
        read_condition("depth > 'x'").holds({"depth": 1}, {})


def test_the_schema_takes_what_is_right_and_knows_what_is_not():
    schema = json.loads(json.dumps(make_schema()))
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    example = yaml.safe_load(EXAMPLE.read_text())
    assert list(check.iter_errors(example)) == []
    for wrong in ({"afer": "x"}, {"retries": -1}, {"matrix": {"depth": []}}, {"timeout": 0}):
        step = {**example["steps"]["train"], **wrong}
        assert list(check.iter_errors({"steps": {"train": step}})), wrong
    assert list(check.iter_errors({"steps": {"a b": {"notebook": "a.ipynb"}}}))
