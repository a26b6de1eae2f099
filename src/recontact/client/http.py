"""The client: one method for each thing that the service does."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast
from urllib.parse import quote

import httpx

from recontact.client.answers import (
    AtRisk,
    AtRiskList,
    Call,
    Explain,
    FollowUp,
    Moment,
    Problem,
    Rejected,
    Score,
    Taken,
    Token,
)
from recontact.client.following import Follower
from recontact.client.sending import Sender

MOST_SCORES = 1000
MOST_CONTACTS = 5000  # at once; fewer than the service takes, so that bodies stay small
PAGE = 500

T = TypeVar("T")
Contact = Mapping[str, Any]


class Client:
    """Asks a recontact service.

    Parameters
    ----------
    address : str
        Where the service is, for instance ``https://recontact.example.com``.
    key : str, optional
        An API key, made with `recontact keys add`, or a token of a desktop.
    timeout_s : float
        How long one request may take.
    retries : int
        How often a request is repeated where the service can't be reached, is busy or not ready.
        It says itself how long to wait, and takes what is repeated as sent once.
    transport : httpx.BaseTransport, optional
        Carries the requests; for tests.

    Raises
    ------
    ServiceError
        By every method: the service refused (`status`, `problem`), or can't be reached.

    Examples
    --------
    >>> import httpx
    >>> low = {"probability": 0.04, "band": "low"}
    >>> answer = {"repeated": {"probability": 0.62, "band": "high"}, "escalation": low}
    >>> service = httpx.MockTransport(lambda request: httpx.Response(200, json=answer))
    >>> contact = {"contact_id": "c-1", "customer_id": "u-1", "started_at": "2026-03-01T09:30:00Z"}
    >>> with Client("http://127.0.0.1:8000", "rck_...", transport=service) as recontact:
    ...     score = recontact.score(contact, moment="start")
    >>> score["repeated"]["band"]
    'high'
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        timeout_s: float = 10.0,
        retries: int = 3,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Content-Type": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=timeout_s, transport=transport
        )
        self._sender = Sender(self._http, retries)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def score(
        self,
        contact: Contact,
        *,
        moment: Moment,
        at: dt.datetime | None = None,
        explain: Explain = "auto",
    ) -> Score:
        """Score a contact as it stands.

        Parameters
        ----------
        contact : mapping
            The columns that are known; others under `attributes`. Instants may be datetimes.
        moment : str
            `start`, `live` or `wrapup`.
        at : datetime, optional
            The instant of a live score; default: now.
        explain : str
            `auto` gives reasons from the band `medium` up; or `always`, `never`.
        """
        more = {"moment": moment, "explain": explain} | ({"at": at} if at else {})
        return cast("Score", self._sender.send("POST", "/v1/score", {**contact, **more}))

    def scores(self, requests: Iterable[Contact]) -> list[Score | Problem]:
        """Score many, each with its own `moment`; a score or a problem for each, in turn."""
        found: list[Score | Problem] = []
        for part in _parts(requests, MOST_SCORES):
            answer = self._sender.send("POST", "/v1/scores", {"requests": part})
            found += answer["results"]
        return found

    def add_contacts(self, contacts: Iterable[Contact]) -> Taken:
        """Send finished or corrected contacts, any number of them."""
        total = Taken(accepted=0, unchanged=0, rejected=[])
        begin = 0
        for part in _parts(contacts, MOST_CONTACTS):
            taken: Taken = self._sender.send("POST", "/v1/contacts", {"contacts": part})
            total["accepted"] += taken["accepted"]
            total["unchanged"] += taken["unchanged"]
            total["rejected"] += [
                Rejected(**{**one, "index": one["index"] + begin}) for one in taken["rejected"]
            ]
            begin += len(part)
        return total

    def at_risk(
        self,
        *,
        team: str | None = None,
        queue: str | None = None,
        program: str | None = None,
        band: str | None = None,
    ) -> Iterator[AtRisk]:
        """Read the at-risk list, worst first, page after page as far as it is looked at."""
        asked = {"team": team, "queue": queue, "program": program, "band": band, "limit": PAGE}
        cursor = None
        while True:
            page: AtRiskList = self._sender.send("GET", "/v1/at-risk", cursor=cursor, **asked)
            yield from page["items"]
            cursor = page["cursor"]
            if cursor is None:
                return

    def follow_up(self, contact_id: str) -> FollowUp:
        """Read a contact of the list, with all that was done about it."""
        return cast("FollowUp", self._sender.send("GET", _listed(contact_id)))

    def act(self, contact_id: str, action: str, **details: Any) -> AtRisk:
        """Do something about a contact of the list; it is sent once.

        Parameters
        ----------
        contact_id : str
            The contact.
        action : str
            `claim`, `release`, `assign`, `snooze`, `resolve`, `disagree`, `note` or `undo`.
        **details
            What goes with it: `to`, `until`, `outcome`, `reason` or `text`.

        Raises
        ------
        ServiceError
            Somebody else has it (409), or it was refused for another reason.
        """
        once = Sender(self._http, 0)  # a claim that came through would be refused again
        return cast("AtRisk", once.send("POST", f"{_listed(contact_id)}/{action}", details))

    def call(self, contact_id: str) -> Call:
        """Read a call as the service knows it."""
        return cast("Call", self._sender.send("GET", _call(contact_id)))

    def send_actions(
        self,
        contact_id: str,
        *,
        probed: bool | None = None,
        promised: Mapping[str, Any] | None = None,
    ) -> Call:
        """Say what the agent did about a call, in place of what was said before.

        Parameters
        ----------
        contact_id : str
            The call.
        probed : bool, optional
            Whether the probe question was asked.
        promised : mapping, optional
            `what` was promised, by which `owner`, until when (`due_at`).
        """
        body = {"probed": probed, "promised": None if promised is None else dict(promised)}
        return cast("Call", self._sender.send("PUT", f"{_call(contact_id)}/actions", body))

    def desktop_token(
        self, *, agent_id: str | None = None, contact_id: str | None = None, hours: float = 8.0
    ) -> Token:
        """Make a token that a browser may hold, for one agent's calls or for one call."""
        asked = {"agent_id": agent_id, "contact_id": contact_id, "hours": hours}
        body = {name: value for name, value in asked.items() if value is not None}
        return cast("Token", self._sender.send("POST", "/v1/desktop-tokens", body))

    def follow(
        self,
        *,
        agent_id: str | None = None,
        contact_id: str | None = None,
        tries: int | None = None,
    ) -> Iterator[Call]:
        """Follow a call, or whichever call an agent is on: the call after each score.

        Parameters
        ----------
        agent_id, contact_id : str, optional
            One of both.
        tries : int, optional
            How many connections in turn may fail before it is an error; None: any number.
        """
        if (agent_id is None) == (contact_id is None):
            raise TypeError("give one of agent_id and contact_id")
        place = _call(contact_id) if contact_id is not None else f"/v1/agents/{_safe(agent_id)}"
        return iter(Follower(self._sender, f"{place}/events", tries))


def _listed(contact_id: str) -> str:
    return f"/v1/at-risk/{_safe(contact_id)}"


def _call(contact_id: str) -> str:
    return f"/v1/calls/{_safe(contact_id)}"


def _safe(name: str | None) -> str:
    return quote(str(name), safe="")


def _parts(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
