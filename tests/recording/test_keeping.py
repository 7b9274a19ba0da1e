"""Files that the user names as data."""

from types import SimpleNamespace

import pytest

from nbops.capture.data.contents import stat_file
from nbops.digests import digest_file
from nbops.recording import keeping
from nbops.workspace import Workspace


@pytest.mark.parametrize("name", ["a.bin", "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"])
def test_a_large_file_is_left_to_the_background_where_that_finds_it(
    fresh_workspace: Workspace, monkeypatch, name: str
):
    monkeypatch.setattr(keeping, "_AT_ONCE_BYTES", 3)
    path = fresh_workspace.root / name
    book = SimpleNamespace(workspace=fresh_workspace)
    path.write_bytes(b"123")
    assert keeping.see_data(book, path).digest == digest_file(str(path))
    path.write_bytes(b"1234")
    seen = keeping.see_data(book, path)
    if name.startswith("ghp"):  # its name is not written down
        assert (seen.digest, seen.stat) == (digest_file(str(path)), None)
    else:
        assert (seen.digest, seen.stat) == (None, stat_file(str(path)))
    assert seen.size_bytes == 4
