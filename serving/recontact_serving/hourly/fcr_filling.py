"""What the FCR pages show, written anew each hour from the labels of the whole history.

It runs in the process that learns the rates. Only rows that changed are written, in small
transactions; while a policy takes the place of another, there are no figures at all.
"""

import json
from dataclasses import replace
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import bindparam, delete, select, update

from recontact.features.figures import Figures
from recontact.groups import Groups, crossed, groups
from recontact.history import Order
from recontact.labels.edges import Edges
from recontact.model.bundle import Bundle
from recontact.policy import Policy
from recontact.report.by_day import BY, COUNTS, KEY, by_day, next_reasons
from recontact.today import fcr_today_by
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database, put, read_meta
from recontact_serving.storage.renewing import READ, Row, renew
from recontact_serving.storage.tables import fcr_days, fcr_estimates, follow_ups, followed_by, meta

NOTE = "fcr"  # the policy and `as_of` of the figures, as JSON
DAYS = 7.0  # the newest contacts, whose rate is estimated
AT_ONCE = 500


class Labelled(NamedTuple):
    """The history with its labels.

    Attributes
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    labels : pyarrow.Table
        Their labels.
    policy : Policy
        Of the labels.
    ordered : Order
        Of the contacts.
    figures : Figures
        What is known of agents, queues ... from the labels.
    """

    contacts: pa.Table
    labels: pa.Table
    policy: Policy
    ordered: Order
    figures: Figures


def fill(database: Database, found: Labelled, model: Bundle | None) -> None:
    """Write figures by day, what follows what, the newest rate, and what became of the list.

    Parameters
    ----------
    database : Database
        Of the service.
    found : Labelled
        The whole history.
    model : Bundle or None
        The model of repeats of the same policy; without it, the newest rate is not estimated.
    """
    with database.write() as db:
        note = read_meta(db, NOTE)
        if note and json.loads(note)["digest"] != found.policy.digest:
            db.execute(delete(meta).where(meta.c.name == NOTE))
    days = by_day(found.contacts, found.labels, found.ordered)
    for by in BY:
        some = days.filter(pc.equal(days["by"], by))
        renew(database, fcr_days, _rows(some), fcr_days.c.by == by)
    after = next_reasons(found.contacts, found.labels, found.ordered)
    renew(database, followed_by, {key: (count,) for key, count in after.items()})
    renew(database, fcr_estimates, {} if model is None else _newest(found, model))
    came_true(database, found.labels)
    with database.write() as db:
        put(db, meta, [{"name": NOTE, "value": json.dumps(_note(found))}])


def came_true(database: Database, labels: pa.Table) -> int:
    """Tell each contact of the list what became of it, once its window has passed.

    Returns
    -------
    int
        How many rows were written.
    """
    there, told = _told(database)
    rows = pc.index_in(there, labels["contact_id"].combine_chunks())
    new = [labels[name].take(rows).to_pylist() for name in ("repeated", "escalation")]
    known = rows.is_valid().to_pylist()
    pairs = zip(there.to_pylist(), told, *new, known, strict=True)
    changed = [
        {"id": contact, "again": again, "worse": worse}
        for contact, before, again, worse, labelled in pairs
        if labelled and before != (again, worse)
    ]
    values: dict[str, Any] = {"repeated": bindparam("again"), "escalated": bindparam("worse")}
    change = update(follow_ups).where(follow_ups.c.contact_id == bindparam("id")).values(values)
    for k in range(0, len(changed), AT_ONCE):
        with database.write() as db:
            db.execute(change, changed[k : k + AT_ONCE])
    return len(changed)


def _told(database: Database) -> tuple[pa.Array, list[tuple[bool | None, bool | None]]]:
    columns = (follow_ups.c.contact_id, follow_ups.c.repeated, follow_ups.c.escalated)
    parts, told = [pa.array([], pa.string())], []
    with database.read() as db:
        found = db.execute(select(*columns).execution_options(yield_per=READ))
        for some in found.partitions():
            parts.append(pa.array([row[0] for row in some], pa.string()))
            told += [(row[1], row[2]) for row in some]
    return pa.concat_arrays(parts), told


def _rows(days: pa.Table) -> dict[Row, Row]:
    """Give rows by their key; texts are shared, so that many rows take little memory."""
    columns = {name: _shared(days[name]) for name in days.column_names}
    keys = zip(*(columns[name] for name in KEY), strict=True)
    values = zip(*(columns[name] for name in (*COUNTS, "expected")), strict=True)
    return dict(zip(keys, values, strict=True))


def _shared(column: pa.ChunkedArray) -> list[Any]:
    if not pa.types.is_string(column.type):
        return list(column.to_pylist())
    encoded = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    return [names[k] for k in encoded.indices.to_pylist()]


def _newest(found: Labelled, model: Bundle) -> dict[Row, Row]:
    """Estimate the rate of each team of each program, such that they can be added up."""
    if model.when is None:
        return {}
    codes, names = crossed([groups(found.contacts, name) for name in ("program", "team")])
    newest = fcr_today_by(
        found.contacts,
        found.labels,
        replace(model, policy_digest=found.policy.digest),
        Groups("team", codes, [str(k) for k in range(len(names))]),
        DAYS,
        figures=found.figures,
    )
    span = newest.since_us, newest.until_us
    columns = (newest.contacts, newest.settled, newest.resolved)
    rows = zip(names, newest.draws.tolist(), *(c.tolist() for c in columns), strict=True)
    return {
        (program or "", team or ""): (count, settled, resolved, json.dumps(draws), *span)
        for (program, team), draws, count, settled, resolved in rows
        if count
    }


def _note(found: Labelled) -> dict[str, Any]:
    _, as_of = Edges.of(found.contacts, found.policy).of_rows(
        found.contacts["program"], found.policy
    )
    return {
        "policy": found.policy.text(),
        "digest": found.policy.digest,
        "as_of": int(as_of.max()),
        "built_at": micros(now()),
        "contacts": len(found.contacts),
    }
