r"""One definition of each kind of digest: `<kind><version>:<hex>`, BLAKE3-256.

| kind      | of                                                                            |
|-----------|-------------------------------------------------------------------------------|
| `file1`   | the raw bytes of a file                                                       |
| `sample1` | size of a file and parts of it: 8 bytes, little-endian, then 64 blocks of 256 KiB, evenly spread |
| `samples1`| as `folder1`, of a folder with a `sample1` among the digests of its files           |
| `folder1` | the files of a folder: sorted lines `path NUL digest LF`, paths relative to it     |
| `names1`  | names in a folder, sorted, each followed by NUL; those of folders end with a slash  |
| `remote1` | the version that a server told of a URL: `[url, "etag" or "version", value]` as compact JSON |
| `source1` | code, UTF-8, line ends `\\n`, no spaces at line ends, no blank lines around it |
| `step1`   | what a step runs: `[folder, digests of its cells ...]` as compact JSON          |
| `frame1`  | an array or a frame in memory: schema, then content, order- and dtype-aware   |
| `rows1`   | rows fetched: column names as compact JSON, LF, then a MessagePack array a row   |
| `pieces1` | rows or frames that several workers fetched: their digests, sorted, as compact JSON |
| `env1`    | the first eight fields of an `Environment` as canonical JSON; no longer made  |
| `env2`    | an `Environment` as canonical JSON, without `altered` and what is empty        |

A definition never changes; a better one gets the next version. Test vectors: `tests/test_digests.py`.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import FileIO
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

from blake3 import blake3

if TYPE_CHECKING:
    from nbops.records import Environment

_PARALLEL_BYTES = 1_000_000
"""Above this, hashing on all cores pays for starting them."""


def digest_bytes(data: bytes) -> str:
    """Digest of a file that would hold these bytes."""
    return f"file1:{blake3(data).hexdigest()}"


def digest_file(path: str | os.PathLike[str]) -> str:
    """Digest of a file's content, at the speed of the disk or of memory.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    size = os.stat(path).st_size
    if size == 0:  # an empty file cannot be mapped
        return digest_bytes(b"")
    hasher = blake3(max_threads=blake3.AUTO if size > _PARALLEL_BYTES else 1)
    return f"file1:{hasher.update_mmap(path).hexdigest()}"


def digest_sample(path: str | os.PathLike[str]) -> str:
    """Digest of a file's size and of 16 MiB of it: different ones differ, equal ones are not known to.

    Block `i` begins at `i * (size - block) // 63`. A smaller file is one block.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        hasher = blake3(size.to_bytes(8, "little"))
        if size <= _SAMPLES * _SAMPLE_BYTES:
            hasher.update(_read(file, 0, size))
        else:
            for number in range(_SAMPLES):
                start = number * (size - _SAMPLE_BYTES) // (_SAMPLES - 1)
                hasher.update(_read(file, start, _SAMPLE_BYTES))
    return f"sample1:{hasher.hexdigest()}"


_SAMPLES = 64
_SAMPLE_BYTES = 256 * 1024


def _read(file: FileIO, start: int, size: int) -> bytes:
    parts = []
    while size > 0 and (part := os.pread(file.fileno(), size, start)):
        parts.append(part)
        start, size = start + len(part), size - len(part)
    return b"".join(parts)


def is_sampled(digest: str | None) -> bool:
    """Whether content that was not looked at may differ though digests are equal.

    >>> is_sampled("sample1:00"), is_sampled("file1:00")
    (True, False)
    """
    return digest is not None and digest.startswith("sample")


def digest_within(path: str | os.PathLike[str], limit: int | None) -> str:
    """Digest of all of a file, or of samples where it is larger than a limit in bytes.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    if limit is not None and os.stat(path).st_size > limit:
        return digest_sample(path)
    return digest_file(path)


class FolderDigest(NamedTuple):
    """All files of a folder, as one thing."""

    digest: str
    file_count: int
    size_bytes: int


