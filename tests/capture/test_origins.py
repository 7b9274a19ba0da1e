import json
import subprocess
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from wheels import make_wheel

from nbops.capture.environment.accelerators import gpu_names, read_accelerators
from nbops.capture.environment.imports import LoadedModules, find_providers
from nbops.capture.environment.intact import Integrity, list_files
from nbops.capture.environment.origins import read_conda, read_origin
from nbops.capture.environment.packages import find_distributions, read_environment
from nbops.capture.secrets.fingerprints import stand_in_for
from nbops.digests import digest_environment
from nbops.records import Environment, Origin

COMMIT = "3f2c81d" + "0" * 33


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    return folder


def install(folder: Path, name: str = "thing", **files: str) -> Distribution:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    for file, text in files.items():
        (info / file.replace("direct_url", "direct_url.json")).write_text(text)
    return find_distributions([str(folder)])[name][1]


def origin_of(folder: Path, note: object) -> Origin | None:
    return read_origin(install(folder, direct_url=json.dumps(note)), [str(folder)])


def test_a_package_from_a_repository_is_its_commit_without_the_token(folder: Path):
    note = {
        "url": "https://me:s3cret99@git.io/o/r",
        "subdirectory": "python",
        "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT},
    }
    assert origin_of(folder, note) == Origin(
        kind="vcs",
        url=f"git+https://me:{stand_in_for('s3cret99')}@git.io/o/r",
        commit=COMMIT,
        subdirectory="python",
    )


@pytest.mark.parametrize("about", [{"hashes": {"sha256": "ab"}}, {"hash": "sha256=ab"}])
def test_a_package_from_an_archive_is_its_hash(folder: Path, about: dict[str, object]):
    note = {"url": "https://a.io/thing.whl", "archive_info": about}
    assert origin_of(folder, note) == Origin(
        kind="archive", url="https://a.io/thing.whl", hash="sha256:ab"
    )


def test_an_editable_package_is_the_state_of_its_work_tree(folder: Path, tmp_path: Path):
    tree = tmp_path / "tree"
    tree.mkdir()
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-C", str(tree)]
    (tree / "a.py").write_text("A = 1\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (tree / "a.py").write_text("A = 2\n")
    origin = origin_of(folder, {"url": tree.as_uri(), "dir_info": {"editable": True}})
    assert origin is not None
    assert (origin.kind, origin.is_editable, origin.is_dirty) == ("folder", True, True)
    assert len(origin.commit or "") == 40


def test_a_package_from_an_index_has_no_origin(folder: Path):
    assert read_origin(install(folder), [str(folder)]) is None


def test_what_conda_installed_is_not_from_the_folder_it_was_built_in(folder: Path):
    note = json.dumps({"url": "file:///home/conda/feedstock_root/work", "dir_info": {}})
    installed = install(folder, direct_url=note, INSTALLER="conda\n")
    assert read_origin(installed, [str(folder)]) == Origin(kind="conda")


def test_conda_is_listed_as_it_can_be_installed_again(tmp_path: Path):
    notes = tmp_path / "conda-meta"
    notes.mkdir()
    url = "https://conda.anaconda.org/t/tk-1234/own/linux-64/zlib-1.3-0.conda"
    (notes / "zlib.json").write_text(json.dumps({"name": "zlib", "url": url, "md5": "ff"}))
    (notes / "half.json").write_text('{"name": ')
    assert read_conda(tmp_path) == (url.replace("tk-1234", stand_in_for("tk-1234")) + "#ff",)


def test_versions_of_cuda_are_the_drivers_the_packages_and_torchs(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        "#!/bin/sh\n"
        'test -z "$1" && echo "| Driver Version: 550.54 CUDA Version: 12.4 |" && exit\n'
        'echo "NVIDIA A100, 550.54"\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (folder / "torch").mkdir()
    (folder / "torch" / "version.py").write_text("cuda: Optional[str] = '12.1'\n")
    gpus = gpu_names()
    assert gpus == ("NVIDIA A100, 550.54",)
    packages = {"nvidia-cudnn-cu12": "9.1", "nvidia-cuda-runtime-cu12": "12.1.105"}
    assert read_accelerators(packages, [str(folder)], gpus) == {
        "driver": "550.54",
        "CUDA of the driver": "12.4",
        "CUDA": "12.1.105",
        "cuDNN": "9.1",
        "CUDA of torch": "12.1",
    }


def check(cache: Path, folder: Path) -> tuple[int, dict[str, list[str]]]:
    """How many files were read, and what was found."""
    integrity = Integrity(cache)
    steps = integrity.check(list_files(find_distributions([str(folder)])))
    count = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            integrity.keep()
            return count - 1, end.value
        count += 1


def test_a_file_that_was_edited_in_place_is_named(tmp_path: Path, folder: Path):
    import zipfile

    with zipfile.ZipFile(make_wheel(tmp_path, "thing")) as wheel:
        wheel.extractall(folder)
    cache = tmp_path / "cache" / "packages.json"
    assert check(cache, folder) == (3, {})
    assert check(cache, folder) == (0, {}), "nothing was written since: nothing is read"
    (folder / "thing.py").write_text("VERSION = 'mine'\n")
    assert check(cache, folder) == (3, {"thing": ["thing.py"]})
    (folder / "thing.py").unlink()
    assert check(cache, folder) == (3, {"thing": ["thing.py"]})
    cache.write_text("{")
    assert check(cache, folder) == (3, {"thing": ["thing.py"]})


def test_modules_are_told_once(monkeypatch: pytest.MonkeyPatch):
    import sys

    loaded = LoadedModules()
    first = loaded.take_new()
    assert {"pytest", "nbops"} <= set(first)
    assert not {"sys", "os", "json"} & set(first)
    assert loaded.take_new() == []
    monkeypatch.setitem(sys.modules, "a_new_one", sys)
    monkeypatch.setitem(sys.modules, "a_new_one.inner", sys)
    assert loaded.take_new() == ["a_new_one"]


def test_a_module_that_packages_share_tells_none_of_them(folder: Path):
    install(folder, "one", RECORD="shared/a.py,,\none/__init__.py,,\n")
    install(folder, "other", RECORD="shared/b.py,,\nsingle.py,,\n")
    providers = find_providers(find_distributions([str(folder)]))
    assert providers["one"] == "one"
    assert providers["single"] == "other"
    assert "shared" not in providers


def test_the_digest_covers_origins_and_flags_but_not_what_is_found_later():
    plain = Environment(python="3", implementation="C", platform="L", packages={"a": "1"})

    def digest(**more: object) -> str:
        import msgspec

        return digest_environment(msgspec.structs.replace(plain, **more))

    assert digest() == ("env2:205f1f0df904fd96022fc3eb063c8b0855387b0358c5c7c1c2887f197118ac2d")
    assert digest(altered={"a": ("a.py",)}) == digest()
    others = [
        digest(origins={"a": Origin(kind="vcs", commit=COMMIT)}),
        digest(origins={"a": Origin(kind="vcs", commit="0" * 40)}),
        digest(variables={"PYTHONHASHSEED": "0"}),
        digest(packages={"a": "2"}),
    ]
    assert len({digest(), *others}) == 5


def test_an_environment_says_where_its_packages_came_from(folder: Path):
    install(
        folder, "kept", direct_url=json.dumps({"url": "https://a.io/k.whl", "archive_info": {}})
    )
    install(folder, "plain")
    environment = read_environment([str(folder)], "3.11.7", "CPython", "Linux")
    assert set(environment.packages) == {"kept", "plain"}
    assert set(environment.origins) == {"kept"}
