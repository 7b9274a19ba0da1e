"""Formats that Python itself opens: what was written and read, with the digest that the file has."""

import gzip
import json
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import datasets
from watching import seen

from nbops.capture.data.contents import stat_file
from nbops.capture.data.watch import DataWatch
from nbops.digests import digest_file

# ruff: noqa: PLW0108, S301

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
ARRAY = np.arange(6.0)


def write_zip(path: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.txt", "x")


def read_zip(path: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("inner.txt")


def write_map(path: str) -> None:
    mapped = np.memmap(path, dtype="f8", mode="w+", shape=(6,))
    mapped[:] = ARRAY
    mapped.flush()


def write_gzip(path: str) -> None:
    with gzip.open(path, "wt") as file:
        file.write("x")


def read_gzip(path: str) -> str:
    with gzip.open(path, "rt") as file:
        return file.read()


def write_pickle(path: str) -> None:
    with open(path, "wb") as file:
        pickle.dump([1, 2], file)


def read_pickle(path: str) -> Any:
    with open(path, "rb") as file:
        return pickle.load(file)


ROUND_TRIPS: dict[str, tuple[Any, Any]] = {
    "gzip": (write_gzip, read_gzip),
    "zipfile": (write_zip, read_zip),
    "pickle": (write_pickle, read_pickle),
    "json": (
        lambda p: Path(p).write_text(json.dumps([1])),
        lambda p: json.loads(Path(p).read_text()),
    ),
    "joblib": (lambda p: joblib.dump([ARRAY], p), lambda p: joblib.load(p)),
    "joblib.mmap": (lambda p: joblib.dump(ARRAY, p), lambda p: joblib.load(p, mmap_mode="r")),
    "numpy.npy": (lambda p: np.save(p, ARRAY), lambda p: np.load(p)),
    "numpy.mapped": (lambda p: np.save(p, ARRAY), lambda p: np.load(p, mmap_mode="r")),
    "numpy.npz": (lambda p: np.savez(p, x=ARRAY), lambda p: np.load(p)["x"]),
    "numpy.txt": (lambda p: np.savetxt(p, ARRAY), lambda p: np.loadtxt(p)),
    "numpy.genfromtxt": (lambda p: np.savetxt(p, ARRAY), lambda p: np.genfromtxt(p)),
    "numpy.fromfile": (lambda p: ARRAY.tofile(p), lambda p: np.fromfile(p)),
    "numpy.memmap": (write_map, lambda p: np.memmap(p, dtype="f8", mode="r").sum()),
    "PIL": (
        lambda p: Image.new("L", (2, 2)).save(p),
        lambda p: Image.open(p).load(),
    ),
    "pandas.excel": (
        lambda p: FRAME.to_excel(p, index=False),
        lambda p: pd.read_excel(p),
    ),
    "pandas.orc": (lambda p: FRAME.to_orc(p), lambda p: pd.read_orc(p)),
    "pandas.pickle": (lambda p: FRAME.to_pickle(p), lambda p: pd.read_pickle(p)),
    "sklearn.svmlight": (
        lambda p: datasets.dump_svmlight_file(np.eye(3), [0, 1, 2], p),
        lambda p: datasets.load_svmlight_file(p),
    ),
}
ENDINGS = {"numpy.npz": "npz", "PIL": "png", "pandas.excel": "xlsx"}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_what_was_written_is_read_with_the_digest_of_the_file(watch: DataWatch, name: str):
    write, read = ROUND_TRIPS[name]
    path = f"data.{ENDINGS.get(name, 'npy')}"
    write(path)
    (written,) = seen(watch).writes
    assert (written.name, written.digest) == (path, digest_file(path))
    watch.begin_cell()
    read(path)
    facts = seen(watch)
    assert [(one.name, one.digest) for one in facts.reads] == [(path, digest_file(path))]
    assert facts.writes == []


def test_a_temporary_file_without_a_name_is_no_data(watch: DataWatch):
    with tempfile.TemporaryFile(dir=".") as file:
        file.write(b"x")
    assert seen(watch).writes == []


def test_a_table_of_hdf_is_seen(watch: DataWatch):
    FRAME.to_hdf("f.h5", key="t")
    assert [one.name for one in seen(watch).writes] == ["f.h5"]
    watch.begin_cell()
    pd.read_hdf("f.h5", "t")
    (read,) = seen(watch).reads  # even a small one takes a megabyte, which the background hashes
    assert (read.name, read.stat, read.shape) == ("f.h5", stat_file("f.h5"), FRAME.shape)


def test_folders_of_texts_and_what_sklearn_has_fetched_before(watch: DataWatch):
    for kind in ("ham", "spam"):
        Path("mails", kind).mkdir(parents=True)
        Path("mails", kind, "1.txt").write_text(kind)
    watch.take("s.0", at_end=True)
    assert len(datasets.load_files("mails").data) == 2
    names = {one.name for one in seen(watch).reads}
    assert names == {"mails/ham/1.txt", "mails/spam/1.txt"}
    joblib.dump(np.ones((4, 9)), "cal_housing_py3.pkz", compress=6)  # as a download leaves it
    watch.take("s.0", at_end=True)
    datasets.fetch_california_housing(data_home=".", download_if_missing=False)
    reads = [one for one in seen(watch).reads if one.name.endswith(".pkz")]
    assert [one.digest for one in reads] == [digest_file("cal_housing_py3.pkz")]


def test_tensors_are_seen_when_torch_is_there(watch: DataWatch):
    torch = pytest.importorskip("torch", reason="torch is 200 MB")
    torch.save({"w": torch.ones(3)}, "w.pt")
    (written,) = seen(watch).writes
    assert (written.name, written.digest) == ("w.pt", digest_file("w.pt"))
    watch.begin_cell()
    torch.load("w.pt")
    torch.load("w.pt", mmap=True)
    assert [one.digest for one in seen(watch).reads] == [digest_file("w.pt")]


def test_datasets_of_local_files_are_seen(watch: DataWatch):
    import datasets as library  # takes two seconds

    FRAME.to_csv("f.csv", index=False)
    FRAME.to_parquet("f.parquet")
    watch.take("s.0", at_end=True)
    for kind in ("csv", "parquet"):
        watch.begin_cell()
        library.load_dataset(kind, data_files=f"f.{kind}", cache_dir="cache")
        reads = {one.name: one.digest for one in seen(watch).reads}
        assert reads[f"f.{kind}"] == digest_file(f"f.{kind}")
