"""Parameters that a person can set when a job runs, as systems have types for them."""

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbops.errors import UsageError
from nbops.jobs.declarations import COMPUTED, Parameter
from nbops.jobs.injection import write_value
from nbops.jobs.kinds import Kind, Unfit, read_any

if TYPE_CHECKING:
    from nbops.scheduling.job import Job, JobStep

Plain = Literal["integer", "number", "boolean", "string"]
"""Types as JSON Schema names them."""

_PLAIN: dict[tuple[str, ...], Plain] = {
    ("int",): "integer",
    ("float",): "number",
    ("bool",): "boolean",
    ("str",): "string",
}


@dataclass(frozen=True)
class Setting:
    """One parameter of one step.

    Parameters
    ----------
    name
        Other for each: `depth`; of a pipeline `train_depth`.
    text
        Its value as it is typed after `-p depth=`.
    """

    name: str
    step: "JobStep"
    parameter: Parameter
    value: Any
    text: str

    @property
    def type(self) -> Plain:
        """Type for forms; what JSON has no plain type for is text."""
        kind = self.parameter.kind
        fits = type(self.value).__name__ in kind.names
        return _PLAIN.get(tuple(dict.fromkeys(kind.names)), "string") if fits else "string"

    @property
    def choices(self) -> tuple[Any, ...]:
        return self.parameter.kind.choices

    @property
    def plain_value(self) -> Any:
        """The value as a JSON document holds it."""
        return self.text if self.type == "string" else self.value

    @property
    def help(self) -> str:
        """What the notebook says of it, or what it takes."""
        return self.parameter.help or f"takes {self.parameter.kind}"


def settings_of(job: "Job") -> tuple[Setting, ...]:
    """Settings of all steps: what is given, and every parameter whose default the text tells.

    What is computed from others is left out: it is computed anew.

    Raises
    ------
    UsageError
        A value cannot be typed.
    """
    found = []
    for step in job.steps:
        for parameter in step.declared.parameters:
            value = step.params.get(parameter.name, parameter.default)
            if value is COMPUTED:
                continue
            name = parameter.name
            if job.is_pipeline:
                name = f"{step.slug.replace('-', '_')}_{name}"
            found.append(Setting(name, step, parameter, value, write_typed(parameter, value)))
    return tuple(found)


def write_typed(parameter: Parameter, value: Any) -> str:
    """What a person would type after `-p name=` to give this value.

    Raises
    ------
    UsageError
        There is no such text.
    """
    kind = parameter.kind
    for text in _spellings(value):
        try:
            read = kind.read(text) if kind != Kind() else read_any(text)
        except Unfit:
            continue
        if type(read) is type(value) and (read == value or _are_nan(read, value)):
            return text
    raise UsageError(
        f"{parameter.name} = {value!r} cannot be typed, so no command can be given it.",
        "Annotate it in the notebook: its type says what a text means.",
    )


def _spellings(value: Any) -> list[str]:
    if value is None or isinstance(value, bool):
        return [str(value).lower(), str(value)]
    spelled = [value if isinstance(value, str) else str(value)]
    if hasattr(value, "isoformat"):
        spelled.insert(0, value.isoformat())
    if isinstance(value, list | dict):
        with contextlib.suppress(TypeError, ValueError):
            spelled.insert(0, json.dumps(value, allow_nan=False))
    return [*spelled, write_value(value)]


def _are_nan(a: Any, b: Any) -> bool:
    return isinstance(a, float) and math.isnan(a) and math.isnan(b)


def by_step(settings: tuple[Setting, ...]) -> Mapping[str, list[Setting]]:
    """Settings by the name of their step."""
    found: dict[str, list[Setting]] = {}
    for setting in settings:
        found.setdefault(setting.step.name, []).append(setting)
    return found
