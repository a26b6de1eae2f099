"""A contact's page: the customer's contacts around it, its scores, and what was done about it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, tuple_

from recontact.policy import Policy
from recontact_serving.desktop.calls import read_calls
from recontact_serving.follow_up import following_up, worklist
from recontact_serving.follow_up.worklist import told
from recontact_serving.pages import done
from recontact_serving.pages.evidence import evidence
from recontact_serving.people.access import Access
from recontact_serving.scoring.history import READ, contact_of
from recontact_serving.storage.clock import instant, micros
from recontact_serving.storage.tables import LAST, follow_ups, scores, versions
from recontact_serving.web.problems import ProblemError, problem

MOST = 50  # of a customer's contacts on each side
NEAR = 5  # of these, shown at once
Moment = Mapping[str, Any]
SHOWN = (
    *("contact_id", "program", "customer_id", "started_at", "ended_at", "channel", "direction"),
    *("queue", "team", "agent_id", "reason", "case_id", "disposition", "notes"),
)
MOMENTS = {
    "wrapup": "at its wrap-up",
    "live": "while it went on",
    "start": "when it started",
}

_LATEST = select(*(versions.c[name] for name in READ)).where(versions.c.valid_to == LAST)
_PLACE = (versions.c.started_at, versions.c.contact_id)


class _Around(NamedTuple):
    """A customer's contacts around one, and whether there are more on each side."""

    around: list[dict[str, Any]]
    more: Mapping[str, bool]


def read(db: Connection, contact_id: str, access: Access, policy: Policy | None) -> dict[str, Any]:
    """Read all that the page of a contact shows.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    contact_id : str
        The contact.
    access : Access
        Who looks.
    policy : Policy or None
        The one in force, by which contacts are related; None: there is none.

    Returns
    -------
    dict
        `item` (its row on the list, or None), `contact` (its record), `scores` (the latest of
        each moment, the last moment first), `timeline` (`later`, `near` and `earlier`, the latest
        first), `more` (on which sides there are more than are told), `log`.

    Raises
    ------
    ProblemError
        404: there is no such contact that whoever asks may see.
    """
    item = worklist.one(db, contact_id, access)
    refused = "" if item else _state(db, contact_id)
    # for whoever may not know, a contact that is held out was never scored
    call = None if refused == "held_out" else read_calls(db, [contact_id]).get(contact_id)
    record = _record(db, contact_id)
    contact = record or (_shown(call.document) if call else None)
    seen = item or (refused in {"", "held_out"} and contact and _may_see(contact, call, access))
    if contact is None or not seen:
        raise ProblemError(problem(404, f"there is no contact {contact_id} that you may see"))
    contacts = _of_customer(db, record) if record else _Around([], {})
    return {
        "item": item,
        "contact": contact,
        "scores": _scores(call.document if call else None),
        "timeline": apart(_timeline(contacts.around, contact, access, policy)),
        "more": contacts.more,
        "log": [done.logged(one) for one in following_up.acted(db, contact_id)] if item else [],
    }


def apart(moments: Sequence[Moment]) -> dict[str, Sequence[Moment]]:
    """Tell the contacts that are near from those that are looked at on demand.

    Examples
    --------
    >>> found = apart([{"here": place == 7} for place in range(20)])
    >>> {name: len(part) for name, part in found.items()}
    {'later': 2, 'near': 11, 'earlier': 7}
    """
    place = next((n for n, moment in enumerate(moments) if moment["here"]), 0)
    first, last = max(0, place - NEAR), place + NEAR + 1
    return {"later": moments[:first], "near": moments[first:last], "earlier": moments[last:]}


def _record(db: Connection, contact_id: str) -> dict[str, Any] | None:
    row = db.execute(_LATEST.where(versions.c.contact_id == contact_id)).first()
    return _shown(contact_of(row)[1]) if row else None


def _shown(contact: Mapping[str, Any]) -> dict[str, Any]:
    return {name: contact.get(name) for name in SHOWN}


def _state(db: Connection, contact_id: str) -> str:
    """Give the state of a row of the list, whoever may see it; empty where there is none."""
    state = select(follow_ups.c.state).where(follow_ups.c.contact_id == contact_id)
    return str(db.execute(state).scalar() or "")


def _may_see(contact: Mapping[str, Any], call: Any, access: Access) -> bool:
    return access.sees(contact.get("program"), contact.get("team") or (call and call.team))


def _scores(document: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Give the score of each moment, with what moved it in words."""
    answers = document["scores"] if document else {}
    return [
        {**answers[moment], "words": words, "why": told(answers[moment], most=6)}
        for moment, words in MOMENTS.items()
        if answers.get(moment)
    ]


def _timeline(
    contacts: Sequence[dict[str, Any]],
    contact: Mapping[str, Any],
    access: Access,
    policy: Policy | None,
) -> Sequence[Moment]:
    """Give the customer's contacts, the latest first; of other teams' that they were, no more."""
    names = [one["contact_id"] for one in contacts]
    if contact["contact_id"] not in names:  # its record has not come
        return []
    place = names.index(contact["contact_id"])
    found = evidence(contacts, place, policy) if policy else [None] * len(contacts)
    told_of = []
    for number, (one, said) in enumerate(zip(contacts, found, strict=True)):
        here = number == place
        seen = here or _sees(access, one)
        told_of.append(
            {
                "started_at": one["started_at"],
                "here": here,
                "evidence": said if seen else None,
                "contact": _shown(one) if seen else None,
            }
        )
    return told_of[::-1]


def _sees(access: Access, contact: Mapping[str, Any]) -> bool:
    return access.sees(contact.get("program"), contact.get("team"))


def _of_customer(db: Connection, contact: Mapping[str, Any]) -> _Around:
    """Read the customer's contacts around one, in order; of an unknown customer this one alone."""
    whose = versions.c.contact_id == contact["contact_id"]
    if contact.get("customer_id"):
        whose = (versions.c.program == (contact.get("program") or "")) & (
            versions.c.customer_id == contact["customer_id"]
        )
    place = (micros(contact["started_at"]), contact["contact_id"])
    chosen = _LATEST.where(whose)
    falling = [column.desc() for column in _PLACE]
    until = db.execute(chosen.where(tuple_(*_PLACE) <= place).order_by(*falling).limit(MOST + 2))
    after = db.execute(chosen.where(tuple_(*_PLACE) > place).order_by(*_PLACE).limit(MOST + 1))
    before, behind = until.all(), after.all()
    rows = [*before[: MOST + 1][::-1], *behind[:MOST]]
    contacts = [contact_of(row)[1] for row in rows]
    scored = _at_wrapup(db, [contact["contact_id"] for contact in contacts])
    filled = [_filled(contact, scored.get(contact["contact_id"])) for contact in contacts]
    more = {"earlier": len(before) > MOST + 1, "later": len(behind) > MOST}
    return _Around(filled, more)


def _at_wrapup(db: Connection, contact_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Read what scores at wrap-up said: it is known before a contact's record comes."""
    names = ("contact_id", "queue", "team", "agent_id", "at")
    chosen = select(*(scores.c[name] for name in names)).where(
        scores.c.moment == "wrapup", scores.c.contact_id.in_(contact_ids)
    )
    rows = [dict(row) for row in db.execute(chosen).mappings()]
    return {row.pop("contact_id"): {**row, "ended_at": instant(row.pop("at"))} for row in rows}


def _filled(contact: dict[str, Any], scored: Mapping[str, Any] | None) -> dict[str, Any]:
    known = {name: value for name, value in contact.items() if value is not None}
    return {**contact, **(scored or {}), **known}
