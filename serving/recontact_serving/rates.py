"""The rates of agents, queues and reasons, and what follows what: learnt from the history."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, select

from recontact.contacts import SCHEMA
from recontact.features.rates import Rates
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
NEXT_ISSUES = "next_issues"
AT_ONCE = 10_000


def rebuild(database: Database, policy: Policy, known: Mapping[str, str]) -> int:
    """Label the whole history anew and learn the rates from it.

    Parameters
    ----------
    database : Database
        Holds the history; the rates go there too.
    policy : Policy
        Of the champion, or the one to come. Its `as_of` is left out: the history goes on.
    known : mapping of str to str
        Which column is known from which moment.

    Returns
    -------
    int
        How many contacts they rest on.
    """
    contacts = _contacts(database)
    if not len(contacts):
        return 0
    going_on = replace(policy, as_of=None)
    found = Source(contacts, going_on, known).rates(label(contacts, going_on))
    following = NextIssues.learn(contacts, going_on)
    notes = {
        BUILT_AT: str(micros(now())),
        UP_TO: str(micros(max(contacts["ended_at"].to_pylist()))),
        POLICY: policy.digest,
        NEXT_ISSUES: json.dumps(following.as_json(), ensure_ascii=False),
    }
    with database.write() as db:
        _save(db, found)
        put(db, tables.meta, [{"name": k, "value": v} for k, v in notes.items()])
    return len(contacts)


def read(db: Connection, policy: str) -> tuple[Rates, NextIssues]:
    """Read what was learnt under a policy; empty where there is nothing of this digest."""
    if read_meta(db, POLICY) != policy:
        return Rates.from_rows([]), NextIssues({}, {})
    rows = db.execute(select(tables.rates)).all()
    following = json.loads(read_meta(db, NEXT_ISSUES) or "{}")
    return Rates.from_rows(tuple(row) for row in rows), NextIssues.from_json(following)


def _save(db: Connection, rates: Rates) -> None:
    names = tables.rates.columns.keys()
    rows = [dict(zip(names, row, strict=True)) for row in rates.rows()]
    db.execute(delete(tables.rates))
    for i in range(0, len(rows), AT_ONCE):
        db.execute(tables.rates.insert(), rows[i : i + AT_ONCE])


def _contacts(database: Database) -> pa.Table:
    """Give the last versions of all finished contacts as a contacts table."""
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
    with database.read() as db:
        for contact in history.latest(db):
            for name, values in columns.items():
                values.append(contact.get(name))
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in SCHEMA})
