"""CSV records read line by line, so that one broken line never takes the next ones with it."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

LONGEST = 1 << 20


class Record(NamedTuple):
    """One record of a CSV file: its values, or what is wrong with its text."""

    values: list[str] | None
    reason: str = ""
    text: str = ""


class Records:
    r"""The records of a CSV text; empty lines are passed over.

    A record that can't be read, or has more or fewer values than the table has columns, is given
    up as far as its first line only: an open quote must not swallow what follows.

    Parameters
    ----------
    lines : iterable of str
        The text, line ends kept. Bytes that were no text are expected as lone surrogates.
    columns : int or None
        How many values a record has; None takes any number.
    delimiter : str
        What separates the values of a record.

    Examples
    --------
    >>> lines = ['1,"x\n', '2,y\n', '3,"p\n', 'q"\n']
    >>> [record.values or record.reason for record in Records(lines, columns=2)]
    ['a quote that is not closed', ['2', 'y'], ['3', 'p\nq']]
    """

    def __init__(
        self, lines: Iterable[str], columns: int | None = None, delimiter: str = ","
    ) -> None:
        self.lines = iter(lines)
        self.columns = columns
        self.delimiter = delimiter
        self.again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[Record]:
        csv.field_size_limit(LONGEST)
        reader = csv.reader(self._feed(), delimiter=self.delimiter, strict=True)
        while True:
            self.taken.clear()
            try:
                values = next(reader, None)
            except csv.Error:
                values = []
            if values is None:
                return
            if values and self._fits(values):
                yield self._as_text(values)
            elif "".join(self.taken).strip("\r\n"):
                self.again.extendleft(reversed(self.taken[1:]))
                yield self._first_line(self.taken[0])
                reader = csv.reader(self._feed(), delimiter=self.delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        while True:
            line = self.again.popleft() if self.again else next(self.lines, None)
            if line is None:
                return
            self.taken.append(line)
            yield line

    def _fits(self, values: list[str]) -> bool:
        return self.columns is None or len(values) == self.columns

    def _as_text(self, values: list[str]) -> Record:
        try:
            "".join(values).encode()
        except UnicodeEncodeError:
            return Record(None, "not text in UTF-8", _printable(self.taken))
        return Record(values)

    def _first_line(self, line: str) -> Record:
        """Take one line by itself, leniently but for an open quote."""
        if line.count('"') % 2:
            return Record(None, "a quote that is not closed", _printable([line]))
        try:
            values = next(csv.reader([line], delimiter=self.delimiter))
        except csv.Error:
            return Record(None, f"a value of more than {LONGEST} characters", _printable([line]))
        if self._fits(values):
            return self._as_text(values)
        noun = "value" if len(values) == 1 else "values"
        reason = f"{len(values)} {noun} in a table of {self.columns} columns"
        return Record(None, reason, _printable([line]))


def _printable(lines: list[str]) -> str:
    text = "".join(lines).rstrip("\r\n")
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")
