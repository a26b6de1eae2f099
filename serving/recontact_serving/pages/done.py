"""What one has just done, told at the top of the next page: with an undo, or why it was refused."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection, select

from recontact_serving.pages.list_rows import OUTCOMES
from recontact_serving.pages.rendering import plural
from recontact_serving.people.forms import cookie, delete_cookie, set_cookie
from recontact_serving.storage.tables import actions

COOKIE = "recontact_done"
KEPT_S = 60
MOST_REFUSED = 5  # told in words; a cookie is small
LONGEST = 300  # characters of a refusal
WORDS = {
    "claim": "You have {what} now.",
    "release": "You gave {what} back.",
    "assign": "You gave {what} to {to}.",
    "snooze": "You snoozed {what}.",
    "resolve": "You resolved {what}: {outcome}.",
    "disagree": "You said that the flag of {what} is wrong.",
    "note": "Your note on {what} is kept.",
    "undo": "Undone: {what}.",
}
LOGGED = {
    "claim": "{who} took it",
    "release": "{who} gave it back",
    "assign": "{who} gave it to {to}",
    "snooze": "{who} snoozed it until",
    "resolve": "{who} resolved it: {outcome}",
    "disagree": "{who} says that the flag is wrong: “{reason}”",
    "note": "{who} noted: “{text}”",
    "undo": "{who} took that back",
}
TO_UNDO = frozenset(WORDS) - {"undo"}


@dataclass(frozen=True)
class Refused:
    """A contact that was left as it is, and why, in words."""

    contact_id: str
    why: str


@dataclass(frozen=True)
class Done:
    """What was done at one instant, and what was refused."""

    at: int
    refused: tuple[Refused, ...] = ()
    more: int = 0  # refused beyond those


@dataclass(frozen=True)
class Message:
    """What the page tells.

    Attributes
    ----------
    words : str
        What was done; empty if nothing was.
    contact_ids : tuple of str
        What an undo would take back; empty where there is none.
    refused : tuple of Refused
        What was not done.
    more : int
        How many more were refused.
    """

    words: str
    contact_ids: tuple[str, ...]
    refused: tuple[Refused, ...] = ()
    more: int = 0


def of(at: int, refused: Sequence[Refused]) -> Done:
    """Note what became of a form."""
    short = [Refused(one.contact_id, one.why[:LONGEST]) for one in refused[:MOST_REFUSED]]
    return Done(at, tuple(short), len(refused) - len(short))


def message(db: Connection, done: Done | None, name: str) -> Message | None:
    """Tell what somebody did at an instant, from the log."""
    if done is None:
        return None
    asked = select(actions.c.contact_id, actions.c.action, actions.c.details)
    found = db.execute(asked.where(actions.c.at == done.at, actions.c.who == name)).all()
    if not found and not done.refused:
        return None
    words, chosen = "", tuple(row.contact_id for row in found)
    if found:
        action, details = found[0].action, json.loads(found[0].details)
        words = WORDS[action].format_map(_named(chosen, details))
        chosen = chosen if action in TO_UNDO else ()
    return Message(words, chosen, done.refused, done.more)


def tell(request: Request, response: Response, done: Done) -> None:
    """Have the next page tell it."""
    refused = [[one.contact_id, one.why] for one in done.refused]
    said = json.dumps([done.at, refused, done.more]).encode()
    set_cookie(request, response, COOKIE, base64.urlsafe_b64encode(said).decode(), KEPT_S)


def told(request: Request) -> Done | None:
    """Read what the page before left to be told; None for nothing, or what is not ours."""
    try:
        at, refused, more = json.loads(base64.urlsafe_b64decode(cookie(request, COOKIE)))
        if not 0 <= at < 2**63:  # no instant that a database keeps
            return None
        return Done(int(at), tuple(Refused(str(one), str(why)) for one, why in refused), int(more))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        return None


def forget(request: Request, response: Response) -> None:
    """Tell it once only."""
    if cookie(request, COOKIE):
        delete_cookie(request, response, COOKIE)


def logged(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Put an entry of the log into words; `until` is the instant that ends them, if any.

    Examples
    --------
    >>> entry = {"who": "ada", "action": "assign", "details": {"to": "ben"}}
    >>> logged(entry)["words"]
    'ada gave it to ben'
    """
    details = entry["details"]
    said = {name: str(details.get(name) or "") for name in ("to", "reason", "text")}
    outcome = OUTCOMES.get(details.get("outcome", ""), "")
    who = entry["who"] or "somebody"
    words = LOGGED[entry["action"]].format_map({**said, "who": who, "outcome": outcome})
    return {**entry, "words": words, "until": details.get("until")}


def _named(contact_ids: Sequence[str], details: Mapping[str, Any]) -> dict[str, str]:
    one = f"contact {contact_ids[0]}"
    return {
        "what": one if len(contact_ids) == 1 else plural(len(contact_ids), "contact"),
        "to": str(details.get("to") or ""),
        "outcome": OUTCOMES.get(details.get("outcome", ""), ""),
    }
