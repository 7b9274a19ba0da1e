import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from wheels import PackageIndex, make_wheel

from nbops.requirements import Hashes, find_indexes
from nbops.requirements.hashes import read_files


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for version in ("1.0", "1.0.1"):
        make_wheel(folder, "some_tool", version)
    return folder


@pytest.fixture(params=[True, False], ids=["json", "html"])
def index(wheels: Path, request: pytest.FixtureRequest) -> Iterator[PackageIndex]:
    index = PackageIndex(wheels, speaks_json=request.param)
    yield index
    index.stop()


def test_hashes_are_those_of_the_release_alone(index: PackageIndex):
    files = read_files(index.url, "Some.Tool")
    looked = Hashes((index.url,)).look_up({"some-tool": "1.0", "none": "1", "some_tool": "9"})
    assert looked.hashes == {"some-tool": (f"sha256:{files['some_tool-1.0-py3-none-any.whl']}",)}
    assert (looked.unknown, looked.unreachable) == (["none", "some_tool"], [])


def test_a_version_may_be_written_otherwise(index: PackageIndex):
    assert Hashes((index.url,)).look_up({"some_tool": "1.0.0"}).hashes


def test_a_login_in_the_url_is_used_and_not_shown(index: PackageIndex):
    url = index.url.replace("//", "//me:s3cret%4099@")
    assert Hashes((url,)).look_up({"some-tool": "1.0"}).hashes
    assert index.logins == ["Basic bWU6czNjcmV0QDk5"]
    index.stop()
    looked = Hashes((url,)).look_up({"some-tool": "1.0.1"})
    assert looked.unreachable == ["some-tool"]
    assert "s3cret" not in looked.reason


def test_a_folder_is_an_index_too(tmp_path: Path):
    page = tmp_path / "simple" / "some-tool" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../f/some_tool-1.0.tar.gz#sha256={"ab" * 32}">x</a>')
    looked = Hashes(((tmp_path / "simple").as_uri(),)).look_up({"some-tool": "1.0"})
    assert looked.hashes == {"some-tool": (f"sha256:{'ab' * 32}",)}


def test_the_second_index_is_asked_for_what_the_first_has_not(index: PackageIndex, tmp_path: Path):
    empty = tmp_path.as_uri()
    assert Hashes((empty, index.url)).look_up({"some-tool": "1.0"}).hashes


def test_an_index_that_is_away_is_not_asked_for_every_package():
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    asked.append(1)
                    connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        away = f"http://127.0.0.1:{server.getsockname()[1]}"
        looked = Hashes((away,)).look_up({f"p{n}": "1" for n in range(50)})
        server.shutdown(socket.SHUT_RDWR)
    assert len(looked.unreachable) == 50
    assert "did not answer" in looked.reason
    assert len(asked) <= 8, "those that were under way"


def test_indexes_are_those_that_pip_and_uv_are_configured_for(tmp_path: Path):
    none = {"PIP_CONFIG_FILE": os.devnull}
    assert find_indexes(none) == ("https://pypi.org/simple",)
    assert find_indexes({**none, "PIP_INDEX_URL": "https://a/", "UV_INDEX_URL": "https://b/"}) == (
        "https://b",
    )
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a/simple\nextra-index-url = https://b\n https://c\n"
    )
    chosen = {"PIP_CONFIG_FILE": str(file)}
    assert find_indexes(chosen) == ("https://a/simple", "https://b", "https://c")
    assert find_indexes({**chosen, "PIP_INDEX_URL": "https://d"})[0] == "https://d"
    assert find_indexes({**none, "UV_INDEX": "own=https://e"})[1] == "https://e"
