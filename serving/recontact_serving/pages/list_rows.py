"""What a row of the list shows: its data with the words that depend on who looks and when."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from recontact_serving.pages.zones import clock, span
from recontact_serving.people.access import Access
from recontact_serving.storage.clock import now

Item = Mapping[str, Any]
STATES = {
    "open": "nobody has it yet",
    "claimed": "somebody has it",
    "snoozed": "snoozed",
    "resolved": "done",
    "lapsed": "the time for it has passed",
}
OUTCOMES = {
    "solved": "called back: solved",
    "not_reached": "called back: not reached",
    "no_issue": "called back: no issue",
    "coached": "agent coached",
    "wrong_flag": "wrong flag",
}


def rows_of(items: Sequence[Item], access: Access, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Put rows together for a page."""
    present = now()
    return [row_of(item, access, zone, present) for item in items]


def row_of(item: Item, access: Access, zone: ZoneInfo, present: dt.datetime) -> dict[str, Any]:
    """Put one row together: what the list knows, and the words for it.

    Returns
    -------
    dict
        The item and `anchor` (its name in the page), `due` and `overdue`, `standing` (who has
        it, in words), `mine`, `stamp` (another one whenever something is done about it).
    """
    due_at = _instant(item["due_at"])
    to_do = item["state"] in {"open", "claimed", "snoozed"}
    again = item["called_again"]
    return {
        **item,
        "anchor": anchor(item["contact_id"]),
        "due": due_words(due_at, zone, present) if to_do and due_at else "",
        "overdue": bool(to_do and due_at and due_at <= present),
        "standing": standing(item, access.name, zone, present),
        "mine": item["owner"] is not None and item["owner"] == access.name,
        "stamp": f"{item['state']}.{item['version']}.{again['at'] if again else ''}",
    }


def anchor(contact_id: str) -> str:
    """Name a contact by letters and digits alone, for the parts of a page about it.

    Examples
    --------
    >>> anchor("c 1/2")
    'r296129db'
    """
    return "r" + hashlib.blake2b(contact_id.encode(), digest_size=4).hexdigest()


def due_words(due_at: dt.datetime, zone: ZoneInfo, present: dt.datetime) -> str:
    """Say by when a customer should be called.

    Examples
    --------
    >>> t, zone = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), ZoneInfo("UTC")
    >>> due_words(t, zone, t - dt.timedelta(hours=2)), due_words(t, zone, t)
    ('call before 12:00', 'overdue: call now')
    >>> due_words(t, zone, t + dt.timedelta(hours=2))
    'overdue by 2 hours'
    """
    if due_at > present:
        return f"call before {clock(due_at, zone, present)}"
    late = span((present - due_at).total_seconds())
    return f"overdue by {late}" if late else "overdue: call now"


def standing(item: Item, name: str, zone: ZoneInfo, present: dt.datetime) -> str:
    """Say who has a contact, or what became of it.

    Examples
    --------
    >>> t, zone = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC), ZoneInfo("UTC")
    >>> row = {"state": "claimed", "owner": "ben", "outcome": None, "until": None}
    >>> standing(row, "ada", zone, t), standing(row, "ben", zone, t)
    ('ben has it', 'You have it')
    >>> standing({**row, "state": "snoozed", "until": "2026-03-01T14:00:00Z"}, "ada", zone, t)
    'Snoozed until 14:00; ben has it'
    """
    state, owner, until = item["state"], item["owner"], _instant(item["until"])
    having = "" if owner is None else "you have it" if owner == name else f"{owner} has it"
    if state == "claimed" and having:
        return "You have it" if owner == name else having
    if state == "snoozed" and until:
        return f"Snoozed until {clock(until, zone, present)}" + (having and f"; {having}")
    if state == "resolved" and item["outcome"]:
        return OUTCOMES[item["outcome"]].capitalize()
    if state == "held_out":
        return "Held out: please leave this customer as is"
    return STATES[state].capitalize()


def _instant(value: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if value else None
