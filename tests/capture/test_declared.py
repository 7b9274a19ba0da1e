"""What a project says that it needs."""

from pathlib import Path

import pytest

from nbops.capture.environment.declared import read_declared


@pytest.mark.parametrize(
    ("name", "text", "names"),
    [
        (
            "pyproject.toml",
            (
                '[project]\nname = "Churn"\ndependencies = ["pandas>=2", "Scikit_Learn[x]; os_name"]\n'
                '[dependency-groups]\ndev = ["pytest", {include-group = "x"}]\n'
                '[project.optional-dependencies]\nplot = ["matplotlib~=3.9"]'
            ),
            {"churn", "pandas", "scikit-learn", "pytest", "matplotlib"},
        ),
        (
            "pyproject.toml",
            (
                '[tool.poetry.dependencies]\npython = "^3.11"\npandas = "*"\n'
                '[tool.poetry.group.dev.dependencies]\npytest = "*"'
            ),
            {"python", "pandas", "pytest"},
        ),
        (
            "requirements-dev.txt",
            (
                "# what we need\npandas == 2.2 ; python_version > '3'\n-r more.txt\n--hash=x\n"
                "torch @ https://x.org/torch.whl\ngit+https://x.org/r.git#egg=tool\n\n"
            ),
            {"pandas", "torch", "tool", "polars"},
        ),
        (
            "environment.yml",
            (
                "name: x\nchannels:\n  - conda-forge\ndependencies:\n  - python=3.11\n"
                "  - conda-forge::pytorch>=2\n  - pip:\n    - mlflow==3\nprefix: /x\n"
            ),
            {"python", "torch", "pip", "mlflow"},
        ),
    ],
)
def test_names_are_read_from(tmp_path: Path, name: str, text: str, names: set[str]):
    (tmp_path / "more.txt").write_text("polars\n-r more.txt\n")
    (tmp_path / name).write_text(text)
    declared = read_declared(tmp_path)
    assert declared.names == names
    assert declared.files == (name,)


@pytest.mark.parametrize(
    "text", ["[project]\nname = 'x'", "[tool.nbops]\nautostart = true", "[project\n", "project = 1"]
)
def test_a_pyproject_without_such_a_list_declares_nothing(tmp_path: Path, text: str):
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_declared(tmp_path).files == ()


def test_an_empty_list_declares_that_nothing_is_needed(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\ndependencies = []")
    assert read_declared(tmp_path).files == ("pyproject.toml",)
