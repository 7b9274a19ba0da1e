"""Kind `kernel`: what the notebook wants to run in."""

from collections.abc import Iterator

from nbops.scheduling.preflight.findings import Finding
from nbops.scheduling.preflight.subject import Subject


def check_kernel(subject: Subject) -> Iterator[Finding]:
    """Another language than Python, whose packages no lock of ours holds; a kernel that is not installed."""
    from jupyter_client.kernelspec import KernelSpecManager

    name = subject.step.notebook.name
    if not subject.is_python:
        language = subject.metadata.get("language_info", {}).get("name") or subject.metadata.get(
            "kernelspec", {}
        ).get("language")
        message = f"{name} is written in {language}: the lock holds packages of Python only."
        hint = "Schedule it on this machine, or have the target's image hold what it needs."
        yield subject.say(subject.level(), "kernel", None, message, hint)
        return
    if subject.kernel not in KernelSpecManager().find_kernel_specs():
        message = f"{name} wants the kernel {subject.kernel!r}, which is not installed here."
        hint = "Choose another one in JupyterLab; `jupyter kernelspec list` shows which there are."
        yield subject.say("error", "kernel", None, message, hint)
