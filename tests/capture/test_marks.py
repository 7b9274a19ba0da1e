import pytest

from nbops.capture.code.marks import read_mark, split_assignments, split_words, strip_mark
from nbops.errors import UsageError
from nbops.ipython.options import read_options


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("forest depth=8", ["forest", "depth=8"]),
        ("a = 1  b=[1, 2]", ["a=1", "b=[1, 2]"]),
        ("auc=score(y, p) gap=abs(a - b)", ["auc=score(y, p)", "gap=abs(a - b)"]),
        ("name='a b' other=\"c d\"", ["name='a b'", 'other="c d"']),
        ("x={'k': (1, 2)} y", ["x={'k': (1, 2)}", "y"]),
        ("quote='it\\'s' z", ["quote='it\\'s'", "z"]),
        ("a=b + c d=e -1 f=x if y else z g", ["a=b + c", "d=e -1", "f=x if y else z", "g"]),
        ("auc=0.5 --step 3", ["auc=0.5", "--step", "3"]),
        ("", []),
    ],
)
def test_words_are_split_outside_of_quotes_and_brackets(text: str, words: list[str]):
    assert split_words(text) == words


def test_a_comparison_is_no_assignment():
    assert split_assignments("a==b c=d==e") == ({"c": "d==e"}, ["a==b"])


@pytest.mark.parametrize(
    ("source", "name", "values", "keys"),
    [
        ("%%track", None, {}, []),
        ("%%track forest depth=8 lr", "forest", {"depth": "8"}, ["lr"]),
        ("%%track depth=8", None, {"depth": "8"}, []),
        ("\n%%track forest\nx = 1", "forest", {}, []),
        ("%%time\n%%track forest", "forest", {}, []),
        ("# track: forest depth\nx = 1", "forest", {}, ["depth"]),
        ("  # track:", None, {}, []),
    ],
)
def test_marks(source: str, name: str | None, values: dict[str, str], keys: list[str]):
    mark = read_mark(source)
    assert (mark.name, mark.values, mark.names) == (name, values, keys)


@pytest.mark.parametrize(
    "source", ["x = 1", "", "x = 1  # track: y", "x = 1\n%%track y", "%%tracks a"]
)
def test_what_is_no_mark(source: str):
    assert read_mark(source) is None


@pytest.mark.parametrize(
    "source", ["%%track forest max-depth=3", "%%track forest 3", "%%track f class=1"]
)
def test_a_key_that_is_no_name_is_named(source: str):
    with pytest.raises(UsageError, match="no name of a variable"):
        read_mark(source)


@pytest.mark.parametrize(
    ("lines", "stripped"),
    [
        (["%%track a\n", "1/0\n"], ["\n", "1/0\n"]),
        (["%%track a\n", "\n", "%%time\n", "x\n"], ["%%time\n", "x\n"]),
        (["x = 1\n"], ["x = 1\n"]),
        (["%%tracking\n"], ["%%tracking\n"]),
        (["%%track"], ["\n"]),
        ([], []),
    ],
)
def test_taking_the_mark_out_keeps_line_numbers(lines: list[str], stripped: list[str]):
    assert strip_mark(lines) == stripped


def test_options_are_told_from_words():
    found = read_options(
        ["churn", "--name", "x", "--tag=a=1", "--tag", "b=2"], ("--name", "--tag"), most=1
    )
    assert (found.words, found.last("--name")) == (["churn"], "x")
    assert found.pairs("--tag") == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--nam", "x"], "no option --nam. Did you mean --name"),
        (["--name"], "--name needs a value"),
        (["a", "b"], "'b' is one word too many"),
    ],
)
def test_wrong_options_are_named(words: list[str], problem: str):
    with pytest.raises(UsageError, match=problem):
        read_options(words, ("--name",), most=1)
