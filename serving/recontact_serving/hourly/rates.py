"""What is known of agents, queues, reasons ..., and what follows what: learnt from the history."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Table, select

from recontact.contacts import SCHEMA
from recontact.features.daily import Daily
from recontact.features.declared import FEATURES, Feature
from recontact.features.figures import Figures
from recontact.features.loads import WEEK, WEEKS, Loads
from recontact.features.needed import columns_needed
from recontact.features.table import Source
from recontact.labels.table import label
from recontact.model.bundle import Bundle
from recontact.next_issues import NextIssues
from recontact.policy import Policy
from recontact_serving.hourly.fcr_filling import Labelled, fill
from recontact_serving.scoring import history
from recontact_serving.storage import tables
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, alone, put, read_meta
from recontact_serving.storage.renewing import Row, renew

BUILT_AT = "rates_built_at"  # microseconds
UP_TO = "rates_up_to"  # the greatest end among the contacts they rest on, microseconds
POLICY = "rates_policy"  # digest
NEITHER = ""  # while rates of one policy take the place of another's
SINCE = "record_since"  # its first minute
NEXT_ISSUES = "next_issues"
AT_ONCE = 10_000


def rebuild(
    database: Database,
    policy: Policy,
    known: Mapping[str, str],
    features: Sequence[Feature] = FEATURES,
    model: Bundle | None = None,
) -> int:
    """Label the whole history anew, learn the rates from it, and count FCR by day.

    Parameters
    ----------
    database : Database
        Holds the history; the rates go there too.
    policy : Policy
        Of the champion, or the one to come. Its `as_of` is left out: the history goes on.
    known : mapping of str to str
        Which column is known from which moment.
    features : sequence of Feature
        Those of the champion: what they look up is learnt.
    model : Bundle, optional
        The champion, which estimates the FCR of the newest contacts.

    Returns
    -------
    int
        How many contacts they rest on.
    """
    contacts = _contacts(database, columns_needed(features, known) - {*SCHEMA.names})
    if not len(contacts):
        return 0
    going_on = replace(policy, as_of=None)
    source = Source(contacts, going_on, known, features=features)
    labels = label(contacts, going_on)
    found = source.figures(labels)
    _write(database, policy, contacts, found)
    fill(database, Labelled(source.contacts, labels, going_on, source.order, found), model)
    return len(contacts)


def _write(database: Database, policy: Policy, contacts: pa.Table, found: Figures) -> None:
    following = NextIssues.learn(contacts, replace(policy, as_of=None))
    loads = _last_weeks(found.loads)
    notes = {
        BUILT_AT: str(micros(now())),
        UP_TO: str(micros(pc.max(contacts["ended_at"]).as_py())),
        POLICY: policy.digest,
        SINCE: str(loads.since),
        NEXT_ISSUES: json.dumps(following.as_json(), ensure_ascii=False),
    }
    wanted = {
        table: _by_key(table, rows)
        for table, rows in ((tables.daily, found.daily.rows()), (tables.hourly, loads.rows()))
    }
    while not _written(database, wanted, notes):
        pass  # somebody else was quicker


def _written(
    database: Database, wanted: Mapping[Table, Mapping[Row, Row]], notes: Mapping[str, str]
) -> bool:
    """Write the rows, a little at a time, then the notes; False where others did so meanwhile.

    Who reads rates of the same policy meanwhile gets some rows of before, and reads again once
    the notes are there; of two policies nobody reads a mixture.
    """
    with database.write() as db:
        seen = read_meta(db, BUILT_AT)
        if read_meta(db, POLICY) not in {None, notes[POLICY]}:
            put(db, tables.meta, [{"name": POLICY, "value": NEITHER}])
    for table, rows in wanted.items():
        renew(database, table, rows)
    with database.write() as db:
        alone(db, "rates")
        if read_meta(db, BUILT_AT) != seen:
            return False
        put(db, tables.meta, [{"name": k, "value": v} for k, v in notes.items()])
    return True


def read(db: Connection, policy: str) -> tuple[Figures, NextIssues]:
    """Read what was learnt under a policy; empty where there is nothing of this digest."""
    if read_meta(db, POLICY) != policy:
        return Figures.none(), NextIssues({}, {})
    daily = Daily.from_rows(tuple(row) for row in db.execute(select(tables.daily)))
    since = int(read_meta(db, SINCE) or 0)
    loads = Loads.from_rows((tuple(row) for row in db.execute(select(tables.hourly))), since)
    following = json.loads(read_meta(db, NEXT_ISSUES) or "{}")
    return Figures(daily, loads), NextIssues.from_json(following)


def _by_key(table: Table, rows: Iterable[Row]) -> dict[Row, Row]:
    size = len(table.primary_key)
    return {row[:size]: row[size:] for row in rows}


def _last_weeks(loads: Loads) -> Loads:
    """Add up the arrivals of the last weeks by clock hour: the usual load reads whole ones.

    The record then begins with them, so that an instant further back is told of fewer weeks, and
    not of weeks in which nobody seems to have come.
    """
    rows = loads.rows()
    last = max((minute for *_, minute, _ in rows), default=0)
    since = max(loads.since, last // 60 * 60 - (WEEKS + 2) * WEEK)
    found: Counter[tuple[str, str, int]] = Counter()
    for of, entity, minute, count in rows:
        if minute >= since:
            found[of, entity, minute // 60 * 60] += count
    return Loads.from_rows([(*key, count) for key, count in found.items()], since)


def _contacts(database: Database, others: Set[str]) -> pa.Table:
    """Give the last versions of all finished contacts as a contacts table, with other columns.

    Only some thousand are Python objects at a time: what is kept is the table, about 0.3 kB each.
    """
    more: dict[str, list[Any]] = {name: [] for name in sorted(others)}
    own = []
    with database.read() as db:
        found = history.latest(db)
        while some := list(islice(found, AT_ONCE)):
            columns = [pa.array([c.get(f.name) for c in some], f.type) for f in SCHEMA]
            own.append(pa.record_batch(columns, SCHEMA))
            for name, values in more.items():
                values.extend(contact.get(name) for contact in some)
    table = pa.Table.from_batches(own, SCHEMA).combine_chunks()
    for name, values in more.items():
        table = table.append_column(name, _plain(values))
    return table


def _plain(values: list[Any]) -> pa.Array:
    """Give a column of one's own; one that holds different kinds is text."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])
