"""`pipeline.yaml` as it is written: its keys and their types, which are also its JSON Schema."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import yaml
from msgspec import Meta

from nbops.errors import NotFound, UsageError
from nbops.workspace import Workspace
from nbops.writing import write_whole

SCHEMA = "pipeline.schema.json"


class StepEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step: a notebook, and what it is given."""

    notebook: Annotated[
        str,
        Meta(description="The notebook, or percent script (.py), beside this file.", min_length=1),
    ]
    params: Annotated[
        dict[str, Any],
        Meta(description="Values for the parameters that the notebook declares."),
    ] = {}
    after: Annotated[
        str | list[str],
        Meta(description="Steps that come first, beside those whose `writes` this one reads."),
    ] = []
    reads: Annotated[
        list[str],
        Meta(description="Files that it reads. What a run was seen to read counts anyway."),
    ] = []
    writes: Annotated[
        list[str],
        Meta(description="Files that it leaves; without them the step has failed."),
    ] = []
    matrix: Annotated[
        dict[str, Annotated[list[Any], Meta(min_length=1)]],
        Meta(
            description="Values by parameter: a step for each combination. `{name}` in `reads` and"
            " `writes` stands for the value."
        ),
    ] = {}
    retries: Annotated[int, Meta(description="Try again when it fails.", ge=0)] = 0
    timeout: Annotated[float, Meta(description="Seconds that it may take.", gt=0)] | None = None
    when: Annotated[
        str | None,
        Meta(
            description="Run it only when this holds: metrics of steps before it, such as"
            " `train.auc > 0.9`, and its own params."
        ),
    ] = None


class PipelineEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Notebooks that run in the order that their files ask for."""

    steps: Annotated[dict[str, StepEntry], Meta(description="The steps, by name.", min_length=1)]
    name: (
        Annotated[
            str, Meta(description="What it is called in MLflow; else as its folder.", min_length=1)
        ]
        | None
    ) = None


_T = TypeVar("_T", bound=msgspec.Struct)
_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*")


def make_schema() -> dict[str, Any]:
    """JSON Schema of the file, for editors."""
    made = msgspec.json.schema(PipelineEntry)
    made["$defs"]["PipelineEntry"]["properties"]["steps"]["propertyNames"] = {
        "pattern": f"^{_NAME.pattern}$"
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pipeline of notebooks (nbops)",
        **made,
    }


def put_schema(workspace: Workspace) -> Path:
    """Put the JSON Schema where editors find it; returns its path.

    It lies with nbops' own things of the project, so that a file that a team shares finds it on every
    machine, once nbops was there.
    """
    workspace.prepare()
    path = workspace.state / SCHEMA
    data = json.dumps(make_schema(), indent=1).encode()
    try:
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data, is_cache=True)
    except OSError as error:
        raise workspace.unwritable(error) from error
    return path


def read_entry(path: Path) -> PipelineEntry:
    """What a pipeline's file says, each key checked.

    Raises
    ------
    NotFound, UsageError
        There is none, or it cannot be meant: the message names file, step and key.
    """
    if not path.is_file():
        raise NotFound(
            f"There is no {str(path)!r}.",
            "`nbops pipeline infer` writes one from what was recorded.",
        )
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is no text.", "Write it as UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(f"{path.name}{line} is no YAML: {problem}.") from error
    if not isinstance(content, dict) or not isinstance(content.get("steps"), dict):
        raise UsageError(
            f"{path.name} has no steps.", "Write `steps:`, and below it each step by its name."
        )
    steps = {
        _name(path.name, name): _convert(step, StepEntry, f"{path.name}: step {name}")
        for name, step in content["steps"].items()
    }
    if not steps:
        raise UsageError(f"{path.name} has no steps.", "Each has a name, and a `notebook`.")
    return _convert({**content, "steps": steps}, PipelineEntry, path.name)


def _name(file: str, name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{file}: step {name!r} needs another name.", "Letters, digits, `_`, `-` and `.`."
        )
    return name


def _convert(value: Any, kind: type[_T], where: str) -> _T:
    """Check one part of the file against its type."""
    if not isinstance(value, Mapping):
        raise UsageError(
            f"{where} is {value!r}, not keys and values.", _list(kind.__struct_fields__)
        )
    for key in value:
        if key not in kind.__struct_fields__:
            raise UsageError(f"{where} has no key {key!r}.", near(str(key), kind.__struct_fields__))
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$.")
        key = place.rstrip("`")
        told = told.replace("`", "").replace("Object missing required field", "it has no")
        told = told[0].lower() + told[1:]
        raise UsageError(f"{where}{f', {key}' if key else ''}: {told}.") from error


def near(word: str, known: Iterable[str]) -> str:
    """Way out of a word that is not known."""
    names = list(known)
    found = difflib.get_close_matches(word, names, 1)
    return f"Did you mean {found[0]!r}?" if found else _list(names)


def _list(names: Iterable[str]) -> str:
    known = list(names)
    return f"There {'is' if len(known) == 1 else 'are'} {', '.join(known)}."


class _Loader(yaml.SafeLoader):
    """Refuses a key that comes twice, of which YAML's readers silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key!r} is there twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
