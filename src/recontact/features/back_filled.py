"""Columns filled in after the contact: final values that an export copies onto its first row."""

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import INSTANT, SCHEMA, instants
from recontact.durations import SECOND
from recontact.errors import UserError
from recontact.features.moments import MOMENTS, SO_FAR

METADATA_KEY = b"recontact.back_filled"
FINAL = (  # of our own columns, those that stand only when the contact is over
    *("disposition", "talk_s", "wrap_s", "tier", "escalated", "dropped", "agent_resolved"),
    *SO_FAR,
)
NAMES = re.compile(  # of other columns, in small letters and digits, as help desks call them
    r"(closed?|resolved|solved|reopened)(at|on|by|date|time|code|notes|reason)?|isclosed"
    r"|resolution(at|on|by|date|time|code|notes|s|type)?|reopen(s|count|edcount)?"
    r"|(business|calendar)(duration|stc)|(sys)?(updated|modified)(at|on|by|date)|sysmodcount"
    r"|lastmodified(date|by|byid)|systemmodstamp|madesla"
)
LATER = 0.05  # of the rows hold an instant that was still to come: no clock's fault


def refuse_back_filled(contacts: pa.Table, column: str, moment: str) -> None:
    """Refuse a column as known from a moment at which nobody can have known it.

    Parameters
    ----------
    contacts : pyarrow.Table
        Contacts; their source may list what was filled in afterwards in the metadata
        (`recontact.back_filled`).
    column : str
        One of their columns, or of the contacts table's.
    moment : {"start", "live", "wrapup"}
        From when it is said to be known.

    Raises
    ------
    UserError
        Says why it was not known, and what to say instead.

    Examples
    --------
    >>> refuse_back_filled(SCHEMA.empty_table(), "talk_s", "start")
    Traceback (most recent call last):
    recontact.errors.UserError: known_from: talk_s=start: it stands only when the contact is over
      mend: talk_s=wrapup, or leave it out
    """
    early = MOMENTS.index(moment) < MOMENTS.index("wrapup")
    why = _why(contacts, column, moment) if early else _without_record(contacts, column)
    if why:
        there = column in SCHEMA.names or column in contacts.column_names
        late = there and early and _without_record(contacts, column) is None
        instead = f"{column}=wrapup, or leave it out" if late else "leave it out"
        raise UserError(f"known_from: {column}={moment}: {why}", instead)


def back_filled(contacts: pa.Table) -> list[str]:
    """List the columns that the source says were filled in afterwards.

    Examples
    --------
    >>> back_filled(pa.table({"a": [1]}).replace_schema_metadata({METADATA_KEY: '["a"]'}))
    ['a']
    """
    return list(json.loads((contacts.schema.metadata or {}).get(METADATA_KEY, b"[]")))


def _why(contacts: pa.Table, column: str, moment: str) -> str | None:
    """Say why a column can't have been known before the wrap-up; None where it may."""
    if column in back_filled(contacts):
        return "its source filled it in afterwards; the first row of an export holds the last value"
    if column in SCHEMA.names:
        return _why_ours(column, moment)
    return _why_theirs(contacts, column, moment) if column in contacts.column_names else None


def _why_ours(column: str, moment: str) -> str | None:
    if column in FINAL and not (column in SO_FAR and moment == "live"):
        return "it stands only when the contact is over"
    if column == "wait_s" and moment == "start":
        return "nobody knows at the start how long the wait will be"
    return None


def _why_theirs(contacts: pa.Table, column: str, moment: str) -> str | None:
    if _named_so(column):
        return "by its name it was filled in when the case was worked on or closed"
    share = _still_to_come(contacts, column, "started_at" if moment == "start" else "ended_at")
    return f"{share:.0%} of its instants were still to come then" if share > LATER else None


def _without_record(contacts: pa.Table, column: str) -> str | None:
    """Say why even the wrap-up is too early: nothing tells when the value came."""
    filled = column in back_filled(contacts) or _named_so(column)
    if filled and column not in SCHEMA.names and _undated(contacts):
        return "it was filled in afterwards, and no known_at says when its record was known"
    return None


def _named_so(column: str) -> bool:
    return bool(NAMES.fullmatch(re.sub(r"[^a-z0-9]", "", column.lower())))


def _undated(contacts: pa.Table) -> bool:
    if "known_at" not in contacts.column_names:
        return True
    return len(contacts) > 0 and contacts["known_at"].null_count == len(contacts)


def _still_to_come(contacts: pa.Table, column: str, since: str) -> float:
    """Give the share of a column's instants that lie over a second after another column's."""
    values = contacts[column]
    if pa.types.is_string(values.type):
        try:
            values = pc.cast(values, pa.timestamp("us")).cast(INSTANT)
        except pa.ArrowInvalid:
            return 0.0
    if not pa.types.is_timestamp(values.type):
        return 0.0
    there = np.asarray(values.is_valid())
    later = instants(values)[there] > instants(contacts[since])[there] + SECOND
    return float(later.mean()) if len(later) else 0.0
