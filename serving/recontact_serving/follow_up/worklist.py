"""The at-risk list: contacts that were scored at wrap-up, and what is done about them.

Each page is read by as many looks into an index as there are states, times teams (or queues, or
programs) that are asked for; each look ends at the size of the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    false,
    func,
    literal,
    select,
    union_all,
)

from recontact_serving.follow_up.coming_back import called_again
from recontact_serving.follow_up.ordering import Order, Place, Sort, read_cursor
from recontact_serving.people.access import Access
from recontact_serving.storage import cutting
from recontact_serving.storage.clock import instant, text
from recontact_serving.storage.tables import RARE_BANDS, follow_ups, has_band, scores

FILTERS = ("team", "queue", "program")
IDS = ("agent_id", "customer_id")
BANDS = ("low", *RARE_BANDS)
TO_DO = ("open", "claimed")
STATES = (*TO_DO, "snoozed", "resolved", "lapsed")  # what is held out is in no list
SHOWN = 3  # reasons of a row
MOST_COUNTED = 10_000
MOST_SORTED = 10_000
MOST_LOOKS = 200  # into an index for one page
LISTED = [column for column in follow_ups.c if column.name not in {"repeated", "escalated"}]


@dataclass(frozen=True)
class Asked:
    """Which part of the list is asked for.

    Attributes
    ----------
    team, queue, program, agent_id, customer_id, band : str or None
        Only contacts of this team, queue, program, agent, customer; only those of which an
        outcome has this band.
    state : str or None
        Only in this state; by default what is to be done: open and claimed.
    owner : str or None
        Only what this person has.
    sort : {"cost", "due", "newest"} or None
        In which order (`recontact_serving.follow_up.ordering`); by default worst first, by cost.
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
    agent_id: str | None = None
    customer_id: str | None = None
    band: str | None = None
    state: str | None = None
    owner: str | None = None
    sort: Sort | None = None
    limit: int = 50
    cursor: str | None = None
    programs: frozenset[str] | None = None
    teams: frozenset[str] | None = None

    @property
    def states(self) -> tuple[str, ...]:
        """The states that are asked for."""
        if self.state is None:
            return TO_DO
        return (self.state,) if self.state in STATES else ()

    @property
    def order(self) -> Order:
        """The order that is asked for."""
        return Order(self.sort or "cost")


@dataclass(frozen=True)
class Page:
    """A part of the list, and the cursor of the next, None at the end."""

    items: list[dict[str, Any]]
    cursor: str | None


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


def page(db: Connection, asked: Asked) -> Page:
    """Read one page of the list.

    Raises
    ------
    BadCursorError
        The cursor is none that a list gave.
    """
    place = read_cursor(asked.cursor) if asked.cursor else None
    found = _first(db, asked, place)
    cursor = asked.order.cursor(found[-2]) if len(found) > asked.limit else None
    return Page(_items(db, found[: asked.limit], asked.teams), cursor)


def count(db: Connection, asked: Asked) -> int:
    """Count the contacts of the list, up to 10,000."""
    some = cut(select(literal(1)), asked).where(follow_ups.c.state.in_(asked.states))
    counted = select(func.count()).select_from(some.limit(MOST_COUNTED).subquery())
    return int(db.execute(counted).scalar_one())


def one(db: Connection, contact_id: str, access: Access) -> dict[str, Any] | None:
    """Read the row of one contact; None where there is none that whoever asks may see."""
    return next(iter(some(db, [contact_id], access)), None)


def some(db: Connection, contact_ids: Sequence[str], access: Access) -> list[dict[str, Any]]:
    """Read the rows of some contacts, those alone that whoever asks may see, in any order."""
    chosen = select(*LISTED).where(follow_ups.c.contact_id.in_(contact_ids))
    found = db.execute(chosen).mappings().all()
    return _items(db, [row for row in found if may_see(row, access)], access.teams)


