"""Sorting more contacts than memory holds: sorted runs on disk, read back by slices of time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recontact.simulate.reasons import Ints
from recontact.simulate.records import RECORD, Records, ended_ms

RUN_ROWS = 250_000  # rows sorted at once
SLICE_ROWS = 125_000  # rows of an average slice of time


class Runs:
    """Contacts gathered in any order and given back by `started_ms`.

    Parameters
    ----------
    folder : Path
        An existing folder for temporary files.
    rows : int
        About how many contacts will come.
    until_ms : int
        All of them start at 0 or later and before this.

    Attributes
    ----------
    rows : int
        How many have come.
    as_of_ms : int
        The greatest end of them.
    """

    def __init__(self, folder: Path, rows: int, until_ms: int) -> None:
        self.rows = self.as_of_ms = 0
        self._folder = folder
        self._edges = np.linspace(0, until_ms, 1 + -(-rows // SLICE_ROWS)).astype(np.int64)
        self._runs: list[tuple[Path, Ints]] = []
        self._waiting: list[Records] = []
        self._waiting_rows = 0

    def add(self, rows: Records) -> None:
        """Take rows in; whenever there are many, sort and write them."""
        self._waiting.append(rows)
        self._waiting_rows += len(rows)
        self.rows += len(rows)
        self.as_of_ms = max(self.as_of_ms, int(ended_ms(rows).max(initial=0)))
        if self._waiting_rows >= RUN_ROWS:
            self._write()

    def slices(self) -> Iterator[Records]:
        """Give all rows in order, slice by slice; those of one instant as they came."""
        if self._waiting:
            self._write()
        for k in range(len(self._edges) - 1):
            parts = [_read(file, cuts[k], cuts[k + 1]) for file, cuts in self._runs]
            rows = np.concatenate(parts)
            if len(rows):
                yield rows[np.argsort(rows["started_ms"], kind="stable")]

    def _write(self) -> None:
        rows = np.concatenate(self._waiting)
        rows = rows[np.argsort(rows["started_ms"], kind="stable")]
        file = self._folder / f"run{len(self._runs):05d}"
        rows.tofile(file)
        self._runs.append((file, np.searchsorted(rows["started_ms"], self._edges)))
        self._waiting, self._waiting_rows = [], 0


def _read(file: Path, first: int, last: int) -> Records:
    """Read the rows of a run from `first` to before `last`."""
    offset = int(first) * RECORD.itemsize
    return np.fromfile(file, RECORD, count=int(last - first), offset=offset)
