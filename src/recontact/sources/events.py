"""The events table: what happened during the contacts, told of the contacts they became."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT

SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("at", INSTANT),
        ("event", pa.string()),
        ("queue", pa.string()),
        ("agent_id", pa.string()),
    ]
)
TOLD = b"recontact.events"  # metadata: which kinds of events the source tells at all
OF_ROWS = pa.schema([("row", pa.int64()), *list(SCHEMA)[1:]])


def keep(events: pa.Table, rows: npt.NDArray[np.bool_]) -> pa.Table:
    """Keep the events of some rows, and number those rows anew.

    Parameters
    ----------
    events : pyarrow.Table
        With `row`, the position of the row that each belongs to.
    rows : numpy.ndarray of bool
        Which rows are kept.

    Examples
    --------
    >>> events = pa.table({"row": [0, 1, 2], "event": ["answered", "hold", "resume"]})
    >>> keep(events, np.array([False, True, True])).to_pylist()
    [{'row': 0, 'event': 'hold'}, {'row': 1, 'event': 'resume'}]
    """
    number = events["row"].to_numpy()
    stays = rows[number]
    new = (np.cumsum(rows) - 1)[number[stays]]
    kept = events.filter(pa.array(stays)).set_column(0, "row", pa.array(new, pa.int64()))
    return kept.replace_schema_metadata(events.schema.metadata)


def of_contacts(
    events: pa.Table, legs: pa.Table, contacts: pa.Table, into: dict[str, str]
) -> pa.Table:
    """Tell the events of legs of the contacts that those became.

    Parameters
    ----------
    events : pyarrow.Table
        Of the legs, by `row`.
    legs : pyarrow.Table
        The legs that were merged: `contact_id`, `interaction_id`.
    contacts : pyarrow.Table
        What became of them by `interaction_id`.
    into : dict of str to str
        Contacts merged again since, as redials: `contact_id` of each -> of the contact it is in.

    Returns
    -------
    pyarrow.Table
        Columns of the events table, in the order of `contact_id` and time.

    Examples
    --------
    >>> import datetime as dt
    >>> events = pa.table({"row": [1], "at": [dt.datetime(2026, 1, 1)], "event": ["answered"],
    ...                    "queue": ["north"], "agent_id": ["7"]})
    >>> legs = pa.table({"contact_id": ["a", "b"], "interaction_id": ["x", "x"]})
    >>> of_contacts(events, legs, legs.slice(0, 1), {})["contact_id"].to_pylist()
    ['a']
    """
    legs = legs.select(["contact_id", "interaction_id"]).take(events["row"])
    known = contacts.filter(pc.is_valid(contacts["interaction_id"]))
    place = pc.index_in(legs["interaction_id"], known["interaction_id"].combine_chunks())
    ids = pc.coalesce(known["contact_id"].take(place), legs["contact_id"])
    if into:
        redialed = pc.index_in(ids, pa.array(list(into), pa.string()))
        ids = pc.coalesce(pa.array(list(into.values()), pa.string()).take(redialed), ids)
    told = events.set_column(0, "contact_id", ids)
    told = told.cast(SCHEMA.with_metadata(events.schema.metadata))
    # of one instant, what ends comes before what begins
    order = pc.index_in(told["event"], pa.array(["transfer", "resume", "answered", "hold"]))
    keys = [("contact_id", "ascending"), ("at", "ascending"), ("order", "ascending")]
    return told.take(pc.sort_indices(told.append_column("order", order), sort_keys=keys))
