"""The process that compares tables: what a file makes it do, or cost, touches nobody else.

It reads questions from its input and writes answers to its output, a line of JSON each.
"""

import sys
from pathlib import Path

import msgspec

from nbops.capture.secrets.privacy import PRIVATE, hide_columns, set_private
from nbops.comparison.differences import RowsChange
from nbops.comparison.formats import NoTable, read_table
from nbops.comparison.rows import diff_text
from nbops.comparison.tables import compare_tables


class Version(msgspec.Struct, frozen=True):
    """One version of a file."""

    path: str  # of its kept copy
    name: str


class RowsQuestion(msgspec.Struct, frozen=True):
    a: Version
    b: Version
    private_columns: tuple[str, ...] = ()


class RowsAnswer(msgspec.Struct, frozen=True):
    """What differs, or why that is not told."""

    rows: RowsChange | None = None
    missing: str = ""


def answer(question: RowsQuestion) -> RowsAnswer:
    """Compare two versions: as tables, or as lines of text where they are none."""
    versions = (question.a, question.b)
    contents = [Path(version.path).read_bytes() for version in versions]
    try:
        tables = [read_table(c, v.name) for c, v in zip(contents, versions, strict=True)]
    except NoTable as error:
        if question.private_columns:  # a line may name one
            return RowsAnswer(missing=str(error))
        rows = diff_text(contents[0], contents[1], question.b.name)
        return RowsAnswer(rows=rows, missing="" if rows else str(error))
    set_private(question.private_columns, (), Path())
    shown = [
        table.select([n for n in table.column_names if hide_columns((n,)) != (PRIVATE,)])
        for table in tables
    ]
    return RowsAnswer(rows=compare_tables(*shown))


def main() -> None:
    for line in sys.stdin.buffer:
        try:
            told = answer(msgspec.json.decode(line, type=RowsQuestion))
        except Exception as error:  # noqa: BLE001 - whatever a file holds, the next one is looked at
            told = RowsAnswer(missing=f"it could not be compared: {type(error).__name__}")
        sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
