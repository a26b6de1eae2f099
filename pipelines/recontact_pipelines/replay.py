"""Past contacts played to the service as if they came in now, in the order of their instants."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pyarrow as pa

from recontact.contacts import SCHEMA
from recontact.errors import UserError
from recontact.features.known import extras, known_from, mask_own

Row = Mapping[str, Any]
AFTERWARDS = ("known_at", "handled")  # of a contact that has just started, nobody knows these


@dataclass(frozen=True)
class Event:
    """Something that reaches the service.

    Attributes
    ----------
    at : datetime.datetime
        When.
    path : str
        Where it is posted.
    body : dict
        What is posted.
    """

    at: dt.datetime
    path: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Played:
    """What the service answered.

    Attributes
    ----------
    scores : list of dict
        Its answers to the score requests, in the order of their instants.
    seconds : list of float
        How long each of them took, over HTTP.
    """

    scores: list[dict[str, Any]]
    seconds: list[float]


def events(contacts: pa.Table, scored: Iterable[str]) -> list[Event]:
    """Tell what the service learns about contacts, instant by instant.

    A scored contact is asked about at its start and at its wrap-up, each time with what was known
    then; every contact is told once more when its finished record becomes known.

    Parameters
    ----------
    contacts : pyarrow.Table
        Canonical contacts.
    scored : iterable of str
        Ids of the contacts to score.

    Returns
    -------
    list of Event
        In the order of their instants.
    """
    known = known_from(contacts)
    more, wanted = extras(known), set(scored)
    asked = contacts.filter(pa.array([i in wanted for i in contacts["contact_id"].to_pylist()]))
    found = [
        Event(row["started_at"], "/v1/score", {"moment": "start", **_fields(row, more, AFTERWARDS)})
        for row in mask_own(asked, "start", known).to_pylist()
    ]
    found += [
        Event(row["ended_at"], "/v1/score", {"moment": "wrapup", **_fields(row, more)})
        for row in mask_own(asked, "wrapup", known).to_pylist()
    ]
    for row in contacts.to_pylist():
        at = row["known_at"] or row["ended_at"]
        finished = _fields({**row, "known_at": at}, more)
        found.append(Event(at, "/v1/contacts", {"contacts": [finished]}))
    return sorted(found, key=lambda event: event.at)


def play(address: str, told: Iterable[Event], advance: Callable[[], object]) -> Played:
    """Post events to a service one after the other.

    Parameters
    ----------
    address : str
        The service's address.
    told : iterable of Event
        In the order of their instants.
    advance : callable
        Called after each event.

    Returns
    -------
    Played

    Raises
    ------
    UserError
        The service refuses one; the message says which and why.
    """
    played = Played([], [])
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
        for event in told:
            began = time.perf_counter()
            answer = client.post(event.path, json=event.body)
            if answer.status_code != httpx.codes.OK:
                raise UserError(f"the service at {address}{event.path} refuses: {answer.text}")
            if event.path == "/v1/score":
                played.seconds.append(time.perf_counter() - began)
                played.scores.append(answer.json())
            advance()
    return played


def _fields(row: Row, more: Iterable[str], without: Iterable[str] = ()) -> dict[str, Any]:
    """Write a contact as the service reads it: what is unknown left out, other columns apart."""
    own = {k: _written(row[k]) for k in SCHEMA.names if k not in without and row[k] is not None}
    attributes = {k: row[k] for k in more if row[k] is not None}
    return own | ({"attributes": attributes} if attributes else {})


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
