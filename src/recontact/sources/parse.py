"""Raw columns, as text or as typed Parquet, become typed ones; what can't be read is told."""

from contextlib import suppress
from functools import reduce
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, REQUIRED, SCHEMA
from recontact.errors import UserError
from recontact.sources.engine import session
from recontact.sources.plain import plain
from recontact.sources.spelling import Spelling

NOT_NEGATIVE = (
    *("wait_s", "talk_s", "hold_s", "wrap_s"),
    *("hold_count", "transfer_count", "tier"),
    "ended_after",
)
PLAIN = Spelling()
ENDED_AFTER = pa.field("ended_after", pa.float64())
YEAR_1, YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000
MICROSECONDS = {"ns": 1, "us": 1, "ms": 10**3, "s": 10**6}  # how many one of these takes
MICROSECONDS |= {"date32[day]": 86_400 * 10**6, "date64[ms]": 10**3}
BYTES = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
SHOWN = 60


def parse(
    raw: pa.Table,
    *,
    trim: bool = False,
    zone: str = "UTC",
    spelling: Spelling = PLAIN,
    ended_after: bool = False,
) -> tuple[pa.Table, pa.ChunkedArray]:
    """Type the columns of the contacts table and tell what is wrong with each row.

    Parameters
    ----------
    raw : pyarrow.Table
        Rows as read, the columns named as in the contacts table. Empty text is null.
    trim : bool
        Drop white space around text, as suits CSV.
    zone : str
        Zone of the times that name none.
    spelling : Spelling
        How times, durations and numbers are written.
    ended_after : bool
        Where there is no `ended_at`, it is `started_at` plus the seconds of a column `ended_after`,
        which is then dropped.

    Returns
    -------
    pyarrow.Table
        All columns of the contacts table, typed, then the others as they came.
    pyarrow.ChunkedArray of string
        What is wrong with each row, null where nothing is.

    Raises
    ------
    UserError
        A column holds lists or records where one value is asked for.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table, wrong = parse(pa.table({
    ...     "contact_id": ["1", ""], "started_at": ["2026-01-01", "2026-01-01T10:00+01:00"],
    ...     "ended_at": ["2026-01-01 00:03", "soon"], "talk_s": ["-1", "3.5"]}))
    >>> table["talk_s"].to_pylist()
    [-1.0, 3.5]
    >>> wrong.to_pylist()
    ['talk_s: negative: -1', "no contact_id; ended_at: not a time: 'soon'"]
    """
    columns: dict[str, pa.ChunkedArray] = {}
    wrong: list[pa.ChunkedArray] = []
    with session(zone) as engine:
        how = _How(engine, spelling, trim)
        for field in [ENDED_AFTER, *SCHEMA] if ended_after else SCHEMA:
            texts = _texts(raw, field)
            columns[field.name] = _typed(texts, field, how)
            wrong += _unreadable(texts, columns[field.name], field, spelling)
            if field.name == "ended_at" and ended_after:
                columns["ended_at"] = _ended(columns)
            if field.name in REQUIRED:
                wrong += _missing(texts, columns[field.name], field.name)
    wrong += _contradictions(columns)
    if ended_after:
        del columns["ended_after"]
        raw = raw.drop_columns("ended_after")
    for name in raw.column_names:
        if name not in columns:
            columns[name] = _text(raw[name], trim=False) if trim else raw[name]
    return pa.table(columns), _joined(wrong, raw.num_rows)


class _How(NamedTuple):
    """What typing a column takes."""

    engine: duckdb.DuckDBPyConnection
    spelling: Spelling
    trim: bool


