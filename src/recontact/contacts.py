"""The contacts table: its columns, their types and what a null means.

One row is one contact: one customer's one interaction, its transfer legs merged.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.errors import UserError

INSTANT = pa.timestamp("us", tz="UTC")
IMPORT = "clean it with: recontact import contacts FILE --out contacts.parquet"


class Column(NamedTuple):
    """One column of the contacts table."""

    name: str
    type: pa.DataType
    meaning: str
    required: bool = False


COLUMNS = (
    Column("contact_id", pa.string(), "unique key of the contact", required=True),
    Column("customer_id", pa.string(), "null for an anonymous caller"),
    Column("started_at", INSTANT, "when it arrived", required=True),
    Column("ended_at", INSTANT, "when it ended, not before it started", required=True),
    Column("interaction_id", pa.string(), "rows that share it are legs of one contact"),
    Column("program", pa.string(), "the client account; a repeat is judged inside one only"),
    Column("channel", pa.string(), "voice, chat, email ...; null means voice"),
    Column("direction", pa.string(), "inbound, outbound, internal; null means inbound"),
    Column("handled", pa.bool_(), "somebody served the customer; null means true"),
    Column("queue", pa.string(), "of the first leg"),
    Column("agent_id", pa.string(), "of the first leg that served the customer"),
    Column("team", pa.string(), "of the first leg that served the customer"),
    Column("site", pa.string(), "where it was served"),
    Column("reason", pa.string(), "what it was about: levels joined by ' > ', most general first"),
    Column("case_id", pa.string(), "case or ticket of the CRM"),
    Column("disposition", pa.string(), "wrap-up code"),
    Column("wait_s", pa.float64(), "seconds before it was served"),
    Column("talk_s", pa.float64(), "seconds of talk"),
    Column("hold_s", pa.float64(), "seconds on hold"),
    Column("wrap_s", pa.float64(), "seconds of after-contact work"),
    Column("hold_count", pa.int64(), "how often on hold"),
    Column("transfer_count", pa.int64(), "how often transferred"),
    Column("tier", pa.int64(), "highest support tier reached, 1 is the front line"),
    Column("escalated", pa.bool_(), "raised to tier 2, a supervisor or a complaint"),
    Column("csat", pa.float64(), "satisfaction answer"),
    Column("nps", pa.float64(), "likelihood to recommend, 0 to 10"),
    Column("ces", pa.float64(), "effort answer"),
    Column("survey_resolved", pa.bool_(), "the customer's answer to 'was it resolved?'"),
    Column("agent_resolved", pa.bool_(), "the agent's claim"),
    Column("dropped", pa.bool_(), "the line was lost, not hung up by a side"),
    Column("notes", pa.string(), "free text"),
    Column("known_at", INSTANT, "when this record became available; null means ended_at"),
)
SCHEMA = pa.schema([(c.name, c.type) for c in COLUMNS])
REQUIRED = tuple(c.name for c in COLUMNS if c.required)


@lru_cache(10_000)  # there are few reasons, and many contacts
def normalise_reason(reason: str | None, level: int | None = None) -> str | None:
    """Write a reason in its one form, cut to its first levels.

    Parameters
    ----------
    reason : str or None
        Levels joined by ``>``, most general first.
    level : int or None
        How many levels to keep; None keeps all.

    Returns
    -------
    str or None
        Trimmed levels joined by ``" > "``, empty ones at the end dropped;
        None where nothing is left.

    Examples
    --------
    >>> normalise_reason("billing>dispute > ")
    'billing > dispute'
    >>> normalise_reason("billing > dispute", level=1)
    'billing'
    >>> normalise_reason(" > ") is None
    True
    """
    if reason is None:
        return None
    levels = [part.strip() for part in reason.split(">")][:level]
    while levels and not levels[-1]:
        levels.pop()
    return " > ".join(levels) if levels else None


def map_values(column: pa.ChunkedArray, function: Any) -> pa.ChunkedArray:
    """Apply `function` once to each distinct text of a column."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    values = pa.array([function(v) for v in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([values.take(encoded.indices)])


def canonical(contacts: pa.Table) -> pa.Table:
    """Complete a clean contacts table: every column there, typed, reasons in their one form.

    Parameters
    ----------
    contacts : pyarrow.Table
        Clean contacts; optional columns may be missing, other columns travel along.

    Returns
    -------
    pyarrow.Table
        The columns of `SCHEMA`, then the others; metadata kept. Empty text is null.

    Raises
    ------
    UserError
        A required column is missing or a column has a wrong type.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa
    >>> t = dt.datetime(2026, 1, 1)
    >>> c = canonical(pa.table({"contact_id": ["1"], "started_at": [t], "ended_at": [t],
    ...                         "reason": ["a>b"]}))
    >>> c["reason"].to_pylist(), c["channel"].to_pylist()
    (['a > b'], [None])
    """
    columns: dict[str, pa.ChunkedArray] = {}
    for field in SCHEMA:
        if field.name not in contacts.column_names:
            if field.name in REQUIRED:
                raise UserError(f"the contacts table has no column '{field.name}'", IMPORT)
            columns[field.name] = pa.chunked_array([pa.nulls(len(contacts), field.type)])
            continue
        columns[field.name] = _typed(contacts[field.name], field)
    columns["reason"] = map_values(columns["reason"], normalise_reason)
    for name in contacts.column_names:
        columns.setdefault(name, _plain(contacts[name]))
    return pa.table(columns).replace_schema_metadata(contacts.schema.metadata)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a column of the user's own without a dictionary; all text is of one type."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    return _without_empty(column) if pa.types.is_string(column.type) else column


def _without_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    empty = pc.equal(column, "")
    if not pc.any(empty).as_py():
        return column
    return pc.if_else(empty, pa.scalar(None, pa.string()), column)


def _typed(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
        column = column.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise UserError(
            f"column '{field.name}' holds {column.type}, not {field.type}: {error}",
            IMPORT,
        ) from error
    return _without_empty(column) if pa.types.is_string(field.type) else column


def instants(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give a column of instants as microseconds since 1970, null as the least int64."""
    whole = column.cast(INSTANT).cast(pa.int64())
    return np.asarray(pc.fill_null(whole, np.iinfo(np.int64).min).to_numpy(), dtype=np.int64)


def channel_of(contacts: pa.Table) -> pa.ChunkedArray:
    """Give the channel of each contact, voice where null."""
    return pc.fill_null(contacts["channel"], "voice")


def direction_of(contacts: pa.Table) -> pa.ChunkedArray:
    """Give the direction of each contact, inbound where null."""
    return pc.fill_null(contacts["direction"], "inbound")


def handled_of(contacts: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which contacts were served, true where null."""
    return np.asarray(pc.fill_null(contacts["handled"], fill_value=True).to_numpy(), dtype=bool)


def escalated_of(contacts: pa.Table) -> npt.NDArray[np.bool_]:
    """Tell which contacts were escalated; where null, those that reached tier 2."""
    by_tier = pc.fill_null(pc.greater_equal(contacts["tier"], 2), fill_value=False)
    return np.asarray(pc.coalesce(contacts["escalated"], by_tier).to_numpy(), dtype=bool)


def known_of(contacts: pa.Table) -> npt.NDArray[np.int64]:
    """Give the instant in microseconds from which each record was known, `ended_at` where null."""
    return instants(pc.coalesce(contacts["known_at"], contacts["ended_at"]))
