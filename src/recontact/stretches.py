"""Rows of a large table in order: put back into it by stretches, and taken from it by count."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.spill import Spill, spilling
from recontact.workers import each

Ints = npt.NDArray[np.int64]
ROW = "row"


@dataclass(frozen=True)
class Stretches:
    """Numbered rows, put aside in any order and given back in the order of their numbers.

    Attributes
    ----------
    spill : Spill
        A part for each stretch.
    at_once : int
        How many row numbers a stretch spans; some may be left out.

    Examples
    --------
    >>> import tempfile
    >>> with stretches(4, 2, Path(tempfile.gettempdir())) as ordered:
    ...     ordered.put(pa.table({"x": ["d", "a"]}), np.array([3, 0]))
    ...     ordered.put(pa.table({"x": ["b"]}), np.array([1]))
    ...     [table["x"].to_pylist() for table in ordered.tables()]
    [['a', 'b'], ['d']]
    """

    spill: Spill
    at_once: int

    def put(self, table: pa.Table, row: Ints) -> None:
        """Add rows with their numbers."""
        numbered = table.replace_schema_metadata(None).append_column(ROW, pa.array(row))
        self.spill.scatter(numbered, row // self.at_once)

    def tables(
        self, made: Callable[[pa.Table], pa.Table] = lambda table: table
    ) -> Iterator[pa.Table]:
        """Give all rows in order, a stretch at a time; those without a row are passed over.

        Parameters
        ----------
        made : callable
            What to make of each stretch before it is given, on several processors at once.
        """

        def stretch(number: int) -> pa.Table | None:
            table = self._stretch(number)
            return made(table) if table else None

        return (table for table in each(stretch, range(self.spill.parts)) if table)

    def _stretch(self, number: int) -> pa.Table | None:
        table = self.spill.take(number)
        if table is None:
            return None
        at = np.full(self.at_once, -1, np.int64)
        at[table[ROW].to_numpy() - number * self.at_once] = np.arange(len(table))
        return table.drop_columns(ROW).take(pa.array(at[at >= 0]))


@contextmanager
def stretches(rows: int, at_once: int, folder: Path) -> Iterator[Stretches]:
    """Open `Stretches` for so many rows on the disk of a folder."""
    with spilling(1 + rows // at_once, folder) as spill:
        yield Stretches(spill, at_once)


class Rows:
    """Rows that come in tables, taken by count.

    Examples
    --------
    >>> rows = Rows(iter([pa.table({"x": [1, 2, 3]}), pa.table({"x": [4]})]))
    >>> [[table["x"].to_pylist() for table in rows.take(count)] for count in (2, 2, 1)]
    [[[1, 2]], [[3], [4]], []]
    """

    def __init__(self, tables: Iterator[pa.Table]) -> None:
        self.tables = tables
        self.left: pa.Table | None = None

    def take(self, count: int) -> Iterator[pa.Table]:
        """Give the next rows, as the tables hold them; fewer where there are no more."""
        while count:
            left = self.left or next(self.tables, None)
            if left is None:
                return
            some = left.slice(0, count)
            self.left = left.slice(len(some))
            count -= len(some)
            yield some
