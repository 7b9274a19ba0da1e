"""What command lines say of the files that other programs read and write."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.capture.processes.commands import read_command
from nbops.digests import digest_bytes
from nbops.journal.facts import ProcessStarted


@pytest.fixture
def watch(audit_watch: DataWatch) -> DataWatch:
    Path("x.csv").write_text("1\n")
    Path("old.csv").write_text("2\n")
    audit_watch.take("s.0", at_end=True)
    return audit_watch


def names(found: list) -> list[str]:
    return sorted(one.name for one in found)


STARTS = {
    "run": lambda: subprocess.run(["cat", "x.csv"], check=True, stdout=subprocess.DEVNULL),
    "shell": lambda: subprocess.run("cat x.csv >/dev/null", shell=True, check=True),
    "system": lambda: os.system("cat < x.csv > /dev/null"),  # noqa: S605
    "option": lambda: subprocess.run(["true", "--input=x.csv", "-v"], check=True),
    "posix_spawn": lambda: os.waitpid(
        os.posix_spawn("/bin/true", ["true", "x.csv"], dict(os.environ)), 0
    ),
    "another folder": lambda: subprocess.run(["true", "../x.csv"], check=True, cwd="sub"),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_file_that_a_command_names_is_an_input_by_name(watch: DataWatch, start):
    Path("sub").mkdir()
    start()
    found = seen(watch)
    assert [(one.name, one.seen_by, one.digest) for one in found.reads] == [
        ("x.csv", "name", digest_bytes(b"1\n"))
    ]
    assert found.writes == []


def test_a_file_that_changed_meanwhile_is_an_output(watch: DataWatch):
    subprocess.run("cat x.csv | tee old.csv > new.csv", shell=True, check=True)
    found = seen(watch)
    assert (names(found.reads), names(found.writes)) == (["x.csv"], ["new.csv", "old.csv"])
    assert {one.digest for one in found.writes} == {digest_bytes(b"1\n")}


def test_a_pattern_that_a_shell_expands_is_one_reference(watch: DataWatch):
    subprocess.run("cat *.csv > /dev/null; echo *.none", shell=True, check=True)
    (read,) = seen(watch).reads
    assert (read.name, read.kind, read.seen_by) == ("*.csv", "folder", "name")


def test_a_script_of_the_workspace_is_a_module(watch: DataWatch):
    Path("train.py").write_text("pass\n")
    watch.take("s.0", at_end=True)
    subprocess.run([sys.executable, "train.py"], check=True)
    found = seen(watch)
    assert (found.reads, [one.path for one in found.modules]) == ([], ["train.py"])


def test_what_python_read_as_well_stays_seen_by_it(watch: DataWatch):
    Path("x.csv").read_text()
    subprocess.run(["true", "x.csv"], check=True)
    assert [one.seen_by for one in seen(watch).reads] == ["audit"]


def test_commands_are_told_without_their_secrets(watch: DataWatch):
    subprocess.run(["true", "--password=hunter22", "x.csv"], check=True)
    (fact,) = [one for one in watch.take("s.0", at_end=True) if isinstance(one, ProcessStarted)]
    assert fact.command.startswith("true --password=[redacted")
    assert "hunter22" not in fact.command


def test_what_stands_below_a_shells_magic_is_its_command():
    command = read_command(["bash"], "%%bash\ncat x.csv > y.csv\n")
    assert list(command.paths("/w"))[1:] == ["/w/x.csv", "/w/>", "/w/y.csv"]


def test_a_quote_that_is_not_closed_is_read_all_the_same():
    assert "/w/x.csv" in read_command("echo it's x.csv").paths("/w")


def test_words_that_are_no_paths_open_nothing(watch: DataWatch):
    words = ["-x.csv", "https://example.org/x.csv", "x.csv\nold.csv", "a" * 5000, ""]
    subprocess.run(["true", *words], check=True)
    assert seen(watch).reads == []
