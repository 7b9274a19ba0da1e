"""Files that a person asked for: all of them or nothing, and a line when they cannot be."""

from pathlib import Path

import pytest

from nbops.errors import UsageError
from nbops.writing import putting


def test_what_fails_half_way_leaves_the_file_that_was_there(tmp_path: Path):
    path = tmp_path / "notebook.ipynb"
    path.write_text("as it was")

    def write_half() -> None:
        with putting(path) as part:
            part.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [
        ("notebook.ipynb", "as it was")
    ]


def test_a_file_that_is_written_over_keeps_its_permissions_and_its_link(tmp_path: Path):
    path, link = tmp_path / "there.txt", tmp_path / "link.txt"
    path.write_text("old")
    path.chmod(0o664)
    link.symlink_to(path)
    with putting(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o664)


def test_a_place_is_not_blamed_for_what_cannot_be_read(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="gone"), putting(tmp_path / "copy") as part:
        part.write_bytes((tmp_path / "gone").read_bytes())
    assert not list(tmp_path.iterdir())


def test_a_device_is_written_to_and_not_replaced():
    with putting(Path("/dev/null")) as place:
        assert place == Path("/dev/null")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no/file.svg", "No such file or directory"),
        ("file/file.svg", "Not a directory"),
        ("folder", "Is a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_with_the_way_out(
    tmp_path: Path, name: str, reason: str
):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(UsageError) as told,
        putting(tmp_path / name, "Give another FILE.") as part,
    ):
        part.write_text("drawn")
    assert str(told.value) == f"{tmp_path / name} cannot be written: {reason}. Give another FILE."
