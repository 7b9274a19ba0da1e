"""pandas' readers and writers say what they read, and nothing else changes."""

import traceback
import warnings
from pathlib import Path

import pandas as pd
import pytest
from watching import seen

from nbops.capture.data.watch import DataWatch
from nbops.capture.libraries.readers import release_readers, watch_readers
from nbops.digests import digest_file
from nbops.workspace import Workspace

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


KINDS = ("csv", "json", "parquet", "feather", "orc", "pickle")


@pytest.mark.parametrize("kind", KINDS)
def test_a_frame_read_back_is_seen_with_digest_shape_and_columns(watch: DataWatch, kind: str):
    path = Path(f"f.{kind}")
    getattr(FRAME, f"to_{kind}")(path, **({"index": False} if kind == "csv" else {}))
    (written,) = seen(watch).writes
    assert (written.name, written.shape) == (f"f.{kind}", (3, 2))
    getattr(pd, f"read_{kind}")(str(path))
    (read,) = seen(watch).reads
    assert (read.name, read.digest) == (f"f.{kind}", digest_file(path))
    assert (read.shape, read.columns, read.types) == ((3, 2), ("a", "b"), ("int64", "str"))


def test_the_path_may_be_named(watch: DataWatch):
    FRAME.to_parquet(path="f.parquet")
    watch.take("s.0", at_end=True)
    pd.read_parquet(path="f.parquet")
    assert [read.shape for read in seen(watch).reads] == [(3, 2)]


def test_a_folder_is_one_write(watch: DataWatch):
    FRAME.to_parquet("parts", partition_cols=["b"])
    (write,) = seen(watch).writes
    assert (write.kind, write.name, write.shape) == ("folder", "parts", (3, 2))


def test_a_url_with_a_password_says_what_is_missing(watch: DataWatch):
    watch.read_frame("https://me:pw@example.com/a.csv", None, FRAME, "wrapper")
    (read,) = seen(watch).reads
    assert (read.kind, read.missing, read.stat) == (
        "url",
        "only the notebook has the secret to ask for its version",
        None,
    )
    assert "pw" not in read.uri


def test_reading_from_memory_is_no_file(watch: DataWatch):
    import io

    pd.read_csv(io.StringIO("a\n1"))
    pd.read_json(io.StringIO('{"a": [1]}'))
    assert seen(watch).reads == []


def test_warnings_point_at_the_users_line(watch: DataWatch):
    Path("f.csv").write_text("a,b\n1,2\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pd.read_csv("f.csv", sep="::")  # "Falling back to the 'python' engine"
    assert [Path(warning.filename).name for warning in caught] == ["test_readers.py"]


def test_an_exception_is_the_users_with_no_frame_of_ours(watch: DataWatch):
    with pytest.raises(FileNotFoundError) as caught:
        pd.read_csv("nowhere.csv")
    files = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert not [name for name in files if "nbops/capture" in name]


def test_released_libraries_are_as_they_were(fresh_workspace: Workspace):
    before = (pd.read_csv, pd.DataFrame.to_parquet)
    watch_readers()
    release_readers()
    assert (pd.read_csv, pd.DataFrame.to_parquet) == before


def test_signatures_and_docs_stay(watch: DataWatch):
    import inspect

    assert "filepath_or_buffer" in inspect.signature(pd.read_csv).parameters
    assert pd.read_csv.__module__.startswith("pandas")
    assert "comma-separated" in pd.read_csv.__doc__
