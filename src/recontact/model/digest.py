"""Digests: whether two models saw the same data, and whether files are those that were kept."""

import hashlib
from collections.abc import Mapping
from typing import Any

import pyarrow as pa


def digest(table: pa.Table) -> str:
    """Give the SHA-256 of a table's names, types and values, in hexadecimal.

    Examples
    --------
    >>> import pyarrow as pa
    >>> whole, parts = pa.table({"x": [1, 2]}), pa.table({"x": pa.chunked_array([[1], [2]])})
    >>> digest(whole) == digest(parts), digest(whole) == digest(whole.rename_columns(["y"]))
    (True, False)
    """
    sha = hashlib.sha256()
    plain = table.replace_schema_metadata(None).combine_chunks()
    with pa.ipc.new_stream(pa.PythonFile(_Sink(sha), mode="w"), plain.schema) as stream:
        stream.write_table(plain)
    return sha.hexdigest()


def sha256(held: bytes) -> str:
    """Give the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(held).hexdigest()


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """Give one SHA-256 over several files: the name, the size and what is in each, in turn.

    Examples
    --------
    >>> whole = digest_of_files({"a": b"12", "b": b""})
    >>> whole == digest_of_files({"a": b"1", "b": b"2"}), len(whole)
    (False, 64)
    """
    sha = hashlib.sha256()
    for name, held in files.items():
        sha.update(f"{name}\0{len(held)}\0".encode() + held)
    return sha.hexdigest()


class _Sink:
    """A file that only feeds a digest."""

    closed = False

    def __init__(self, sha: Any) -> None:
        self.write = sha.update

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""
