"""Parameters that a person can set when a job runs, as systems have types for them."""

import contextlib
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbops.errors import UsageError
from nbops.jobs.declarations import COMPUTED, Parameter
from nbops.jobs.injection import write_value
from nbops.jobs.kinds import Kind, Unfit, read_any

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

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
    """One parameter of a notebook, or of the steps that a pipeline's entry stands for.

    Parameters
    ----------
    name
        Other for each, `[A-Za-z_][A-Za-z0-9_]*`: `depth`; of a pipeline `train_depth`.
    entry
        The notebook's or the step's name.
    text
        Its value as it is typed after `-p depth=`.
    """

    name: str
    entry: str
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

    What is computed from others is left out, since it is computed anew; so is what a step's matrix says.

    Raises
    ------
    UsageError
        A value cannot be typed.
    """
    found: dict[tuple[str, str], Setting] = {}
    taken = set[str]()
    for step in job.steps:
        chosen = set(re.findall(r"[\[,](\w+)=", step.name.removeprefix(step.entry)))
        for parameter in step.declared.parameters:
            value = step.params.get(parameter.name, parameter.default)
            if value is COMPUTED or parameter.name in chosen:
                continue
            key = (step.entry, parameter.name)
            if key in found:
                continue
            name = _name_of("_".join(key) if job.is_pipeline else parameter.name, taken)
            text = write_typed(parameter, value)
            found[key] = Setting(name, step.entry, parameter, value, text)
    return tuple(found.values())


def _name_of(text: str, taken: set[str]) -> str:
    """A name that every system takes, and that no other setting has.

    >>> _name_of("01_load_depth", set()), _name_of("größe", set()), _name_of("a_b", {"a_b"})
    ('step_01_load_depth', 'gr_e', 'a_b_2')
    """
    name = first = re.sub(r"[^A-Za-z0-9_]+", "_", text)
    if name[:1].isdigit():
        name = first = f"step_{name}"
    number = 2
    while name in taken:
        name, number = f"{first}_{number}", number + 1
    taken.add(name)
    return name


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
