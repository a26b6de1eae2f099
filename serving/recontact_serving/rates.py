"""What is known of agents, queues, reasons ..., and what follows what: learnt from the history."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Table, delete, select

from recontact.contacts import SCHEMA
from recontact.features.daily import Daily
from recontact.features.declared import FEATURES, Feature
from recontact.features.figures import Figures
from recontact.features.loads import WEEK, WEEKS, Loads
from recontact.features.needed import columns_needed
from recontact.features.table import Source
from recontact.labels.table import label
from recontact.next_issues import NextIssues
from recontact.policy import Policy
from recontact_serving import history, tables
from recontact_serving.clock import micros, now
from recontact_serving.database import Database, put, read_meta

BUILT_AT = "rates_built_at"  # microseconds
UP_TO = "rates_up_to"  # the greatest end among the contacts they rest on, microseconds
POLICY = "rates_policy"  # digest
SINCE = "record_since"  # its first minute
NEXT_ISSUES = "next_issues"
AT_ONCE = 10_000


def rebuild(
    database: Database,
    policy: Policy,
    known: Mapping[str, str],
    features: Sequence[Feature] = FEATURES,
) -> int:
    """Label the whole history anew and learn the rates from it.

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

    Returns
    -------
    int
        How many contacts they rest on.
    """
    contacts = _contacts(database, columns_needed(features, known) - {*SCHEMA.names})
    if not len(contacts):
        return 0
    going_on = replace(policy, as_of=None)
    found = Source(contacts, going_on, known, features=features).figures(label(contacts, going_on))
    following = NextIssues.learn(contacts, going_on)
    loads = _last_weeks(found.loads)
    notes = {
        BUILT_AT: str(micros(now())),
        UP_TO: str(micros(max(contacts["ended_at"].to_pylist()))),
        POLICY: policy.digest,
        SINCE: str(loads.since),
        NEXT_ISSUES: json.dumps(following.as_json(), ensure_ascii=False),
    }
    with database.write() as db:
        _replace(db, tables.daily, found.daily.rows())
        _replace(db, tables.hourly, loads.rows())
        put(db, tables.meta, [{"name": k, "value": v} for k, v in notes.items()])
    return len(contacts)


def read(db: Connection, policy: str) -> tuple[Figures, NextIssues]:
    """Read what was learnt under a policy; empty where there is nothing of this digest."""
    if read_meta(db, POLICY) != policy:
        return Figures.none(), NextIssues({}, {})
    daily = Daily.from_rows(tuple(row) for row in db.execute(select(tables.daily)))
    since = int(read_meta(db, SINCE) or 0)
    loads = Loads.from_rows((tuple(row) for row in db.execute(select(tables.hourly))), since)
    following = json.loads(read_meta(db, NEXT_ISSUES) or "{}")
    return Figures(daily, loads), NextIssues.from_json(following)


def _replace(db: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    names = table.columns.keys()
    db.execute(delete(table))
    for i in range(0, len(rows), AT_ONCE):
        some = [dict(zip(names, row, strict=True)) for row in rows[i : i + AT_ONCE]]
        db.execute(table.insert(), some)


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
    """Give the last versions of all finished contacts as a contacts table, with other columns."""
    columns: dict[str, list[Any]] = {name: [] for name in (*SCHEMA.names, *sorted(others))}
    with database.read() as db:
        for contact in history.latest(db):
            for name, values in columns.items():
                values.append(contact.get(name))
    own = {f.name: pa.array(columns[f.name], f.type) for f in SCHEMA}
    return pa.table(own | {name: _plain(columns[name]) for name in sorted(others)})


def _plain(values: list[Any]) -> pa.Array:
    """Give a column of one's own; one that holds different kinds is text."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])
