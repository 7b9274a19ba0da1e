"""Target `script`: a plain Python file that does what the notebook does, without Jupyter."""

import ast
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from nbops.errors import UsageError
from nbops.jobs.injection import write_value
from nbops.jobs.kinds import Kind
from nbops.jobs.parameters import read_notebook
from nbops.scheduling.command import LOCK, secrets_of
from nbops.scheduling.plain import indent, write_plain
from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.schedule import Unsayable
from nbops.scheduling.settings import Setting
from nbops.scheduling.target import Emission
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

_TEMPLATE = '''\
"""<<title>>

Exported from <<notebook>> by nbops. Where nbops is installed it is recorded as a run; where it is not, it runs
all the same.
"""

import argparse
import ast
import contextlib
import os
import sys
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "agg")
os.chdir(Path(__file__).resolve().parent)
<<import_path>>

try:
    import nbops
except ImportError:

    class _Unrecorded:
        """Takes what is logged, and prints the metrics."""

        def __getattr__(self, name):
            return lambda *_, **__: self

        @contextlib.contextmanager
        def track(self, name=None, **params):
            yield self

        def log_metric(self, key, value, step=None):
            print(f"{key} = {float(value)!r}")

        def log_metrics(self, metrics, step=None):
            for key, value in metrics.items():
                self.log_metric(key, value, step)

    nbops = sys.modules["nbops"] = _Unrecorded()


def _show(value):
    if value is not None:
        print(value)
    return value


def _score(value):
    """A marked cell's last value: a number, or a dict of numbers, is its metrics."""
    found = value if isinstance(value, dict) else {"result": value}
    with contextlib.suppress(TypeError, ValueError):
        nbops.log_metrics({str(key): float(number) for key, number in found.items()})
    return _show(value)


def _truth(text):
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _literal(text):
    try:
        return ast.literal_eval({"true": "True", "false": "False", "null": "None"}.get(text, text))
    except (SyntaxError, ValueError):
        return text


def _or_none(read):
    return lambda text: None if text in ("None", "null") else read(text)


def _between(read, low, high):
    def check(text):
        value = read(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} does not lie between {low} and {high}")
        return value

    return check


display = globals().get("display", _show)
_parser = argparse.ArgumentParser(
    description=__doc__.partition("\\n")[0],
    conflict_handler="resolve",  # a parameter may be called help; -h is ours
)
<<arguments>>
_options = _parser.parse_args()

with nbops.track(<<name>>, **vars(_options)):
    <<code>>
'''


class Script:
    """A plain `.py`."""

    name = "script"
    summary = "a plain Python file that does the same without Jupyter"
    is_remote = False
    takes = ()

    def check(self, job: "Job") -> list[Finding]:  # noqa: ARG002
        return []

    def emit(self, job: "Job") -> Emission:
        if job.is_pipeline:
            raise UsageError(
                "A script is one notebook, not a pipeline.", "Export its notebooks, one by one."
            )
        if job.schedule is not None:
            raise Unsayable(
                "script cannot say a schedule: it runs when it is started.",
                "`--to cron` or `--to systemd` start one.",
            )
        (step,) = job.steps
        place = PurePosixPath(job.place_of(step.notebook))
        files = job.bundle.under(".")
        files.pop(str(place))
        script = str(place.with_suffix(".py"))
        if script in files or place.suffix == ".py":
            script = str(place.with_name(f"{place.stem}_script.py"))
        text, left_out = write_script(job, str(place))
        settings = " ".join(
            f"--{each.parameter.name.replace('_', '-')} {_word(each)}" for each in job.settings
        )
        notes = ["Where nbops is not installed, metrics are printed and nothing is recorded."]
        if left_out:
            notes.append(f"Left out, since no result needs them: {', '.join(left_out)}.")
        return Emission(
            files={**files, script: text, LOCK: job.lock},
            install=[
                f"uv venv --python {job.python} .venv",
                f"uv pip install --python .venv/bin/python -r {LOCK}",
            ],
            run_now=[f".venv/bin/python {script} {settings}".strip()],
            remove=["# delete this folder: with it go records that no server has"],
            secrets={
                name: f"{about}: a variable of the environment"
                for name, about in secrets_of(job).items()
            },
            notes=notes,
        )


def write_script(job: "Job", place: str) -> tuple[str, list[str]]:
    """Text of the script, and what of the notebook is not in it."""
    (step,) = job.steps
    settings = job.settings
    codes = {each.parameter.name: f"_options.{each.parameter.name}" for each in settings}
    plain = write_plain(read_notebook(step.notebook), step.notebook.name, codes)
    depth = len(PurePosixPath(place).parent.parts)
    paths = [f'sys.path.insert(1, str(Path("{"../" * depth}{path}").resolve()))'
             for path in job.bundle.import_paths]  # fmt: skip
    text = fill(
        _TEMPLATE,
        title=f"{step.name}: {step.notebook.name} without Jupyter.",
        notebook=place,
        import_path="\n".join(paths),
        arguments="\n".join(map(_argument, settings)),
        name=repr(step.name),
        code="<<code>>",
    )
    # The code comes as it is: lines inside of its texts are not indented.
    text = text.replace("    <<code>>", indent(plain.text or "pass"))
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise UsageError(f"{place} cannot be made a script: {error.msg}.") from error
    return text, plain.left_out


def _argument(setting: Setting) -> str:
    parameter = setting.parameter
    flags = dict.fromkeys([f"--{parameter.name.replace('_', '-')}", f"--{parameter.name}"])
    words = [*(f'"{flag}"' for flag in flags), f"dest={parameter.name!r}"]
    words += [f"type={_reader(parameter.kind)}", f"default={write_value(setting.value)}"]
    if parameter.kind.choices and not parameter.kind.is_optional:
        words.append(f"choices={list(parameter.kind.choices)!r}")
    words.append(f"help={setting.help.replace('%', '%%')!r}")
    return f"_parser.add_argument({', '.join(words)})"


_READERS = {
    "int": "int",
    "float": "float",
    "str": "str",
    "bool": "_truth",
    "Path": "Path",
    "date": "__import__('datetime').date.fromisoformat",
    "datetime": "__import__('datetime').datetime.fromisoformat",
}


def _reader(kind: Kind) -> str:
    names = [name for name in kind.names if name != "None"]
    reader = _READERS.get(names[0], "_literal") if len(names) == 1 else "_literal"
    if kind.minimum is not None or kind.maximum is not None:
        low = kind.minimum if kind.minimum is not None else float("-inf")
        high = kind.maximum if kind.maximum is not None else float("inf")
        reader = f"_between({reader}, {write_value(low)}, {write_value(high)})"
    return f"_or_none({reader})" if kind.is_optional else reader


def _word(setting: Setting) -> str:
    import shlex

    return shlex.quote(setting.text)
