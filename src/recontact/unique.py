"""Values that may come once only, looked for among more rows than memory should hold."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import pyarrow as pa

from recontact.hashing import Hashes, hashed

AT_ONCE = 1 << 25  # so many hashes are sorted in memory


class Once:
    """The values of one column, as hashes in a file without a name.

    Examples
    --------
    >>> import tempfile
    >>> with once(Path(tempfile.gettempdir())) as values:
    ...     values.add(pa.chunked_array([["a", None, "b"]]))
    ...     values.add(pa.chunked_array([["b", None]]))
    ...     found = values.repeated()
    >>> bool((found == hashed(pa.chunked_array([["b"]]))).all()), len(found)
    (True, 1)
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.count, self.lock = file, 0, threading.Lock()

    def add(self, column: pa.ChunkedArray) -> None:
        """Take note of values; null is none."""
        known = hashed(column.drop_null())
        with self.lock:
            known.tofile(self.file)
            self.count += len(known)

    def repeated(self) -> Hashes:
        """Give the hashes that came more than once.

        Two values may share a hash, so what is found is to be looked at once more.
        """
        passes = -(-self.count // AT_ONCE)
        found = [self._repeated(k, passes) for k in range(passes)]
        return np.concatenate(found) if found else np.zeros(0, np.uint64)

    def _repeated(self, number: int, passes: int) -> Hashes:
        self.file.seek(0)
        parts = []
        while len(block := np.fromfile(self.file, np.uint64, AT_ONCE // 8)):
            parts.append(block if passes == 1 else block[block % np.uint64(passes) == number])
        mine = np.concatenate(parts)
        mine.sort()
        return np.unique(mine[1:][mine[1:] == mine[:-1]])


@contextmanager
def once(folder: Path) -> Iterator[Once]:
    """Open a `Once` on the disk of a folder."""
    with TemporaryFile(dir=folder) as file:
        yield Once(file)
