"""What the segments and metrics of a Genesys Cloud conversation tell together."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from recontact.sources.fields import Record, instant, number, parts, text
from recontact.sources.vendor import Event

CUSTOMERS = ("customer", "external")
AGENTS = ("agent", "user")
SERVED = ("interact", "hold")  # segments in which an agent is with the customer
TRANSFERS = {
    *("transfer", "consultTransfer", "conferenceTransfer", "forwardTransfer"),
    *("noAnswerTransfer", "notAvailableTransfer", "dndTransfer"),
}
METRICS = (
    *("tTalk", "tTalkComplete", "tHeld", "tHeldComplete", "tAcw", "tWait", "tAcd"),
    "nTransferred",
)
LOST = {"error", "transportFailure"}


class Leg(NamedTuple):
    """A segment with the session and the participant that it is part of.

    Attributes
    ----------
    participant, session, segment : dict
        As in the record.
    kind : str or None
        What goes on in it: ``interact``, ``hold``, ``wrapup`` ...
    left : str or None
        How it was left: ``peer``, ``transfer`` ...
    started, ended : datetime
        When; `ended` None while it goes on.
    """

    participant: Record
    session: Record
    segment: Record
    kind: str | None
    left: str | None
    started: datetime
    ended: datetime | None

    def by(self, purposes: tuple[str, ...]) -> bool:
        """Tell whether it is a segment of such a participant."""
        return self.participant.get("purpose") in purposes


class Metric(NamedTuple):
    """A figure of a session, when it was told, and whose session it is."""

    name: str
    value: float
    at: datetime | None
    user: str | None


class HandedOn(NamedTuple):
    """When an agent handed the conversation on, and who."""

    at: datetime
    user: str | None


def legs_of(people: list[Record]) -> Iterator[Leg]:
    """Give all segments that have begun."""
    for participant in people:
        for session in parts(participant, "sessions"):
            for segment in parts(session, "segments"):
                started = instant(segment, "segmentStart")
                if started:
                    kind, left = text(segment, "segmentType"), text(segment, "disconnectType")
                    ended = instant(segment, "segmentEnd")
                    yield Leg(participant, session, segment, kind, left, started, ended)


def metrics_of(people: list[Record]) -> Iterator[Metric]:
    """Give those metrics of all sessions that are read."""
    for participant in people:
        user = text(participant, "userId")
        for session in parts(participant, "sessions"):
            for one in parts(session, "metrics"):
                if (name := one.get("name")) in METRICS:
                    value, told = number(one, "value") or 0.0, instant(one, "emitDate")
                    yield Metric(name, value, told, user)


def seconds_of(metrics: list[Metric], *names: str) -> float | None:
    """Sum a time over all sessions, of the first name that is there."""
    for name in names:
        values = [metric.value for metric in metrics if metric.name == name]
        if values:
            return sum(values) / 1000
    return None


def holds_of(served: list[Leg], metrics: list[Metric]) -> int | None:
    """Count how often the customer was put on hold; unknown where nobody served."""
    if not served:
        return None
    held = sum(leg.kind == "hold" for leg in served)
    return held or sum(metric.name == "tHeld" for metric in metrics)


def transfers_of(legs: list[Leg], metrics: list[Metric]) -> tuple[int, list[HandedOn]]:
    """Count how often agents handed the conversation on, and tell when."""
    counted = [metric for metric in metrics if metric.name == "nTransferred"]
    if counted:
        told = [HandedOn(one.at, one.user) for one in counted if one.at and one.value]
        return int(sum(metric.value for metric in counted)), told
    served = [leg for leg in legs if leg.by(AGENTS) and leg.kind in SERVED]
    handed = [leg for leg in served if leg.left in TRANSFERS]
    ends = [(leg.ended, text(leg.participant, "userId")) for leg in handed]
    return len(handed), [HandedOn(at, user) for at, user in ends if at]


def dropped_at_the_end(legs: list[Leg]) -> bool | None:
    """Tell whether the line was lost at the end, on the side of the customer or of the agent."""
    ends = [
        (leg.ended, leg.left)
        for leg in legs
        if leg.ended and leg.left
        if leg.by(CUSTOMERS + AGENTS) and leg.kind not in ("wrapup", "alert")
    ]
    last = max((ended for ended, _ in ends), default=None)
    return any(how in LOST for ended, how in ends if ended == last) if ends else None


def events_of(served: list[Leg], transfers: list[HandedOn], legs: list[Leg]) -> list[Event]:
    """Tell what happened while agents served the customer."""
    found = []
    answered: set[int] = set()
    for leg in served:
        who = text(leg.segment, "queueId"), text(leg.participant, "userId")
        if id(leg.session) not in answered:
            answered.add(id(leg.session))
            found.append(Event(leg.started, "answered", *who))
        if leg.kind == "hold":
            found.append(Event(leg.started, "hold", *who))
            if leg.ended:
                found.append(Event(leg.ended, "resume", *who))
    for at, user in transfers:
        after = (leg for leg in legs if leg.started >= at and leg.kind != "wrapup")
        to = (text(leg.segment, "queueId") for leg in after)
        found.append(Event(at, "transfer", next(filter(None, to), None), user))
    return found
