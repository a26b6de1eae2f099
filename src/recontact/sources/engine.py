"""DuckDB sessions: one database in memory for the process, for to open one takes 50 ms."""

import atexit
import os
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError

FURTHEST_US = 2**62  # the engine's calendar ends not far beyond


def session(zone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """Open a session of its own: registered tables, temporary tables and macros are not shared.

    Parameters
    ----------
    zone : str
        Zone of the times that name none.

    Examples
    --------
    >>> session("Asia/Tokyo").sql("SELECT epoch('1970-01-02 09:00'::TIMESTAMPTZ)").fetchall()
    [(86400.0,)]
    """
    opened = _database(os.getpid()).cursor()
    opened.execute("SET TimeZone = ?", [zone])
    return opened


def plain(table: pa.Table) -> pa.Table:
    """Give a table as the engine takes it: columns of types that it lacks, or misreads, as text.

    Raises
    ------
    UserError
        A column can't be written as text either; it is named.

    Examples
    --------
    >>> far = pa.array([2**62, 0], pa.timestamp("ms"))
    >>> plain(pa.table({"x": far, "y": [float("nan"), 1.0]}))["y"].to_pylist()
    ['nan', '1']
    """
    for i, field in enumerate(table.schema):
        if not _taken(table[i]):
            table = table.set_column(i, field.name, _as_text(table[i], field.name))
    return table


def _taken(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if pa.types.is_floating(kind) and kind != pa.float16():
        return not pc.any(pc.invert(pc.is_finite(column))).as_py()
    if pa.types.is_timestamp(kind) and kind.unit == "us":
        ends = pc.min_max(column.cast(pa.int64())).as_py()
        return max(-(ends["min"] or 0), ends["max"] or 0) < FURTHEST_US
    return _known(kind)


def _known(kind: pa.DataType) -> bool:
    """Tell whether the engine takes any value of a type."""
    if pa.types.is_dictionary(kind):
        return _known(kind.value_type)
    if pa.types.is_nested(kind):
        return all(_known(kind.field(i).type) for i in range(kind.num_fields))
    return any(is_one(kind) for is_one in KNOWN) and kind != pa.float16()


def _as_text(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    try:
        texts = [None if value is None else str(value) for value in column.to_pylist()]
    except (ValueError, OverflowError) as error:
        raise UserError(f"column '{name}' holds what no text can tell: {error}") from error
    return pa.chunked_array([pa.array(texts, pa.string())])


KNOWN = (
    *(pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating),
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    *(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary),
    pa.types.is_decimal128,
)


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:  # noqa: ARG001 - a fork needs its own
    atexit.register(_database.cache_clear)  # the bindings complain of what is open at the end
    return duckdb.connect()
