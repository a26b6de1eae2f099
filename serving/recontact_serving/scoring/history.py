"""The contacts that the service knows: every version of each, and what was known when."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, delete, select

from recontact.contacts import SCHEMA
from recontact_serving.storage.clock import instant, micros
from recontact_serving.storage.database import alone, put
from recontact_serving.storage.tables import FIRST, LAST, versions

Contact = Mapping[str, Any]  # columns that are known; instants are aware datetimes
Version = dict[str, Any]  # a row of the table

DEEP = 500  # how many of a customer's latest contacts a score looks at
CHUNK = 500  # contacts to a statement: databases limit its parameters
APART = ("contact_id", "program", "customer_id", "started_at", "ended_at", "known_at")
AS_JSON = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
COLUMNS = tuple(versions.columns.keys())
ARRIVAL = ("channel", "direction", "queue", "site", "reason", "case_id")  # and attributes
LATER = frozenset(SCHEMA.names) - {*APART, *ARRIVAL}  # not known at the start

_OTHERS = (
    versions.c.program == bindparam("program"),
    versions.c.customer_id == bindparam("customer_id"),
    versions.c.started_at < bindparam("at"),
    versions.c.valid_from < bindparam("at"),
    versions.c.valid_to >= bindparam("at"),
    versions.c.contact_id != bindparam("contact_id"),
)
_LATEST_FIRST = (versions.c.started_at.desc(), versions.c.contact_id.desc())
STAMPS = select(versions.c.stamp).where(*_OTHERS).order_by(*_LATEST_FIRST).limit(DEEP)
READ = ("stamp", *APART, "payload")
_READ = [versions.c[name] for name in READ]
HISTORY = select(*_READ).where(*_OTHERS).order_by(*_LATEST_FIRST).limit(DEEP)
ONE = select(*_READ).where(*_OTHERS[:2], versions.c.stamp == bindparam("stamp")).limit(1)
_CHOSEN = versions.c.contact_id.in_(bindparam("contact_ids", expanding=True))


class Recorded(NamedTuple):
    """How many records were new, and how many were there already."""

    accepted: int
    unchanged: int


def asked(contact: Contact, at: dt.datetime) -> dict[str, Any]:
    """Give what `STAMPS`, `HISTORY` and `ONE` ask of a contact's customer at an instant."""
    return {
        "program": contact.get("program") or "",
        "customer_id": contact["customer_id"],
        "contact_id": contact["contact_id"],
        "at": micros(at),
    }


def of_customer(db: Connection, contact: Contact, at: dt.datetime) -> list[dict[str, Any]]:
    """Read a customer's other contacts that started before an instant.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    contact : mapping
        The contact being scored: `contact_id`, `program`, `customer_id`.
    at : datetime
        The instant.

    Returns
    -------
    list of dict
        One row per contact, the latest first, at most `DEEP`: the version with the greatest
        `known_at` before the instant, else its earliest one.
    """
    if not contact.get("customer_id"):
        return []
    return [contact_of(row)[1] for row in db.execute(HISTORY, asked(contact, at))]


def contact_of(row: Sequence[Any]) -> tuple[int, dict[str, Any]]:
    """Turn a row of `READ`, as the driver gives it, into its stamp and the contact."""
    stamp, contact_id, program, customer_id, started_at, ended_at, known_at, payload = row
    contact = _read(payload)
    contact["contact_id"] = contact_id
    contact["program"] = program or None
    contact["customer_id"] = customer_id or None
    contact["started_at"] = _instant(started_at)
    contact["ended_at"] = _instant(ended_at)
    contact["known_at"] = _instant(known_at)
    return stamp, contact


def latest(db: Connection) -> Iterator[dict[str, Any]]:
    """Read the last version of every finished contact."""
    finished = versions.c.known_at.is_not(None) & (versions.c.valid_to == LAST)
    rows = db.execution_options(yield_per=10_000).execute(select(*_READ).where(finished))
    return (contact_of(row)[1] for row in rows)


def arrival(contact: Contact) -> Version:
    """Give the row of a contact that has begun: its arrival facts, all that is known of it."""
    facts = {name: value for name, value in contact.items() if name not in LATER}
    return _stored(_row({**facts, "ended_at": None, "known_at": None}), FIRST, LAST)


