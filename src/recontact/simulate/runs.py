"""Sorting more contacts than memory holds: sorted runs on disk, read back by slices of time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recontact.simulate.records import RECORD, Records, ended_ms

RUN_ROWS = 250_000  # rows sorted at once
SLICE_ROWS = 125_000  # rows of an average slice of time


class Runs:
    """Contacts gathered in any order and given back by `started_ms`.

    Parameters
    ----------
    folder : Path
        An existing folder for temporary files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows = 0
        self.as_of_ms = 0  # the greatest end
        self._files: list[Path] = []
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

    def slices(self, first_ms: int, last_ms: int) -> Iterator[Records]:
        """Give all rows with `first_ms <= started_ms < last_ms` in order, slice by slice."""
        if self._waiting:
            self._write()
        runs = [np.load(file, mmap_mode="r") for file in self._files]
        count = max(1, -(-self.rows // SLICE_ROWS))
        edges = np.linspace(first_ms, last_ms, count + 1).astype(np.int64)
        cuts = [np.searchsorted(run["started_ms"], edges) for run in runs]
        for k in range(count):
            parts = [run[cut[k] : cut[k + 1]] for run, cut in zip(runs, cuts, strict=True)]
            rows = np.concatenate([np.empty(0, RECORD), *parts])
            if len(rows):
                yield rows[np.argsort(rows["started_ms"], kind="stable")]

    def _write(self) -> None:
        rows = np.concatenate(self._waiting)
        file = self.folder / f"run{len(self._files):05d}.npy"
        np.save(file, rows[np.argsort(rows["started_ms"], kind="stable")])
        self._files.append(file)
        self._waiting, self._waiting_rows = [], 0