def digest_folder(files: Iterable[tuple[str, str]], limit: int | None = None) -> FolderDigest:
    """Digest of a folder's files.

    Parameters
    ----------
    files
        Path relative to the folder, and the path to read, of each.
    limit
        Of files larger than this, in bytes, samples are read.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    hasher, count, size, kind = blake3(), 0, 0, "folder1"
    for name, path in sorted(files):
        digest = digest_within(path, limit)
        kind = "samples1" if is_sampled(digest) else kind
        hasher.update(os.fsencode(name) + b"\0" + digest.encode() + b"\n")
        count, size = count + 1, size + os.stat(path).st_size
    return FolderDigest(f"{kind}:{hasher.hexdigest()}", count, size)


def digest_names(names: Iterable[str]) -> str:
    """Digest of the names in a folder, those of folders with a slash.

    >>> digest_names(["b/", "a"]) == digest_names({"a", "b/"})
    True
    """
    hasher = blake3(b"".join(os.fsencode(name) + b"\0" for name in sorted(names)))
    return f"names1:{hasher.hexdigest()}"


def digest_version(url: str, sort: Literal["etag", "version"], value: str) -> str:
    """Digest of what a server calls the version of a URL's content: equal ones are the server's word.

    Parameters
    ----------
    url
        Without credentials. It counts, since an ETag means something at its own URL only.
    value
        A strong ETag without its quotes, or an id of a version.
    """
    text = json.dumps([url, sort, value], separators=(",", ":"), ensure_ascii=False)
    return f"remote1:{blake3(text.encode()).hexdigest()}"


def digest_source(source: str) -> str:
    r"""Digest of code that spaces at line ends and blank lines around it do not change.

    >>> digest_source("a = 1  \n") == digest_source("\na = 1")
    True
    """
    text = "\n".join(line.rstrip() for line in source.splitlines()).strip()
    return f"source1:{blake3(text.encode()).hexdigest()}"


def digest_step(folder: str, cells: Iterable[str]) -> str:
    """Digest of what a step of a pipeline runs: its cells, parameters among them, and from where.

    Parameters
    ----------
    folder
        That it works in, relative to the workspace.
    cells
        Digests of its code cells' sources, in order.
    """
    text = json.dumps([folder, *cells], separators=(",", ":"), ensure_ascii=False)
    return f"step1:{blake3(text.encode()).hexdigest()}"


def digest_environment(environment: "Environment") -> str:
    """Digest of what an environment is; a field that a later version gains counts only where it is set."""
    import msgspec

    fields = msgspec.to_builtins(environment)
    del fields["altered"]
    canonical = json.dumps(_without_empty(fields), sort_keys=True, separators=(",", ":"))
    return f"env2:{blake3(canonical.encode()).hexdigest()}"


def _without_empty(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _without_empty(part) for key, part in value.items()}
    return {key: part for key, part in inner.items() if part not in (None, (), [], {})}


def digest_frame(value: Any) -> str:
    """Digest of an array or a frame in memory, all of it.

    Parameters
    ----------
    value
        A numpy array of any shape and a dtype without objects, a sparse array or matrix of scipy, a
        pandas frame or series, a polars frame, an Arrow table. Frames are hashed as the Arrow table
        that they convert to; the index of a pandas frame counts. Of what is sparse the format counts,
        the order in which its entries are stored does not.

    Raises
    ------
    TypeError
        It is none of these, or holds Python objects that Arrow does not know.
    """
    hasher = blake3()
    if _kind_of(value) == "numpy":
        _hash_array(hasher, value)
    elif _kind_of(value) == "scipy":
        _hash_sparse(hasher, value)
    else:
        _hash_table(hasher, _as_arrow_table(value))
    return f"frame1:{hasher.hexdigest()}"


class RowsDigest:
    """Digest of rows as a database gives them, however many at a time.

    What MessagePack has no type for is an extension: 1 decimal, 2 datetime, 3 date, 4 time, 5 timedelta in
    seconds, 6 UUID, 7 an integer beyond 64 bits, each as text; 8 a mapping, as the array of its pairs.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        import msgspec

        self._encode = msgspec.msgpack.Encoder().encode
        header = json.dumps(list(columns), separators=(",", ":"), ensure_ascii=False)
        self._hasher = blake3(header.encode() + b"\n")

    def add(self, rows: Iterable[Any]) -> None:
        """Count rows: tuples, lists, or mappings, whose values count.

        Raises
        ------
        TypeError
            A value of a type that has no definition here.
        """
        for row in rows:
            values = list(row.values() if isinstance(row, Mapping) else row)
            if not _PLAIN.issuperset(map(type, values)):
                values = [self._plain(value) for value in values]
            self._hasher.update(self._encode(values))

    def digest(self) -> str:
        return f"rows1:{self._hasher.hexdigest()}"

    def _plain(self, value: Any) -> Any:
        import msgspec

        if type(value) is int and not -(2**63) <= value < 2**63:
            return msgspec.msgpack.Ext(7, str(value).encode())
        if type(value) in _PLAIN or type(value) is int:
            return value
        if isinstance(value, bytearray | memoryview):
            return bytes(value)
        if isinstance(value, list | tuple):
            return [self._plain(one) for one in value]
        if isinstance(value, Mapping):
            pairs = [[self._plain(key), self._plain(one)] for key, one in value.items()]
            return msgspec.msgpack.Ext(8, self._encode(pairs))
        for code, (kind, show) in _EXTENSIONS.items():
            if isinstance(value, kind):
                return msgspec.msgpack.Ext(code, show(value).encode())
        msg = f"a value of type {type(value).__name__}"
        raise TypeError(msg)