def record(db: Connection, contacts: Sequence[Contact], received_at: dt.datetime) -> Recorded:
    """Record finished or corrected contacts beside the versions that were there.

    Parameters
    ----------
    db : sqlalchemy.Connection
        A connection that may write.
    contacts : sequence of mapping
        Contacts with the columns that are known.
    received_at : datetime
        Stands for `known_at` where a contact has none.

    Returns
    -------
    Recorded
        A record that adds nothing to what is known counts as unchanged.
    """
    alone(db, "record")  # else two records of a contact, at once, would not see each other
    there = _known_versions(db, {contact["contact_id"] for contact in contacts})
    stored = set(there)
    changed: dict[str, dict[int, Version]] = {}
    accepted = 0
    for contact in contacts:
        known = there.setdefault(contact["contact_id"], {})
        version = _new_version(known, contact, micros(received_at))
        if version is not None:
            known[version["known_at"]] = version
            changed[contact["contact_id"]] = known
            accepted += 1
    _drop(db, [contact_id for contact_id in changed if contact_id in stored])
    put(db, versions, [row for known in changed.values() for row in _in_turn(known)])
    return Recorded(accepted, len(contacts) - accepted)


def _known_versions(db: Connection, contact_ids: set[str]) -> dict[str, dict[int, Version]]:
    """Read the versions of contacts by contact and `known_at`; a mere arrival gives none."""
    found: dict[str, dict[int, Version]] = {}
    for chunk in _chunks(sorted(contact_ids)):
        rows = db.execute(select(versions).where(_CHOSEN), {"contact_ids": chunk}).mappings()
        for row in rows:
            known = found.setdefault(row["contact_id"], {})
            if row["known_at"] is not None:
                known[row["known_at"]] = dict(row)
    return found


def _new_version(known: Mapping[int, Version], contact: Contact, received: int) -> Version | None:
    """Make a table row of a record, or None where it tells nothing new."""
    row = _row(contact)
    if row["known_at"] is None:
        twin = known[max(known)] if known else None
        row["known_at"] = received
    else:
        twin = known.get(row["known_at"])
    return None if twin is not None and _alike(twin, row) else row


def _alike(twin: Version, row: Version) -> bool:
    """Tell whether two versions say the same, however their facts are written."""
    names = [name for name in row if name not in {"known_at", "payload"}]
    return all(twin[name] == row[name] for name in names) and (
        twin["payload"] == row["payload"] or facts(twin) == facts(row)
    )


def _in_turn(known: Mapping[int, Version]) -> Iterator[Version]:
    """Say of each version from when to when it is the one to look at."""
    in_order = sorted(known)
    for start, end in pairwise([*in_order, LAST]):
        since = FIRST if start == in_order[0] else start
        yield _stored(known[start], since, end)


def _stored(row: Version, since: int, until: int) -> Version:
    """Add from when to when a version is the one to look at, and a stamp of what it says."""
    said = orjson.dumps([row[name] for name in (*APART, "payload")])
    stamp = int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), signed=True)
    return {**row, "valid_from": since, "valid_to": until, "stamp": stamp}


def _drop(db: Connection, contact_ids: Sequence[str]) -> None:
    for chunk in _chunks(contact_ids):
        db.execute(delete(versions).where(_CHOSEN), {"contact_ids": chunk})


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[i : i + CHUNK] for i in range(0, len(values), CHUNK))


def _row(contact: Contact) -> Version:
    """Turn a contact into a row of the table, without its validity."""
    others = {
        name: value for name, value in contact.items() if name not in APART and value is not None
    }
    return {
        "contact_id": contact["contact_id"],
        "program": contact.get("program") or "",
        "customer_id": contact.get("customer_id") or "",
        **{name: _micros(contact.get(name)) for name in ("started_at", "ended_at", "known_at")},
        "payload": orjson.dumps(others, default=str, option=AS_JSON).decode(),
    }


def facts(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Give what a row of the table tells beside its keys and instants."""
    return _read(row["payload"])


def _read(payload: str) -> dict[str, Any]:
    try:
        return dict(orjson.loads(payload))
    except orjson.JSONDecodeError:  # NaN, which earlier versions wrote
        return dict(json.loads(payload))


def _micros(value: dt.datetime | None) -> int | None:
    return None if value is None else micros(value)


def _instant(value: int | None) -> dt.datetime | None:
    return None if value is None else instant(value)
