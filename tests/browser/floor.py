"""A contact centre's floor for the tests of pages: people of each role, and contacts by team."""

import datetime as dt
from dataclasses import dataclass, field
from itertools import count

import httpx
from tests.browser.desks import Desk

from recontact.policy import Policy
from recontact_serving.follow_up.following_up import act
from recontact_serving.people import accounts, keys, sessions
from recontact_serving.people.access import Access
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import now
from recontact_serving.storage.database import Database

PASSWORD = "correct horse battery"  # noqa: S105 - of people made up here
REASONS = ("billing > invoice", "delivery > late")
LONG = "an uncommonly-long-name-without-a-place-to-break-" * 3


@dataclass
class Floor:
    """A service with keys, whose teams the tests share out among them.

    Each test uses a team of its own, so that none sees what another does.
    """

    desk: Desk
    key: str
    _numbers: count = field(default_factory=count)

    @classmethod
    def opened(cls, url: str) -> "Floor":
        database = Database(url)
        with database.write() as db:
            key = keys.add(db, "desktop", keys.SCOPES)
            accounts.add_user(db, "admin", PASSWORD, "admin")
        database.close()
        desk = Desk(Settings(url))
        desk.models.policy = Policy()  # type: ignore[attr-defined] - as real scorers have one
        return cls(desk, key)

    @property
    def address(self) -> str:
        return self.desk.address

    def person(self, name: str, role: str, team: str | None = None, **more: object) -> str:
        """Add somebody who sees one team, or all."""
        with self.desk.service.database.write() as db:
            teams = None if team is None else [team]
            accounts.add_user(db, name, PASSWORD, role, teams=teams, **more)
        return name

    def scored(self, team: str, number: int, **more: object) -> list[str]:
        """Score contacts of a team at wrap-up, the first the worst; return them in this order."""
        present = now()
        sent = []
        for place in range(number):
            at = present - dt.timedelta(minutes=10 + place)
            name = f"{team}-{next(self._numbers):03d}"
            sent.append(
                {
                    "contact_id": name,
                    "customer_id": f"customer {name}",
                    "program": "acme",
                    "queue": "billing",
                    "team": team,
                    "agent_id": f"{team}-agent",
                    "reason": REASONS[place % 2],
                    "started_at": at.isoformat(),
                    "ended_at": (at + dt.timedelta(minutes=5)).isoformat(),
                    **more,
                    "moment": "wrapup",
                    "explain": "always",
                    "attributes": {"repeated": round(0.9 - place / (2 * number), 4)},
                }
            )
        self.post("/v1/scores", {"requests": sent})
        return [one["contact_id"] for one in sent]

    def post(self, path: str, body: dict) -> dict:
        bearer = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.post(self.address + path, json=body, headers=bearer, timeout=60)
        return answer.raise_for_status().json()

    def done(self, who: str, contact_id: str, action: str, **details: object) -> None:
        """Let somebody do something."""
        with self.desk.service.database.write() as db:
            access: Access = accounts.find_user(db, who).access
            act(db, contact_id, action, details, access, now())

    def cookie(self, who: str) -> dict[str, str]:
        """Give the cookie of somebody who has signed in."""
        with self.desk.service.database.write() as db:
            token = sessions.begin(db, who)
        return {"name": "recontact_session", "value": token, "url": self.address}
