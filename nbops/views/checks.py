"""What checks found, for people."""

from collections import Counter
from collections.abc import Sequence

from nbops.checks import KINDS, Finding
from nbops.views.text import cut

_SHOWN = 3


class ChecksView:
    """Findings about one notebook or run.

    Parameters
    ----------
    checked
        What a sentence calls it.
    session
        Whose records were looked at; None when there was only text.
    """

    def __init__(self, checked: str, session: str | None, findings: Sequence[Finding]) -> None:
        self.checked = checked
        self.session = session
        self.findings = findings

    def __str__(self) -> str:
        lines = []
        for finding in self.findings:
            lines.append(f"{finding.kind:<11}{_cell(finding)}")
            lines += [f"{'':<11}{finding.message}", f"{'':<11}→ {finding.way_out}", ""]
        where = f"session {self.session}" if self.session else "no record of it: only its text"
        if not self.findings:
            return f"Nothing found in {self.checked} ({where})."
        return "\n".join([*lines, f"{_counted(self.findings)} in {self.checked} ({where})."])

    __repr__ = __str__

    def short(self) -> list[str]:
        """A few lines, for a view of something larger."""
        if not self.findings:
            return ["checks: nothing found"]
        lines = [f"checks: {_counted(self.findings)}; nbops check {self.checked} tells more"]
        for finding in self.findings[:_SHOWN]:
            lines.append(f"  {finding.kind:<11}{_cell(finding)}")
            lines.append(f"  {'':<11}{finding.message}")
        more = len(self.findings) - _SHOWN
        return [*lines, f"  and {more} more"] if more > 0 else lines


def _cell(finding: Finding) -> str:
    count = " " if finding.execution_count is None else finding.execution_count
    return f"[{count}] {cut(finding.cell, 70)}"


def _counted(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.kind for finding in findings)
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
