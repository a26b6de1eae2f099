"""Contacts of the history as a table that the rules of a policy can look at."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from recontact.contacts import INSTANT, SCHEMA, canonical

Contact = Mapping[str, Any]
LOOKED_AT = (
    *("contact_id", "customer_id", "started_at", "ended_at", "program", "channel", "direction"),
    *("handled", "reason", "case_id", "disposition", "talk_s", "tier", "escalated"),
)


def table_of(contacts: Sequence[Contact]) -> pa.Table:
    """Make a canonical table of what the rules look at, one row a contact.

    One that goes on ends, for the rules, when it starts.

    Examples
    --------
    >>> import datetime as dt
    >>> began = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    >>> table = table_of([{"contact_id": "a", "started_at": began, "reason": "billing"}])
    >>> table["reason"].to_pylist(), table["ended_at"].to_pylist() == [began]
    (['billing'], True)
    """
    columns = {}
    for name in LOOKED_AT:
        values = [contact.get(name) for contact in contacts]
        if name == "ended_at":
            values = [one.get(name) or one["started_at"] for one in contacts]
        kind = INSTANT if name.endswith("_at") else SCHEMA.field(name).type
        columns[name] = pa.array(values, kind)
    return canonical(pa.table(columns))
