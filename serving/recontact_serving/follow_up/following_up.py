"""What people do about contacts of the list: at most one at a time, and all of it is kept."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, RowMapping, insert, select, update

from recontact_serving.follow_up import worklist
from recontact_serving.follow_up.details import checked
from recontact_serving.follow_up.standing import Doing, Standing, after, conflict, of_row, settled
from recontact_serving.people.access import Access
from recontact_serving.storage.clock import instant, text
from recontact_serving.storage.tables import actions, follow_ups
from recontact_serving.web.problems import ProblemError, problem

UNDO_WITHIN = dt.timedelta(minutes=10)
DISPUTE = ("dispute", "follow_up")
SCOPES = {"assign": ("assign",), "disagree": DISPUTE, "undo": DISPUTE}  # others need follow_up
NOT_THERE = "there is no such contact on the list"

Details = Mapping[str, Any]


def act(
    db: Connection,
    contact_id: str,
    action: str,
    details: Details,
    access: Access,
    at: dt.datetime,
) -> dict[str, Any]:
    """Do something about a contact of the list.

    Parameters
    ----------
    db : sqlalchemy.Connection
        A connection that may write; of two who act at once, the second sees what the first did.
    contact_id : str
        The contact.
    action : {"claim", "release", "assign", "snooze", "resolve", "disagree", "note", "undo"}
        What to do.
    details : mapping
        `until`, `outcome`, `to`, `reason` or `text`, as the action needs.
    access : Access
        Who acts.
    at : datetime
        The present instant.

    Returns
    -------
    dict
        The contact as the list shows it (`recontact_serving.follow_up.worklist`).

    Raises
    ------
    ProblemError
        403: it is not for them; 404: there is no such row that they may see; 409: somebody else
        has it, or it is done; 422: the details can't be right.
    """
    _check_scope(action, access)
    row = _locked(db, contact_id, access)
    doing = of_row(
        row, access.name, access.may("assign"), at, checked(db, row, action, details, at)
    )
    now = settled(Standing.of(row), doing.at, doing.lapses_at)
    version = row["version"] + (now != Standing.of(row))
    new = _undone(db, row, now, doing, access) if action == "undo" else after(now, action, doing)
    _write(db, row, action, _Change(now, new, version + 1), doing)
    found = worklist.one(db, contact_id, access)
    if found is None:  # it was erased in this instant
        raise ProblemError(problem(404, NOT_THERE))
    return found


def acted(db: Connection, contact_id: str) -> list[dict[str, Any]]:
    """Give what was done about a contact, the first first.

    Returns
    -------
    list of dict
        `at`, `who`, `action`, `details`, and whether it was `undone`.
    """
    chosen = select(actions).where(actions.c.contact_id == contact_id).order_by(actions.c.seq)
    told: list[dict[str, Any]] = []
    for row in db.execute(chosen).mappings():
        if row["action"] == "undo" and told:
            told[-1]["undone"] = True
        told.append(
            {
                "at": text(instant(row["at"])),
                **{name: row[name] for name in ("who", "action")},
                "details": json.loads(row["details"]),
                "undone": False,
            }
        )
    return told


class _Change(NamedTuple):
    before: Standing
    after: Standing
    version: int


def _check_scope(action: str, access: Access) -> None:
    needed = SCOPES.get(action, ("follow_up",))
    if not any(access.may(scope) for scope in needed):
        raise ProblemError(problem(403, f"you may not {action}: that needs `{needed[0]}`"))


def _locked(db: Connection, contact_id: str, access: Access) -> RowMapping:
    """Read a row and keep others from changing it until this transaction ends."""
    chosen = select(follow_ups).where(follow_ups.c.contact_id == contact_id).with_for_update()
    row = db.execute(chosen).mappings().one_or_none()
    if row is None or not worklist.may_see(row, access):
        raise ProblemError(problem(404, NOT_THERE))
    return row


def _undone(
    db: Connection, row: RowMapping, now: Standing, doing: Doing, access: Access
) -> Standing:
    """Give what was before somebody's last action, if nothing has happened since."""
    own = actions.c.contact_id == row["contact_id"]
    last = db.execute(select(actions).where(own).order_by(actions.c.seq.desc()).limit(1))
    done = last.mappings().one_or_none()
    if done is None or done["action"] == "undo" or done["who"] != doing.who:
        raise conflict(now, "the last thing done about it is not yours to undo")
    _check_scope(done["action"], access)  # who may only dispute takes only that back
    if doing.at - done["at"] > UNDO_WITHIN // dt.timedelta(microseconds=1):
        raise conflict(now, "it is more than 10 minutes ago")
    if done["version"] != row["version"] or now != Standing.of(row):
        raise conflict(now, "it has changed since")
    return Standing(**json.loads(done["before"]))


def _write(db: Connection, row: RowMapping, action: str, change: _Change, doing: Doing) -> None:
    mine = (follow_ups.c.contact_id == row["contact_id"]) & (follow_ups.c.version == row["version"])
    values = change.after.as_json() | {"changed_at": doing.at, "version": change.version}
    if db.execute(update(follow_ups).where(mine).values(values)).rowcount != 1:
        raise conflict(change.before, "somebody else did something about it just now")
    said = {name: _plain(value) for name, value in doing.details.items()}
    log = {name: row[name] for name in ("contact_id", "program", "customer_id")} | {
        "at": doing.at,
        "who": doing.who,
        "action": action,
        "details": orjson.dumps(said).decode(),
        "before": orjson.dumps(change.before.as_json()).decode(),
        "version": change.version,
    }
    db.execute(insert(actions), log)


def _plain(value: Any) -> Any:
    return text(value) if isinstance(value, dt.datetime) else value
