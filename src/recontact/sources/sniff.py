"""How a CSV file is written, found out by looking at its first lines."""

import codecs
import csv
from collections import Counter
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from recontact.sources.csv_files import Written

LINES = 60
SHOWN = 40  # letters of a title that are told
SUFFIXES = (".csv", ".tsv", ".txt")
DELIMITERS = (",", ";", "\t", "|")


class Form(NamedTuple):
    """How a CSV file is written; `above`: the lines that stand above the names of its columns."""

    delimiter: str
    encoding: str
    above: tuple[str, ...]

    @property
    def title(self) -> str:
        """The first of the lines above, as it is told."""
        return next(filter(None, self.above), "").strip(" ".join(DELIMITERS))[:SHOWN]

    def mend(self, path: Path) -> str:
        """Say how to take away what stands above."""
        names = len(self.above) + 1
        cut = f"tail -n +{names} {quote(str(path))} > table.csv"
        return f"the columns are named in line {names}: delete what is above it, as with {cut}"


def form_of(path: Path) -> Form:
    r"""Find out how a CSV file is written.

    Raises
    ------
    OSError, EOFError, ValueError, csv.Error
        It can't be read, or is no text.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_bytes("Größen im März\n\nId;Größe\n1;2,5\n".encode("cp1252"))
    >>> form_of(path)
    Form(delimiter=';', encoding='cp1252', above=('Größen im März', ''))
    """
    encoding = _encoding(path)
    with Written(path, encoding=encoding).lines() as lines:
        text = list(islice(lines, LINES))
    delimiter, width = _cut(text)
    above = (line.strip("\r\n") for line in text[: _titles(text, delimiter, width)])
    return Form(delimiter, encoding, tuple(above))


def title_mend(path: Path) -> str | None:
    """Say how to mend a CSV file with a title above its table; None where it has none."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return None
    try:
        form = form_of(path)
    except (OSError, ValueError, csv.Error):  # what is wrong with it is told elsewhere
        return None
    return f"line 1 is a title; {form.mend(path)}" if form.above else None


def _encoding(path: Path) -> str:
    """Tell UTF-16 by its mark, UTF-8 by its rules; else it is taken for western Europe's."""
    with Written(path, encoding="latin-1").lines() as lines:
        start = lines.read(1 << 20).encode("latin-1")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = start[offset:40:2]  # of most letters, one byte of two is zero
        if half.count(b"\0") * 2 > len(half):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _cut(text: list[str]) -> tuple[str, int]:
    """Take the delimiter that cuts lines into the most columns, alike in most, and how many."""

    def cuts(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in csv.reader(text, delimiter=delimiter) if row)
        [(width, often)] = widths.most_common(1) or [(0, 0)]
        return (often / max(sum(widths.values()), 1) if width > 1 else 0.0), width

    delimiter = max(DELIMITERS, key=cuts)
    return delimiter, cuts(delimiter)[1]


def _titles(text: list[str], delimiter: str, width: int) -> int:
    """Count the lines above the first one that fills the table, if there is a title in them.

    A title is text in the first of the table's columns and in few others.
    """
    reader = csv.reader(text, delimiter=delimiter)
    above = 0
    for row in reader:
        filled = [bool(value.strip()) for value in row]
        if sum(filled) * 2 > width:
            return above
        if any(filled) and not above and not filled[0]:
            return 0  # the column of an index has no name
        above = reader.line_num if above or any(filled) else 0  # empty lines alone do no harm
    return 0
