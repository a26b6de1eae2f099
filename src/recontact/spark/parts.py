"""Parts of a table that Spark's workers write, and that become one file here."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from recontact.errors import UserError
from recontact.labels.output import folder_of
from recontact.writing import check_suffix, writing

PARTS = "part-*.parquet"


def part_of(folder: Path, number: int) -> Path:
    """Name a part; in the order of their names they are the table."""
    return folder / f"part-{number:06}.parquet"


def see(files: Iterable[Path]) -> None:
    """Refuse a place where the workers write what is not to be seen here.

    Raises
    ------
    UserError
        A file that they wrote is not there.
    """
    for file in files:
        if not file.exists():
            raise UserError(
                f"what Spark's workers wrote to {file.parent.parent} is not to be seen here",
                "name an --out on a disk that they and this machine share",
            )


@contextmanager
def as_one_file(out: Path, schema: pa.Schema) -> Iterator[Path]:
    """Give a folder for parts, which become one file in the end.

    Parameters
    ----------
    out : pathlib.Path
        ``.parquet`` or ``.csv``; it appears whole or not at all.
    schema : pyarrow.Schema
        Of all rows, with the metadata to keep.

    Raises
    ------
    UserError
        Another suffix, or a place that can't be written.
    """
    check_suffix(out)
    with TemporaryDirectory(prefix=f".{out.name}.", dir=folder_of(out)) as name:
        yield Path(name)
        with writing(out, schema) as write:
            for part in sorted(Path(name).glob(PARTS)):
                write(pq.read_table(part, partitioning=None))
