"""What steps were seen to do that the pipeline's file does not say, and that makes their order count."""

from collections.abc import Mapping, Sequence

from nbops.jobs.pipeline.definition import Step
from nbops.jobs.pipeline.results import StepResult


def find_hazards(steps: Sequence[Step], results: Mapping[str, StepResult]) -> list[str]:
    """Files that steps share without one coming after the other, a line each.

    Parameters
    ----------
    steps
        Each after those that it needs.
    results
        Of those that are done, by name.
    """
    before: dict[str, set[str]] = {}
    for step in steps:
        before[step.name] = {*step.after}.union(*(before[name] for name in step.after))
    writers: dict[str, list[str]] = {}
    for name, result in results.items():
        for file in result.writes:
            writers.setdefault(file.path, []).append(name)
    found = [
        f"{' and '.join(names)} write {path}: only what the last one leaves stays."
        for path, names in writers.items()
        if len(names) > 1
    ]
    for name, result in results.items():
        for file in result.reads:
            missing = [
                writer
                for writer in writers.get(file.path, ())
                if writer != name and writer not in before[name] and name not in before[writer]
            ]
            found += [
                f"{name} reads {file.path}, which {writer} writes, and does not come after it:"
                f" give it `after: {writer}`."
                for writer in missing
            ]
    return found
