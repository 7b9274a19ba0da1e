"""Kind `package`: what the notebook imports, against the lock that it will run in."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from nbops.capture.environment.declared import normalised
from nbops.checks import Cell
from nbops.checks.declared import imported_modules
from nbops.checks.findings import listed
from nbops.errors import UsageError
from nbops.jobs.expected import find_missing, read_installed
from nbops.jobs.parameters import read_notebook
from nbops.scheduling.preflight.findings import Finding, say_job
from nbops.scheduling.preflight.subject import Subject

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

_REQUIREMENT = re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*([^\\\n#;]*)", re.MULTILINE)
_INSTALLS = re.compile(
    r"^\s*[%!]\s*(?:\S*python\S*\s+-m\s+)?(?:uv\s+)?(?:pip3?|conda|mamba|micromamba)\s+install\b[^\n]*"
    r"|^\s*!\s*(?:sudo\s+)?(?:apt|apt-get|yum|dnf|brew|npm)\s+(?:-\w+\s+)*install\b[^\n]*",
    re.MULTILINE,
)
_SHOWN = 3
_ON_THIS_MACHINE = re.compile(r"@\s*(?:file:|/)")


def read_pins(lock: str) -> Mapping[str, str]:
    r"""What a lock says of each package, by its name as indexes compare it.

    >>> read_pins("pandas==2.2 \\\n    --hash=sha256:1\nscikit_learn>=1")
    {'pandas': '==2.2', 'scikit-learn': '>=1'}
    """
    return {normalised(name): pin.strip() for name, pin in _REQUIREMENT.findall(lock)}


def check_pins(lock: str) -> Iterator[Finding]:
    """Requirements that another day, or another machine, would read otherwise."""
    pins = read_pins(lock)
    loose = [name for name, pin in pins.items() if not re.match(r"===?[^*]+$|@", pin)]
    here = [name for name, pin in pins.items() if _ON_THIS_MACHINE.match(pin)]
    if loose:
        message = f"The lock does not pin {listed(loose)}: another version may be installed there."
        yield say_job("warning", "package", message, "Write name==version; nbops env --lock does.")
    if here:
        message = f"The lock takes {listed(here)} from a folder of this machine."
        hint = "Publish it on an index, or name its repository: name @ git+https://..."
        yield say_job("error", "package", message, hint)


def check_environment(job: "Job") -> Iterator[Finding]:
    """Whether what is installed here is still what the lock says: a job starts in no other environment."""
    pins = {name: pin[2:] for name, pin in read_pins(job.lock).items() if pin.startswith("==")}
    try:
        packages, _ = read_installed(read_notebook(job.steps[0].notebook).metadata)
    except UsageError:
        return  # a kernel that is not installed: said by another check
    installed = {normalised(name): version for name, version in packages.items()}
    differ = find_missing(pins, None, (installed, ""))
    if differ:
        more = f" and {len(differ) - _SHOWN} more" if len(differ) > _SHOWN else ""
        message = (
            f"This environment is another one than the lock's: {'; '.join(differ[:_SHOWN])}{more}."
        )
        hint = "Run the notebook once: what it then has is recorded, and locked."
        yield say_job("warning", "package", message, hint)


def check_packages(subject: Subject) -> Iterator[Finding]:
    """Imports whose package the lock does not hold, and packages that cells install themselves."""
    pins = read_pins(subject.job.lock)
    here = {normalised(name) for name in subject.job.environment.missing}
    for cell in subject.cells:
        if match := _INSTALLS.search(cell.source):
            message = f"`{match[0].strip()}` installs what the lock does not hold, in whatever version there is."
            hint = "Install it before, run the notebook once, and take the line out."
            yield subject.say("warning", "package", cell, message, hint)
        lacking = _lacking(subject, cell, pins) if subject.is_python else []
        if lacking:
            message = f"It imports {listed(lacking)}, which the lock does not hold."
            hint = "Run the notebook once, so that its packages are recorded, or give a lock that has it."
            if here & set(lacking):
                message = f"It imports {listed(lacking)}, which only this machine has."
                hint = "Publish it on an index, or move its code into the project."
            yield subject.say("error", "package", cell, message, hint)


def _lacking(subject: Subject, cell: Cell, pins: Mapping[str, str]) -> list[str]:
    """Distributions that a cell's imports come from, and the lock names none of."""
    found = []
    for module in imported_modules(cell.tree):
        names = {normalised(name) for name in subject.around.distributions(module)}
        if names and not names & pins.keys() and not subject.around.is_local(module):
            found.append(min(names))
    return found
