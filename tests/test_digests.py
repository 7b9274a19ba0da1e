"""Definitions of digests never change: these vectors were computed once and for all."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from blake3 import blake3
from scipy import sparse

from nbops.digests import (
    RowsDigest,
    digest_bytes,
    digest_file,
    digest_folder,
    digest_frame,
    digest_names,
    digest_sample,
    digest_source,
    digest_step,
    digest_version,
    for_mlflow,
    is_sampled,
)

EMPTY = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"  # BLAKE3's own vector


def test_a_file_has_the_blake3_of_its_bytes(tmp_path: Path):
    path = tmp_path / "f"
    path.write_bytes(b"")
    assert digest_file(path) == f"file1:{EMPTY}"
    path.write_bytes(b"nbops")
    assert digest_file(path) == digest_bytes(b"nbops")
    assert digest_bytes(b"nbops") == (
        "file1:4cfebf6c0767bfb5aece0444eddfbf79aebcbc2fac455fc2c82f155443abe898"
    )


def test_names_in_a_folder_have_no_order():
    digest = "names1:a84f008db4c3f38af3404cbbac078c341d9b2c5072fd2b7e254e5adcacff6d62"
    assert digest_names(["b.csv", "raw/"]) == digest_names(["raw/", "b.csv"]) == digest
    assert digest_names([]) == f"names1:{EMPTY}"


def test_a_large_file_is_hashed_like_a_small_one(tmp_path: Path):
    data = bytes(range(256)) * 20_000
    path = tmp_path / "f"
    path.write_bytes(data)
    assert digest_file(path) == digest_bytes(data)


def test_a_version_counts_at_its_own_url_only():
    etag = digest_version("s3://bucket/a.csv", "etag", "0a1b")
    assert etag == "remote1:7f03be71f61f52599a5f07c66186ea9a94bafb9cc40e7614dab5dcf8dccc7fd4"
    assert digest_version("s3://bucket/b.csv", "etag", "0a1b") != etag
    assert digest_version("s3://bucket/a.csv", "version", "0a1b") != etag


def test_a_sample_is_the_size_and_blocks_all_over_the_file(tmp_path: Path):
    path = tmp_path / "f"
    path.write_bytes(b"nbops")
    assert (
        digest_sample(path)
        == f"sample1:{blake3(bytes([5, 0, 0, 0, 0, 0, 0, 0]) + b'nbops').hexdigest()}"
    )
    data = bytearray(bytes(range(256)) * 80_000)
    path.write_bytes(data)
    known = digest_sample(path)
    assert known == "sample1:519ddb283fcc4c156367884503f780c7f4da1ac54685c71eb57e214f3b302bf1"
    for place in (0, len(data) - 1):
        path.write_bytes(data[:place] + b"!" + data[place + 1 :])
        assert digest_sample(path) != known
    path.write_bytes(data[:300_000] + b"!" + data[300_001:])  # between two blocks
    assert digest_sample(path) == known


def test_a_folder_with_a_sampled_file_is_of_another_kind(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"x" * 10)
    files = [("a", str(tmp_path / "a"))]
    assert digest_folder(files, limit=10) == digest_folder(files)
    sampled = digest_folder(files, limit=9)
    assert sampled.digest.startswith("samples1:")
    assert is_sampled(sampled.digest)


def test_code_counts_without_spaces_at_line_ends():
    assert digest_source("a = 1\nb = 2") == digest_source("\na = 1   \r\nb = 2\n\n")
    assert digest_source("a = 1") != digest_source("a  = 1")
    assert digest_source("if a:\n    b") != digest_source("if a:\n  b")


def test_a_step_is_its_cells_in_their_order_and_where_they_run():
    digest = digest_step("notebooks", ["source1:a", "source1:b"])
    assert digest == "step1:2b9eeba3a5456117c503b2301807c5823e6f344c2518efbcd63d9e130941902f"
    assert digest_step("notebooks", ["source1:b", "source1:a"]) != digest
    assert digest_step("", ["source1:a", "source1:b"]) != digest


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.arange(4), np.arange(4)[::-1].copy()),
        (np.arange(4, dtype="i4"), np.arange(4, dtype="i8")),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [2, 1]})),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]})),
        (pd.DataFrame({"a": [1.0, None]}), pd.DataFrame({"a": [1.0, 2.0]})),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[5, 6])),
        (pd.DataFrame({"a": ["x", "y"]}), pd.DataFrame({"a": ["x", "z"]})),
    ],
)
def test_frames_differ_by_order_dtype_shape_names_and_values(one, other):
    assert digest_frame(one) != digest_frame(other)


def test_a_frame_is_its_content_not_how_it_came_to_be():
    whole = pd.DataFrame({"a": range(10), "b": list("abcdefghij")})
    parts = pd.concat([whole.iloc[:5], whole.iloc[5:]])
    assert digest_frame(whole) == digest_frame(parts)
    table = pa.concat_tables([pa.table({"a": [1, 2]}), pa.table({"a": [3]})])
    assert digest_frame(table) == digest_frame(pa.table({"a": [1, 2, 3]}))
    assert digest_frame(np.arange(10)[::2]) == digest_frame(np.arange(0, 10, 2))


def test_a_sparse_matrix_is_its_entries_in_its_format_however_they_are_stored():
    matrix = sparse.csr_array(np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 0.0]]))
    digest = digest_frame(matrix)
    assert digest == "frame1:ae2079ccb0a6ee6d372431d69190f2112cc0acdfb33fb6ada471e830fd3d6f5e"
    shuffled = sparse.csr_array(([2.0, 1.0, 3.0], [2, 1, 0], [0, 2, 3]), shape=(2, 3))
    shuffled.indices = shuffled.indices.astype("i8")
    assert digest_frame(shuffled) == digest
    assert list(shuffled.indices) == [2, 1, 0]  # which is the user's
    coo = digest_frame(matrix.tocoo())
    others = (matrix.tocsc(), matrix.astype("f4"), matrix * 2, sparse.csr_array((3, 2)))
    assert len({digest, coo, *map(digest_frame, others)}) == 6


def test_every_row_counts_also_the_late_ones_and_the_dates():
    frame = pd.DataFrame({"when": pd.date_range("2026-01-01", periods=20_000, freq="h")})
    changed = frame.copy()
    changed.loc[15_000, "when"] = pd.Timestamp("2000-01-01")
    assert digest_frame(frame) != digest_frame(changed)


def test_what_has_no_digest_says_so():
    with pytest.raises(TypeError, match="objects"):
        digest_frame(np.array([object()]))
    with pytest.raises(TypeError, match="neither an array nor a frame"):
        digest_frame({"a": 1})


def test_rows_count_however_many_are_fetched_at_a_time():
    rows = [(1, "x", None), (2, "y", Decimal("1.5")), (3, b"z", date(2026, 1, 2))]
    whole, parts = RowsDigest(["a", "b", "c"]), RowsDigest(["a", "b", "c"])
    whole.add(rows)
    for row in rows:
        parts.add([row])
    assert whole.digest() == parts.digest()
    assert (
        whole.digest() == "rows1:e16abed18c5411e7088095f0a0a8a7eb3326ab4c9417670e0864665286b6049d"
    )


def test_mlflow_gets_32_digits():
    assert for_mlflow(digest_bytes(b"")) == EMPTY[:32]