_PLAIN = frozenset((type(None), bool, float, str, bytes))
_EXTENSIONS: dict[int, tuple[type, Callable[[Any], str]]] = {
    1: (Decimal, str),
    2: (datetime, datetime.isoformat),  # before `date`, which it is, too
    3: (date, date.isoformat),
    4: (time, time.isoformat),
    5: (timedelta, lambda value: str(value.total_seconds())),
    6: (UUID, str),
}


def digest_pieces(digests: Iterable[str]) -> str:
    """Digest of what one statement gave in several pieces, in whatever order they came."""
    text = json.dumps(sorted(digests), separators=(",", ":"))
    return f"pieces1:{blake3(text.encode()).hexdigest()}"


def _kind_of(value: Any) -> str:
    return type(value).__module__.split(".", 1)[0]


def _hash_array(hasher: blake3, array: Any) -> None:
    import numpy as np

    if array.dtype.hasobject:
        msg = f"an array of dtype {array.dtype} holds Python objects"
        raise TypeError(msg)
    hasher.update(json.dumps(["array", array.dtype.str, list(array.shape)]).encode())
    hasher.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _hash_sparse(hasher: blake3, matrix: Any) -> None:
    """Hash format and shape, then the arrays of the format, with indices of 64 bits and each entry once."""
    import numpy as np

    if not hasattr(matrix, "tocsr"):
        msg = f"a {type(matrix).__name__} is neither an array nor a frame"
        raise TypeError(msg)
    hasher.update(json.dumps(["sparse", matrix.format, list(matrix.shape)]).encode())
    if matrix.format not in ("csr", "csc"):
        matrix = matrix.tocsr()
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    for indices in (matrix.indptr, matrix.indices):
        _hash_array(hasher, indices.astype(np.int64, copy=False))
    _hash_array(hasher, matrix.data)


def _as_arrow_table(value: Any) -> Any:
    import pyarrow as pa

    if isinstance(value, pa.Table):
        return value
    kind = _kind_of(value)
    try:
        if kind == "pandas":
            frame = value.to_frame() if value.ndim == 1 else value
            return pa.Table.from_pandas(frame)
        if kind == "polars":
            return value.to_arrow()
    except pa.ArrowException as error:
        raise TypeError(str(error)) from error
    msg = f"a {type(value).__name__} is neither an array nor a frame"
    raise TypeError(msg)


def _hash_table(hasher: blake3, table: Any) -> None:
    """Hash an Arrow table as an IPC stream of one batch a table.

    Library versions sit in the schema's metadata, and chunks are an accident of how the table came
    to be: neither counts.
    """
    import pyarrow as pa

    class Sink:
        closed = False

        def write(self, data: Any) -> int:
            hasher.update(data)
            return len(data)

        def flush(self) -> None: ...

        def close(self) -> None:
            self.closed = True

    plain = table.replace_schema_metadata(None).combine_chunks()
    with (
        pa.PythonFile(Sink(), mode="w") as sink,
        pa.ipc.new_stream(sink, plain.schema) as stream,
    ):
        stream.write_table(plain)


def for_mlflow(digest: str) -> str:
    """First 32 hex digits of a digest, without its kind: MLflow stores at most 36 characters.

    >>> for_mlflow("file1:" + "ab" * 32)
    'abababababababababababababababab'
    """
    return digest.partition(":")[2][:32]
