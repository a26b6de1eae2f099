"""What had happened in a contact so far, from the events table: never its final totals."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import instants
from recontact.durations import SECOND
from recontact.errors import UserError
from recontact.features.moments import SO_FAR
from recontact.features.shapes import Ints

TOLD = b"recontact.events"
COUNTED = {"hold_count": "hold", "hold_s": "hold", "transfer_count": "transfer"}
NEEDED = ("contact_id", "at", "event")


def so_far(events: pa.Table, contact_id: pa.ChunkedArray, at: Ints) -> dict[str, pa.Array]:
    """Count what had happened in each contact strictly before an instant.

    Parameters
    ----------
    events : pyarrow.Table
        `contact_id`, `at`, `event` (`answered`, `hold`, `resume`, `transfer`).
    contact_id : pyarrow.ChunkedArray
        The contacts.
    at : numpy.ndarray of int64
        The instant of each, in microseconds.

    Returns
    -------
    dict of str to pyarrow.Array
        `hold_count`, `hold_s` (a hold that goes on counts up to the instant) and
        `transfer_count`; null for a contact of which no event had come, and everywhere where
        the metadata of the events (`recontact.events`) say that the source tells no such ones.

    Raises
    ------
    UserError
        The events lack a column.

    Examples
    --------
    >>> import datetime as dt
    >>> t = [dt.datetime(2026, 1, 1, 9, minute) for minute in (0, 1, 3, 5)]
    >>> events = pa.table({"contact_id": ["1"] * 4, "at": t,
    ...                    "event": ["answered", "hold", "resume", "transfer"]})
    >>> at = np.array([int(dt.datetime(2026, 1, 1, 9, 2, tzinfo=dt.UTC).timestamp() * 1e6)])
    >>> found = so_far(events, pa.chunked_array([["1"]]), at)
    >>> [found[name].to_pylist() for name in SO_FAR]
    [[1], [60.0], [0]]
    """
    check_events(events.column_names)
    row = np.asarray(pc.index_in(events["contact_id"], contact_id).fill_null(-1), dtype=np.int64)
    there = row >= 0
    row, when = row[there], instants(events["at"])[there]
    event = events["event"].filter(pa.array(there))
    past = when < at[row]
    held, resumed, moved = (
        past & np.asarray(pc.equal(event, name).fill_null(False), dtype=bool)
        for name in ("hold", "resume", "transfer")
    )
    size = len(at)
    seconds = np.zeros(size)
    np.add.at(seconds, row[held], (at[row] - when)[held] / SECOND)
    np.subtract.at(seconds, row[resumed], (at[row] - when)[resumed] / SECOND)
    unknown = np.bincount(row[past], minlength=size) == 0  # that some will come is not known
    holds, transfers = (np.bincount(row[found], minlength=size) for found in (held, moved))
    told = _told(events)
    columns = zip(SO_FAR, (holds, np.round(seconds, 6), transfers), strict=True)
    return {
        name: pa.array(values, mask=unknown | (COUNTED[name] not in told))
        for name, values in columns
    }


def check_events(names: list[str]) -> None:
    """Refuse a table that tells no events.

    Raises
    ------
    UserError
        It lacks a column.
    """
    for name in NEEDED:
        if name not in names:
            raise UserError(
                f"the events table has no column '{name}'", "it needs contact_id, at, event"
            )


def _told(events: pa.Table) -> list[str]:
    """Tell which kinds of events their source tells at all: all, where it does not say."""
    metadata = events.schema.metadata or {}
    return list(json.loads(metadata.get(TOLD, json.dumps([*COUNTED.values()]))))
