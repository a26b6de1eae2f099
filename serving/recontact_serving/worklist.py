"""The at-risk list: contacts by their latest score at wrap-up, worst first."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from recontact_serving.clock import instant, micros, text
from recontact_serving.tables import scores

Contact = Mapping[str, Any]
FILTERS = ("team", "queue", "program")
OUTCOMES = ("repeated", "escalation")
COLUMNS = tuple(scores.columns.keys())
TOLD = (*OUTCOMES, "reasons", "next_issues", "history", "model", "policy", "degraded")
SHOWN = 3  # reasons of a row
MOST_CHOICES = 500  # of a filter, shown in the form


class BadCursorError(ValueError):
    """The cursor is none that a list gave."""


@dataclass(frozen=True)
class Asked:
    """Which part of the list is asked for.

    Attributes
    ----------
    team, queue, program, band : str or None
        Only contacts of this team, queue, program; only those of which an outcome has this band.
    limit : int
        How many at most.
    cursor : str or None
        Where the page before ended.
    programs, teams : frozenset of str or None
        The only ones that whoever asks may see; None: all. A contact without one is of none.
    """

    team: str | None = None
    queue: str | None = None
    program: str | None = None
    band: str | None = None
    limit: int = 50
    cursor: str | None = None
    programs: frozenset[str] | None = None
    teams: frozenset[str] | None = None


@dataclass(frozen=True)
class Page:
    """A part of the list, and the cursor of the next, None at the end."""

    items: list[dict[str, Any]]
    cursor: str | None


def risk(answer: Mapping[str, Any]) -> float:
    """Give what the list is sorted by: the greater probability of what can still be averted.

    What has already happened is not a risk any more.

    Examples
    --------
    >>> high, done = {"probability": 0.6, "band": "high"}, {"probability": 1.0, "band": "already"}
    >>> risk({"repeated": high, "escalation": done})
    0.6
    """
    ahead = [answer[o]["probability"] for o in OUTCOMES if answer[o]["band"] != "already"]
    return float(max(ahead, default=0.0))


def told(item: Mapping[str, Any], most: int = SHOWN) -> list[str]:
    """Give the reasons of a row in words, those of the greater risk first, each once.

    Examples
    --------
    >>> why = [{"outcome": "repeated", "text": "2nd contact in 7 days"},
    ...        {"outcome": "escalation", "text": "on hold for 9 min"},
    ...        {"outcome": "escalation", "text": "2nd contact in 7 days"}]
    >>> told({"reasons": why, "repeated": {"probability": 0.2}, "escalation": {"probability": 0.4}})
    ['on hold for 9 min', '2nd contact in 7 days']
    """
    by_risk = sorted(item["reasons"], key=lambda r: -item[r["outcome"]]["probability"])
    return list(dict.fromkeys(reason["text"] for reason in by_risk))[:most]


def row(contact: Contact, answer: Mapping[str, Any], scored_at: int) -> dict[str, Any]:
    """Give the row of a score; it takes the place of the contact's earlier one at the moment."""
    return {
        "moment": answer["moment"],
        "contact_id": answer["contact_id"],
        "risk": risk(answer),
        **{f"{o}_{part}": answer[o][part] for o in OUTCOMES for part in ("probability", "band")},
        "program": contact.get("program") or "",
        "customer_id": contact.get("customer_id") or "",
        **{name: contact.get(name) for name in ("agent_id", "queue", "team")},
        "started_at": micros(contact["started_at"]),
        "at": micros(dt.datetime.fromisoformat(answer["at"])),
        "scored_at": scored_at,
        "answer": orjson.dumps({name: answer[name] for name in TOLD}).decode(),
    }


def page(db: Connection, asked: Asked) -> Page:
    """Read one page of the list.

    Raises
    ------
    BadCursorError
        The cursor is none that a list gave.
    """
    wanted = _wanted(select(scores), asked)
    if asked.cursor:
        level, contact_id = _read_cursor(asked.cursor)
        after = and_(scores.c.risk == level, scores.c.contact_id < contact_id)
        wanted = wanted.where(scores.c.risk <= level, or_(scores.c.risk < level, after))
    worst_first = wanted.order_by(scores.c.risk.desc(), scores.c.contact_id.desc())
    rows = db.execute(worst_first.limit(asked.limit + 1)).all()
    more = len(rows) > asked.limit
    return Page([_item(r) for r in rows[: asked.limit]], _cursor(rows[-2]) if more else None)


def count(db: Connection, asked: Asked) -> int:
    """Count the contacts of the list."""
    query = _wanted(select(func.count()).select_from(scores), asked)
    return int(db.execute(query).scalar_one())


def choices(db: Connection) -> dict[str, list[str]]:
    """List the teams, queues and programs that the list can be cut to."""
    found = {}
    for name in FILTERS:
        column = scores.c[name]
        known = and_(scores.c.moment == "wrapup", column != "")
        values = select(column).where(known).distinct().order_by(column).limit(MOST_CHOICES)
        found[name] = [str(value) for value in db.execute(values).scalars()]
    return found


def _wanted(query: Select[Any], asked: Asked) -> Select[Any]:
    query = query.where(scores.c.moment == "wrapup")
    for name in FILTERS:
        value = getattr(asked, name)
        if value is not None:
            query = query.where(scores.c[name] == value)
    for allowed, column in ((asked.programs, scores.c.program), (asked.teams, scores.c.team)):
        if allowed is not None:
            query = query.where(column.in_(sorted(allowed)))
    if asked.band is not None:
        query = query.where(or_(*(scores.c[f"{o}_band"] == asked.band for o in OUTCOMES)))
    return query


def _item(row: Row[Any]) -> dict[str, Any]:
    return {
        **{name: getattr(row, name) for name in ("contact_id", "queue", "team", "agent_id")},
        **{name: getattr(row, name) or None for name in ("customer_id", "program")},
        **{name: text(instant(getattr(row, name))) for name in ("started_at", "at")},
        "risk": row.risk,
        **json.loads(row.answer),
    }


def _cursor(row: Row[Any]) -> str:
    place = json.dumps([row.risk, row.contact_id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[float, str]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        level, contact_id = place
        if not isinstance(level, float) or not isinstance(contact_id, str):
            raise BadCursorError(cursor)
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursorError(cursor) from error
    return level, contact_id