def may_see(row: Mapping[Any, Any], access: Access) -> bool:
    """Tell whether somebody may see a row: of their programs and teams; an agent, the own alone.

    What is held out is for those alone who may see the proof: others would know not to touch it.
    """
    if row["state"] == "held_out" and not access.may("proof"):
        return False
    if not access.sees(row["program"], row["team"]):
        return False
    if access.may("read") or access.may("follow_up"):
        return True
    return access.agent_id is not None and row["agent_id"] == access.agent_id


def _first(db: Connection, asked: Asked, place: Place | None) -> Sequence[RowMapping]:
    """Read the first rows, one more than asked for, merged from looks into an index."""
    order, most = _order(db, asked), asked.limit + 1
    base = cut(select(*LISTED), asked)
    if place is not None:
        base = base.where(order.after(follow_ups, place))
    looks = [
        base.where(*cut).order_by(*order.by(follow_ups)).limit(most).subquery()
        for cut in _cuts(asked, order)
    ]
    if not looks:
        return []
    merged = union_all(*(select(look) for look in looks)).subquery()
    return db.execute(select(merged).order_by(*order.by(merged)).limit(most)).mappings().all()


def _order(db: Connection, asked: Asked) -> Order:
    """Give the order, and whether so few rows are asked for that sorting them is quicker."""
    order = asked.order
    if order.sort == "cost":  # of everything that can be asked for there is an index in this order
        return order
    return order._replace(few=count(db, asked) < MOST_SORTED)


def _cuts(asked: Asked, order: Order) -> list[tuple[ColumnElement[bool], ...]]:
    """Give what each look is for: one state, and one value of what cuts the list most."""
    states = [follow_ups.c.state == state for state in asked.states]
    if order.sort != "cost" and not order.few:
        return [(state,) for state in states]
    for name, allowed in (("team", asked.teams), ("program", asked.programs)):
        column = follow_ups.c[name]
        if asked.queue is None and allowed is not None and getattr(asked, name) is None:
            if len(allowed) * len(states) > MOST_LOOKS:
                continue
            return list(product(states, [column == value for value in sorted(allowed)]))
    return [(state,) for state in states]


def cut(query: Select[Any], asked: Asked) -> Select[Any]:
    """Cut a query of the list to what is asked for, whatever the state."""
    chosen = {name: getattr(asked, name) for name in (*FILTERS, *IDS, "owner")}
    query = query.where(*cutting.cut(follow_ups, asked, chosen))
    if asked.band is not None:
        query = query.where(has_band(asked.band) if asked.band in BANDS else false())
    return query


def _items(
    db: Connection, rows: Sequence[RowMapping], teams: frozenset[str] | None
) -> list[dict[str, Any]]:
    """Put rows of the list together with their answers, and with who called again."""
    names = [row["contact_id"] for row in rows]
    wrapup = and_(scores.c.moment == "wrapup", scores.c.contact_id.in_(names))
    chosen = select(scores.c.contact_id, scores.c.answer).where(wrapup)
    answers = {row[0]: row[1] for row in db.execute(chosen)} if names else {}
    later = called_again(db, names, teams)
    return [
        _item(row, answers[row["contact_id"]], later.get(row["contact_id"]))
        for row in rows
        if row["contact_id"] in answers  # else it has just been erased
    ]


def _item(row: RowMapping, answer: str, later: dict[str, Any] | None) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("contact_id", "agent_id")},
        **{name: row[name] or None for name in ("customer_id", "program", "queue", "team")},
        **{name: _instant(row[name]) for name in ("started_at", "at", "due_at", "closes_at")},
        **{name: row[name] for name in ("cost", "state", "owner", "outcome", "version")},
        "until": _instant(row["changes_at"]) if row["state"] == "snoozed" else None,
        "disputed": bool(row["disputed"]),
        "called_again": later,
        **orjson.loads(answer),
    }


def _instant(value: int | None) -> str | None:
    return None if value is None else text(instant(value))