def _texts(raw: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    """Give the column as it came, nulls where there is none."""
    if field.name not in raw.column_names:
        return pa.chunked_array([pa.nulls(raw.num_rows, field.type)])
    column = _single(raw[field.name], field.name)
    if field.type == pa.float64() and pa.types.is_duration(column.type):
        return _seconds(column)
    unnumbered = field.type == pa.string() and pa.types.is_floating(column.type)
    return _finite(column) if unnumbered else column  # nan names nobody


def _single(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Unfold dictionaries and other forms of text; refuse lists and records."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    if pa.types.is_nested(column.type):
        raise UserError(
            f"column '{name}' holds {column.type}, one value a row is asked for",
            "flatten that column first, or name another one for it in a mapping file",
        )
    return column


def as_text(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Give a column of single values as text.

    Raises
    ------
    UserError
        It holds lists or records.

    Examples
    --------
    >>> as_text(pa.chunked_array([[1.0, 2.5]]), "tier").to_pylist()
    ['1', '2.5']
    """
    return _as_text(_single(column, name))


def _typed(column: pa.ChunkedArray, field: pa.Field, how: _How) -> pa.ChunkedArray:
    """Give the column in its type, null where a value can't be read so."""
    have, to = column.type, field.type
    if to == INSTANT and pa.types.is_temporal(have) and not pa.types.is_time(have):
        return _instants(column, how.engine)
    factor = how.spelling.factor(field.name)
    if to == pa.float64() and factor and (pa.types.is_integer(have) or pa.types.is_floating(have)):
        return _finite(pc.multiply(column.cast(pa.float64()), factor))
    if to == pa.int64() and pa.types.is_signed_integer(have):
        return column.cast(to)
    if to == pa.bool_() and pa.types.is_boolean(have):
        return column
    text = _text(_as_text(column), trim=how.trim or to != pa.string())
    if to == pa.string():
        return text
    read = _read(text, how.spelling.of(field.name, to)[1], how.engine).cast(to)
    return _finite(read) if to == pa.float64() else read


def _ended(columns: dict[str, pa.ChunkedArray]) -> pa.ChunkedArray:
    """Give `ended_at`, where it is null `started_at` plus the seconds of `ended_after`."""
    seconds = columns["ended_after"]
    whole = pc.floor(pc.multiply(_where(pc.less(seconds, 1e9), seconds), 1e6)).cast(pa.int64())
    ended = pc.add(columns["started_at"].cast(pa.int64()), whole).cast(INSTANT)
    return pc.coalesce(columns["ended_at"], _in_years(ended))


def _finite(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    return _where(pc.is_finite(numbers), numbers)


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give spans of time as seconds."""
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
    return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(per_second))


def _instants(column: pa.ChunkedArray, engine: duckdb.DuckDBPyConnection) -> pa.ChunkedArray:
    if pa.types.is_duration(column.type):
        return pa.chunked_array([pa.nulls(len(column), INSTANT)])
    zone = getattr(column.type, "tz", None)
    column = _in_reach(column).cast(pa.timestamp("us", tz=zone), safe=False)
    if zone is None:  # the engine's zone is that of the times that name none
        return _in_years(_read(column, "CAST(x AS TIMESTAMPTZ)", engine))
    return _in_years(column.cast(INSTANT))


def _in_reach(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Leave out what is too far away to be counted in microseconds: it would come round again."""
    whole = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    whole = whole.cast(pa.int64())
    furthest = (
        np.iinfo(np.int64).max // MICROSECONDS[getattr(column.type, "unit", str(column.type))]
    )
    near = pc.and_(pc.less_equal(whole, furthest), pc.greater_equal(whole, -furthest))
    return _where(near, column)


def _in_years(column: pa.ChunkedArray) -> pa.ChunkedArray:
    whole = column.cast(INSTANT).cast(pa.int64())
    inside = pc.and_(pc.greater_equal(whole, YEAR_1), pc.less(whole, YEAR_10000))
    return _where(inside, column.cast(INSTANT))


def _read(column: pa.ChunkedArray, how: str, engine: duckdb.DuckDBPyConnection) -> pa.ChunkedArray:
    engine.register("raw", pa.table({"x": column}))
    read = engine.sql(f"SELECT {how} AS x FROM raw").to_arrow_table()["x"]  # noqa: S608 - ours
    engine.unregister("raw")
    return _in_years(read) if pa.types.is_timestamp(read.type) else read


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write any single values as text; whole numbers that came as floats without a fraction."""
    if pa.types.is_floating(column.type):
        with suppress(pa.ArrowInvalid):  # real fractions: written as they are
            column = column.cast(pa.int64())
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        if _is_bytes(column.type):
            return pa.chunked_array([pa.array(map(_decoded, column.to_pylist()), pa.string())])
        raise UserError(f"a column of {column.type} can't be read as text: {error}") from error


def _is_bytes(kind: pa.DataType) -> bool:
    return any(is_one(kind) for is_one in BYTES)


def _decoded(value: bytes | None) -> str | None:
    """Give bytes as text, None where they are none."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _text(column: pa.ChunkedArray, *, trim: bool) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type) or (not trim and plain(column)):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    return _where(pc.not_equal(trimmed, ""), trimmed if trim else column)


def _where(good: pa.ChunkedArray, column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(good, column, pa.scalar(None, column.type))


def _unreadable(
    raw: pa.ChunkedArray, typed: pa.ChunkedArray, field: pa.Field, spelling: Spelling
) -> list[pa.ChunkedArray]:
    """Tell of the values of one column that are of a wrong type or impossible."""
    if field.type == pa.string():
        told = []
        if not plain(typed):
            nul = pc.fill_null(pc.match_substring(typed, "\0"), fill_value=False)
            told = _told(nul, f"{field.name}: holds a NUL character")
        if _is_bytes(raw.type):
            unread = pc.and_(pc.is_valid(raw), pc.is_null(_as_text(raw)))
            told += _told(unread, f"{field.name}: not text in UTF-8")
        return told
    told = []
    if typed.null_count:
        bad = pc.and_(pc.is_null(typed), _given(raw))
        word = spelling.of(field.name, field.type)[0]
        told = _told(bad, f"{field.name}: not {word}: '", raw, "'")
    if field.name in NOT_NEGATIVE:
        less = pc.fill_null(pc.less(typed, 0), fill_value=False)
        told += _told(less, f"{field.name}: negative: ", raw)
    return told


def _given(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_valid(_text(raw, trim=True))


def _missing(raw: pa.ChunkedArray, typed: pa.ChunkedArray, name: str) -> list[pa.ChunkedArray]:
    """Tell of the rows without a value that is required; one that can't be read is told already."""
    if not typed.null_count:
        return []
    return _told(pc.and_not(pc.is_null(typed), _given(raw)), f"no {name}")


def _contradictions(columns: dict[str, pa.ChunkedArray]) -> list[pa.ChunkedArray]:
    before = pc.less(columns["ended_at"], columns["started_at"])
    return _told(pc.fill_null(before, fill_value=False), "ended_at before started_at")


def _told(where: pa.ChunkedArray, *parts: str | pa.ChunkedArray) -> list[pa.ChunkedArray]:
    """Write the same sentence about the rows in question; nothing where there are none."""
    if not pc.any(where).as_py():
        return []
    cut = [p if isinstance(p, str) else _shown(p) for p in parts]
    said = pc.binary_join_element_wise(*cut, "")
    return [pc.if_else(where, said, pa.scalar(None, pa.string()))]


def _shown(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(_as_text(column))
    return pc.fill_null(pc.utf8_slice_codeunits(text, 0, SHOWN), "")


def _joined(wrong: list[pa.ChunkedArray], rows: int) -> pa.ChunkedArray:
    """Put all that is wrong with each row into one text, null where nothing is."""
    nothing = pa.chunked_array([pa.nulls(rows, pa.string())])
    return reduce(
        lambda a, b: pc.coalesce(pc.binary_join_element_wise(a, b, "; "), a, b), wrong, nothing
    )
