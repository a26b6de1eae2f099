"""The rejects table: every row that did not become a contact, with its place and the reason."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from recontact.sources.engine import plain, session
from recontact.sources.files import Broken

SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("reason", pa.string()),
        ("contact_id", pa.string()),
        ("raw", pa.string()),
    ]
)
NONE = SCHEMA.empty_table()


def places(path: Path, numbers: npt.NDArray[np.int64]) -> pa.Table:
    """Tell of rows of one file where they stand: columns `file` and `row`."""
    file = pa.DictionaryArray.from_arrays(np.zeros(len(numbers), np.int32), [str(path)])
    return pa.table({"file": file, "row": pa.array(numbers)})


def rejects(
    where: pa.Table, reasons: pa.ChunkedArray | str, ids: pa.ChunkedArray, rows: pa.Table
) -> pa.Table:
    """Put rows into the rejects table.

    Parameters
    ----------
    where : pyarrow.Table
        The place of each row (see `places`).
    reasons : str or pyarrow.ChunkedArray
        Why they are rejected.
    ids : pyarrow.ChunkedArray
        Their `contact_id`, where they have one.
    rows : pyarrow.Table
        The rows themselves, kept as JSON.

    Returns
    -------
    pyarrow.Table

    Examples
    --------
    >>> row = pa.table({"contact_id": ["1"], "started_at": ["soon"]})
    >>> where = places(Path("a.csv"), np.array([7]))
    >>> rejects(where, "superseded", row["contact_id"], row).to_pylist()
    ... # doctest: +NORMALIZE_WHITESPACE
    [{'file': 'a.csv', 'row': 7, 'reason': 'superseded', 'contact_id': '1',
      'raw': '{"contact_id":"1","started_at":"soon"}'}]
    """
    if isinstance(reasons, str):
        reasons = pa.chunked_array([pa.repeat(pa.scalar(reasons), len(rows))])
    columns = [where["file"].cast(pa.string()), where["row"], reasons, ids, _as_json(rows)]
    return pa.table(columns, names=SCHEMA.names).cast(SCHEMA)


def _as_json(rows: pa.Table) -> pa.ChunkedArray:
    if not rows.num_columns:
        return pa.chunked_array([pa.repeat(pa.scalar("{}"), len(rows))])
    names = [name.replace("\0", "\\0").replace("'", "''") for name in rows.column_names]
    parts = ", ".join(f"'{name}', c{i}" for i, name in enumerate(names))
    query = f"SELECT json_object({parts})::VARCHAR AS raw FROM kept"  # noqa: S608 - quoted above
    with session() as engine:  # the engine takes a and A for one name
        engine.register("kept", plain(rows).rename_columns([f"c{i}" for i in range(len(names))]))
        return engine.sql(query).to_arrow_table()["raw"]


def rejects_of_lines(path: Path, broken: list[Broken]) -> pa.Table:
    """Put lines that are no rows into the rejects table."""
    lines = [(str(path), line.number, line.reason, None, line.raw) for line in broken]
    return pa.Table.from_pylist(
        [dict(zip(SCHEMA.names, line, strict=True)) for line in lines], SCHEMA
    )
