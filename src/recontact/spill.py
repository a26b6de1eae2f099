"""Tables put aside on disk in parts, so that no more of them is in memory than is worked on."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
QUICKLY = pa.ipc.IpcWriteOptions(compression="lz4")


class Spill:
    """Numbered parts of a table: rows are added to them in any order, and read by part.

    The files have no name, so that nothing stays behind however a run ends.

    Parameters
    ----------
    parts : int
        How many parts there are.
    folder : pathlib.Path
        On which disk they lie.

    Examples
    --------
    >>> import tempfile
    >>> with spilling(2, Path(tempfile.gettempdir())) as spill:
    ...     spill.scatter(pa.table({"x": [1, 2, 3]}), np.array([1, 0, 1]))
    ...     spill.scatter(pa.table({"x": [4]}), np.array([1]))
    ...     spill.take(1)["x"].to_pylist()
    [1, 3, 4]
    """

    def __init__(self, parts: int, folder: Path) -> None:
        self.parts, self.folder = parts, folder
        self.files: dict[int, IO[bytes]] = {}
        self.writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self.locks = [threading.Lock() for _ in range(parts)]
        self.owned = ExitStack()

    def scatter(self, table: pa.Table, part: Ints) -> None:
        """Add each row of a table to its part."""
        if self.parts == 1:
            self.add(0, table)
            return
        if (np.diff(part) < 0).any():
            rows = np.argsort(part, kind="stable")
            table, part = table.take(pa.array(rows)), part[rows]
        bounds = np.searchsorted(part, np.arange(self.parts + 1))
        for number in np.flatnonzero(np.diff(bounds)).tolist():
            first, end = int(bounds[number]), int(bounds[number + 1])
            self.add(number, table.slice(first, end - first))

    def add(self, number: int, table: pa.Table) -> None:
        """Add rows to one part."""
        with self.locks[number]:
            if number not in self.writers:
                file = self.owned.enter_context(TemporaryFile(dir=self.folder))  # noqa: SIM115 - the stack closes it
                self.files[number] = file
                self.writers[number] = pa.ipc.new_stream(file, table.schema, options=QUICKLY)
            self.writers[number].write_table(table)

    def read(self, number: int, by: str | None = None) -> pa.Table | None:
        """Read a part; None where no row was added to it. After that none can be.

        What was added at once stays together. With `by`, what begins with the least value of
        that column comes first; otherwise, what was added first.
        """
        file = self.files.get(number)
        if file is None:
            return None
        if number in self.writers:
            self.writers.pop(number).close()
        file.seek(0)
        reader = pa.ipc.open_stream(file)
        batches = list(reader)
        if by is not None:
            batches.sort(key=lambda batch: batch[by][0].as_py())
        return pa.Table.from_batches(batches, reader.schema).combine_chunks()

    def take(self, number: int, by: str | None = None) -> pa.Table | None:
        """Read a part a last time and let it go."""
        table = self.read(number, by)
        if table is not None:
            self.files.pop(number).close()
        return table


@contextmanager
def spilling(parts: int, folder: Path) -> Iterator[Spill]:
    """Open a `Spill`; what was not taken goes when it ends."""
    spill = Spill(parts, folder)
    with spill.owned:
        yield spill
