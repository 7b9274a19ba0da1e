"""`python -m nbops.scheduling.against OLD NEW`: what two jobs' metrics are, as Markdown for a job's summary."""

import sys

from nbops.errors import NbopsError
from nbops.index.queries import Index
from nbops.index.words import Found
from nbops.jobs.metrics import metrics_of
from nbops.records import Document
from nbops.workspace import find_workspace


def compare_metrics(old: Document, new: Document) -> str:
    """A table with a row a metric; what both lack is not in it."""
    before, after = metrics_of(old), metrics_of(new)
    if not before and not after:
        return "Neither logged a metric."
    lines = ["| metric | base | here | change |", "|---|---|---|---|"]
    for name in sorted({*before, *after}):
        a, b = before.get(name), after.get(name)
        change = f"{b - a:+.6g}" if a is not None and b is not None else ""
        lines.append(f"| {name} | {_show(a)} | {_show(b)} | {change} |")
    return "\n".join(lines)


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def main(words: list[str]) -> int:
    index = Index(find_workspace())
    index.wait()
    try:
        documents = []
        for word in words:
            found = index.resolve(word)
            documents.append(index.document(Found(found.session_id, found.session_id, True)))
        print(compare_metrics(*documents))  # noqa: T201 - what the program is for
    except NbopsError as error:
        print(f"nbops: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
