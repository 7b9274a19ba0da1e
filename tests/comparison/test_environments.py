import msgspec
import pytest
from told import Told, metric

from nbops.comparison import compare
from nbops.comparison.environments import compare_environments
from nbops.journal import facts
from nbops.records import Document, Environment, Origin, Source

ONE, OTHER = "1" * 40, "2" * 40


def repository(commit: str) -> Origin:
    return Origin(kind="vcs", url="git+https://git.io/o/thing", commit=commit)


def ran_in(commit: str | None = None, **about: object) -> Document:
    told = Told()
    told.cell("%%track forest\nauc", metric("auc"))
    environment = Environment(
        python="3.11.7", implementation="CPython", platform="L", packages={"thing": "1", "b": "2"}
    )
    environment = msgspec.structs.replace(environment, **about)
    told.findings.append(
        facts.EnvironmentFound(stamp="e0", digest="env2:a", environment=environment)
    )
    told.findings.append(facts.SourceFound(source=Source(git_commit=commit)))
    return told.document("forest")


def differences(a: Document, b: Document) -> list[tuple[str, object, object, str]]:
    changes, unknown = compare_environments(a, b, {})
    assert not unknown
    return [(c.name, c.a, c.b, c.note) for c in changes]


def test_one_version_of_two_commits_is_a_difference_that_why_tells():
    a = ran_in(origins={"thing": repository(ONE)})
    b = ran_in(origins={"thing": repository(OTHER)})
    note = "git+https://git.io/o/thing@1111111 → git+https://git.io/o/thing@2222222"
    assert differences(a, b) == [("thing", "1", "1", note)]
    assert compare(a, b).same["packages"] == 1
    assert "One recorded thing changed" in compare(a, b).sentence


def test_the_projects_own_package_is_told_by_its_modules_not_by_its_commit():
    def own(commit: str) -> Document:
        origin = Origin(kind="folder", url="file:///w", commit=commit, is_editable=True)
        return ran_in(commit, origins={"thing": origin})

    assert differences(own(ONE), own(OTHER)) == []


def test_a_package_that_was_edited_in_place_is_a_difference():
    a, b = ran_in(altered={}), ran_in(altered={"thing": ("thing/a.py",)})
    assert differences(a, b) == [("thing", "1", "1", "not as installed in B: thing/a.py")]
    assert differences(ran_in(), b) == [], "one that was not checked is not known"


def test_flags_and_cuda_are_differences_of_the_machine():
    a = ran_in(variables={"PYTHONHASHSEED": "0"}, accelerators={"CUDA": "12.1"})
    b = ran_in(variables={}, accelerators={"CUDA": "12.4"})
    assert differences(a, b) == [("CUDA", "12.1", "12.4", ""), ("PYTHONHASHSEED", "0", None, "")]


@pytest.mark.parametrize("variables", [{}, {"TZ": "UTC"}])
def test_flags_that_are_not_known_are_not_compared(variables: dict[str, str]):
    assert differences(ran_in(variables=None), ran_in(variables=variables)) == []


def test_what_is_found_of_files_may_come_before_the_environment():
    told = Told()
    told.cell("%%track forest\nauc", metric("auc"))
    environment = Environment(python="3", implementation="C", platform="L", packages={"a": "1"})
    found = [
        facts.EnvironmentFound(stamp="e0", digest="env2:a", environment=environment),
        facts.PackagesChecked(environment="env2:a", altered={"a": ["a.py"]}),
        facts.ImportsFound(cell_run="s.0", packages=["a"]),
    ]
    told.findings += found
    document = told.document("forest")
    told.findings[-3:] = found[::-1]
    assert told.document("forest") == document
    assert document.environments["env2:a"].altered == {"a": ("a.py",)}
    assert document.imported == ("a",)
