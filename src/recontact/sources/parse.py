"""Raw columns, as text or as typed Parquet, become typed ones; what can't be read is told."""

from contextlib import suppress
from functools import reduce

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, REQUIRED, SCHEMA
from recontact.errors import UserError
from recontact.sources.engine import session

MONTH_DAY = r"\d{4}-\d{2}-\d{2}"
CLOCK = r"[T ][0-2]\d:[0-5]\d(:[0-5]\d([.,]\d+)?)?"
OFFSET = r" ?(Z|UTC|[+-][01]\d(:?[0-5]\d)?)"
# The engine reads more than ISO 8601 ('epoch', 'infinity', '1_000', 'nan'), so a form is asked for
# first; then the rarer spellings are brought to the one that it reads.
TIME = rf"(?i){MONTH_DAY}({CLOCK}({OFFSET})?)?"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
TO_TIME = (
    f"CASE WHEN regexp_full_match(x, '{TIME}') THEN TRY_CAST(regexp_replace("
    r"replace(upper(x), ',', '.'), ' ([-+Z])', '\1') AS TIMESTAMPTZ) END"
)
TO_FLOAT = f"CASE WHEN regexp_full_match(x, '{NUMBER}') THEN TRY_CAST(x AS DOUBLE) END"
TO_INT = f"CASE WHEN ({TO_FLOAT}) = floor({TO_FLOAT}) THEN TRY_CAST({TO_FLOAT} AS BIGINT) END"
TO_BOOL = (
    "CASE WHEN lower(x) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN true "
    "WHEN lower(x) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN false END"
)
KINDS = {
    INSTANT: ("a time", TO_TIME),
    pa.float64(): ("a number", TO_FLOAT),
    pa.int64(): ("a whole number", TO_INT),
    pa.bool_(): ("true or false", TO_BOOL),
}
NOT_NEGATIVE = (
    *("wait_s", "talk_s", "hold_s", "wrap_s"),
    *("hold_count", "transfer_count", "tier"),
)
YEAR_1, YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000
SHOWN = 60


def parse(
    raw: pa.Table, *, trim: bool = False, zone: str = "UTC"
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
        for field in SCHEMA:
            if field.name in raw.column_names:
                texts = _texts(raw[field.name], field.name)
                columns[field.name] = _typed(texts, field.type, trim=trim, engine=engine)
                wrong += _unreadable(texts, columns[field.name], field)
            else:
                columns[field.name] = pa.chunked_array([pa.nulls(raw.num_rows, field.type)])
                wrong += _missing(columns[field.name], field.name)
    wrong += _contradictions(columns)
    for name in raw.column_names:
        if name not in columns:
            columns[name] = _text(raw[name], trim=False) if trim else raw[name]
    return pa.table(columns), _joined(wrong, raw.num_rows)


def _texts(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Unfold dictionaries; refuse lists and records."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type):
        raise UserError(
            f"column '{name}' holds {column.type}, one value a row is asked for",
            "flatten that column first, or name another one for it in a mapping file",
        )
    return column


def _typed(
    column: pa.ChunkedArray, to: pa.DataType, *, trim: bool, engine: duckdb.DuckDBPyConnection
) -> pa.ChunkedArray:
    """Give the column in its type, null where a value can't be read so."""
    have = column.type
    if to == INSTANT and pa.types.is_temporal(have) and not pa.types.is_time(have):
        return _instants(column, engine)
    if to == pa.float64() and (pa.types.is_integer(have) or pa.types.is_floating(have)):
        return _finite(column.cast(pa.float64()))
    if to == pa.int64() and pa.types.is_signed_integer(have):
        return column.cast(to)
    if to == pa.bool_() and pa.types.is_boolean(have):
        return column
    text = _text(_as_text(column), trim=trim or to != pa.string())
    if to == pa.string():
        return text
    read = _read(text, KINDS[to][1], engine).cast(to)
    return _finite(read) if to == pa.float64() else read


def _finite(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    return _where(pc.is_finite(numbers), numbers)


def _instants(column: pa.ChunkedArray, engine: duckdb.DuckDBPyConnection) -> pa.ChunkedArray:
    if pa.types.is_duration(column.type):
        return pa.chunked_array([pa.nulls(len(column), INSTANT)])
    zone = getattr(column.type, "tz", None)
    column = column.cast(pa.timestamp("us", tz=zone), safe=False)
    if zone is None:  # the engine's zone is that of the times that name none
        return _in_years(_read(column, "CAST(x AS TIMESTAMPTZ)", engine))
    return _in_years(column.cast(INSTANT))


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
        raise UserError(f"a column of {column.type} can't be read as text: {error}") from error


def _text(column: pa.ChunkedArray, *, trim: bool) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    trimmed = pc.utf8_trim_whitespace(column)
    return _where(pc.not_equal(trimmed, ""), trimmed if trim else column)


def _where(good: pa.ChunkedArray, column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(good, column, pa.scalar(None, column.type))


def _unreadable(
    raw: pa.ChunkedArray, typed: pa.ChunkedArray, field: pa.Field
) -> list[pa.ChunkedArray]:
    """Tell of the values of one column that are missing, of a wrong type or impossible."""
    if field.type == pa.string():
        nul = pc.fill_null(pc.match_substring(typed, "\0"), fill_value=False)
        return [*_told(nul, f"{field.name}: holds a NUL character"), *_missing(typed, field.name)]
    empty = pc.is_null(typed)
    bad = pc.and_(empty, _given(raw))
    told = _told(bad, f"{field.name}: not {KINDS[field.type][0]}: '", raw, "'")
    if field.name in REQUIRED:
        told += _told(pc.and_not(empty, bad), f"no {field.name}")
    if field.name in NOT_NEGATIVE:
        less = pc.fill_null(pc.less(typed, 0), fill_value=False)
        told += _told(less, f"{field.name}: negative: ", raw)
    return told


def _given(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_valid(_text(raw, trim=True))


def _missing(typed: pa.ChunkedArray, name: str) -> list[pa.ChunkedArray]:
    return _told(pc.is_null(typed), f"no {name}") if name in REQUIRED else []


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
