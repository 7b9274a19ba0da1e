import pytest

from nbops.errors import UsageError
from nbops.index.where import compile_where, parse_field


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("metrics.auc >", "ends where a value should be"),
        ("metrics.auc > high", "write 'high' in quotes"),
        ("metrics.auc >>> 2", "'>' stands where 'a value' should be"),
        ("auc > 0.9", "Runs have no 'auc'"),
        ("metrics.auc ~ 1", "'~ 1' cannot be read"),
        ("metrics.auc > 1 metrics.f1 > 1", "where 'and, or' should be"),
        ("(metrics.auc > 1", "where ')' should be"),
        ("metrics.auc between 1", "no comparison"),
        ("> 1", "no name of a field"),
        ("name in 'a'", "where '(' should be"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, problem: str):
    with pytest.raises(UsageError, match=problem.replace("(", r"\(").replace(")", r"\)")):
        compile_where(text)


def test_values_are_arguments_never_sql():
    sql, args = compile_where("name = 'x''; DROP TABLE runs; --' and params.a = \"b\"")
    assert "DROP" not in sql
    assert args == ["x'; DROP TABLE runs; --", "params", "a", "b"]


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("metrics.auc", "metrics", "auc"),
        ("metric.val/loss", "metrics", "val/loss"),
        ("params.`max depth`", "params", "max depth"),
        ("tags.a.b", "tags", "a.b"),
        ("attributes.status", "", "status"),
        ("run_name", "", "name"),
    ],
)
def test_names_of_fields(text: str, kind: str, name: str):
    field = parse_field(text)
    assert (field.kind, field.name) == (kind, name)
