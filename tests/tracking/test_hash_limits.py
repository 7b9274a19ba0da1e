"""Beyond a limit files are sampled, which is said wherever the digest is."""

import os
from collections.abc import Callable
from pathlib import Path

from kernels import Kernel
from mlflow import MlflowClient
from processes import PATIENCE_S, wait_until

from nbops.capture.data.contents import stat_file
from nbops.digests import digest_file, digest_sample, for_mlflow
from nbops.index.queries import Index
from nbops.records import DataRef
from nbops.tracking.following import DigestCache
from nbops.tracking.hash_limits import HashLimits
from nbops.views.text import show_data
from nbops.workspace import Settings, Workspace


def test_a_large_file_is_sampled_and_everything_says_so(
    start_kernel: Callable[..., Kernel], workspace: Workspace, index: Index
):
    (workspace.root / "pyproject.toml").write_text("[tool.nbops]\nhash_limit = 2\n")
    kernel = start_kernel()
    kernel.run("%load_ext nbops\n%track start")
    path = workspace.root / "big.bin"
    path.write_bytes(b"x" * 3_000_000)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    kernel.run("%%track first\nsize = len(open('big.bin', 'rb').read())\nsize")

    def read() -> DataRef | None:
        assert index.wait(PATIENCE_S)
        document = index.document(index.resolve("first"))
        ref = document.cell_runs[-1].reads[0]
        return ref if ref.digest and document.runs[0].mlflow_run_id else None

    wait_until(read)
    assert (read().digest, read().sampled) == (digest_sample(path), True)
    assert read().modified_at.timestamp() == 1_000_000_000
    assert show_data(read()).endswith(" sampled")
    run_id = index.document(index.resolve("first")).runs[0].mlflow_run_id
    client = MlflowClient(workspace.embedded_uri)
    wait_until(lambda: client.get_run(run_id).inputs.dataset_inputs)
    (given,) = client.get_run(run_id).inputs.dataset_inputs
    assert given.dataset.digest == for_mlflow(read().digest)
    assert {tag.key: tag.value for tag in given.tags}["nbops.sampled"] == "true"


def test_what_was_sampled_is_hashed_once_the_limit_allows_it(tmp_path: Path):
    (tmp_path / "f").write_bytes(b"x" * 100)
    path, stat = str(tmp_path / "f"), stat_file(str(tmp_path / "f"))
    cache = DigestCache(lambda *_: digest_sample(path), lambda *_: None)
    assert cache.digest(path, stat, 50) == digest_sample(path)
    assert cache.digest(path, stat, 100) == digest_file(path)


def test_limits_follow_the_disk_unless_they_are_set(monkeypatch):
    limits = HashLimits(Settings())
    assert limits.of("/data/f") == 10_000_000_000
    limits = HashLimits(Settings())
    monkeypatch.setattr("nbops.tracking.hash_limits._network_mounts", lambda: ["/mnt/nfs/"])
    assert limits.of("/mnt/nfs/f") == 1_000_000_000
    assert HashLimits(Settings(hash_limit=5)).of("/mnt/nfs/f") == 5_000_000
