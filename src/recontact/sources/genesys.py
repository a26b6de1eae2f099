"""Genesys Cloud conversation details: one conversation per record, all its legs inside."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from recontact.sources.contacts import Rows
from recontact.sources.fields import Record, instant, number, part, parts, text
from recontact.sources.mapping import Mapping
from recontact.sources.vendor import Event, Told, read_export

KEYS = ("conversations",)
CUSTOMERS = ("customer", "external")
AGENTS = ("agent", "user")
MEDIA = {
    **{name: name for name in ("voice", "chat", "email", "video")},
    "message": "messaging",
    "callback": "voice",
}
SERVED = ("interact", "hold")  # segments in which an agent is with the customer
TRANSFERS = {
    *("transfer", "consultTransfer", "conferenceTransfer", "forwardTransfer"),
    *("noAnswerTransfer", "notAvailableTransfer", "dndTransfer"),
}
LOST = {"error", "transportFailure"}
WRITTEN = ("email", "message", "chat")


class Leg(NamedTuple):
    """A segment with the session and the participant that it is part of."""

    participant: Record
    session: Record
    segment: Record
    started: datetime
    ended: datetime | None


class Metric(NamedTuple):
    """A figure of a session, and when it was told."""

    name: str | None
    value: float
    at: datetime | None


def read_conversations(files: list[Path], mapping: Mapping) -> Rows:
    r"""Read conversation details: one row per conversation.

    Parameters
    ----------
    files : list of pathlib.Path
        JSON files: pages of a details query or job (``conversations``), or lines.
    mapping : Mapping
        Takes what only the user knows, as ``columns: {reason: wrapUpCode}``.

    Returns
    -------
    Rows

    Raises
    ------
    UserError
        A file can't be read at all.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "page.json"
    >>> _ = path.write_text('''{"conversations": [{"conversationId": "c1",
    ...   "conversationStart": "2026-01-01T10:00:00.000Z",
    ...   "conversationEnd": "2026-01-01T10:05:00.000Z", "originatingDirection": "inbound",
    ...   "participants": [{"purpose": "customer", "sessions": [{"mediaType": "voice",
    ...     "direction": "inbound", "ani": "tel:+4930901820"}]}]}]}''')
    >>> [row] = read_conversations([path], Mapping()).good.to_pylist()
    >>> row["channel"], row["direction"], row["ani"], row["handled"]
    ('voice', 'inbound', '+4930901820', False)
    """
    return read_export(files, mapping, _told, KEYS)


def _told(record: Record) -> Told:
    people = parts(record, "participants")
    legs = sorted(_legs(people), key=lambda leg: leg.started)
    served = [leg for leg in legs if _by(leg, AGENTS) and _kind(leg) in SERVED]
    metrics = list(_metrics(people))
    wrapups = [leg.segment for leg in legs if _kind(leg) == "wrapup" and _by(leg, AGENTS)]
    customer = _customer(people)
    identity, number_of = _identity(customer)
    queue = next((text(leg.segment, "queueId") for leg in legs if leg.segment.get("queueId")), None)
    first = served[0].participant if served else {}
    ends = [leg.ended for leg in legs if leg.ended]
    told = [metric.at for metric in metrics if metric.at]
    ended = instant(record, "conversationEnd")
    transfers = _transfers(legs, metrics)
    row: dict[str, Any] = {
        "contact_id": text(record, "conversationId"),
        "customer_id": identity,
        "started_at": instant(record, "conversationStart"),
        "ended_at": ended,
        "interaction_id": text(record, "associatedConversationId")
        or text(record, "conversationId"),
        "channel": _channel(customer),
        "direction": _direction(record, people, customer),
        "handled": bool(served) or record.get("selfServed") is True,
        "queue": queue,
        "agent_id": text(first, "userId"),
        "team": text(first, "teamId"),
        "disposition": _last(wrapups, "wrapUpCode"),
        "wait_s": _seconds(metrics, "tWait", "tAcd"),
        "talk_s": _seconds(metrics, "tTalk", "tTalkComplete"),
        "hold_s": _seconds(metrics, "tHeld", "tHeldComplete"),
        "wrap_s": _seconds(metrics, "tAcw"),
        "hold_count": _holds(served, metrics),
        "transfer_count": len(transfers),
        "nps": _score(record),
        "dropped": _dropped(legs),
        "notes": "\n".join(filter(None, (text(one, "wrapUpNote") for one in wrapups))) or None,
        "known_at": max([ended, *ends, *told]) if ended else None,
        "ani": number_of,
        "dnis": _number(text(customer[0], "dnis")) if customer else None,
    }
    events = _events(served, transfers, legs)
    return Told(row, events, _fields(record, people, wrapups))


def _legs(people: list[Record]) -> Iterator[Leg]:
    for participant in people:
        for session in parts(participant, "sessions"):
            for segment in parts(session, "segments"):
                started = instant(segment, "segmentStart")
                if started:
                    ended = instant(segment, "segmentEnd")
                    yield Leg(participant, session, segment, started, ended)


def _metrics(people: list[Record]) -> Iterator[Metric]:
    sessions = chain.from_iterable(parts(participant, "sessions") for participant in people)
    for session in sessions:
        for one in parts(session, "metrics"):
            value = number(one, "value")
            yield Metric(text(one, "name"), value or 0.0, instant(one, "emitDate"))


def _kind(leg: Leg) -> str | None:
    return text(leg.segment, "segmentType")


def _by(leg: Leg, purposes: tuple[str, ...]) -> bool:
    return leg.participant.get("purpose") in purposes


def _customer(people: list[Record]) -> list[Record]:
    """Give the sessions of the customer, that of the conversation's first medium first.

    The participant goes along in each as what it is there: the contact in the address book.
    """
    return [
        session | {"externalContactId": participant.get("externalContactId")}
        for participant in people
        if participant.get("purpose") in CUSTOMERS
        for session in parts(participant, "sessions")
        if session.get("mediaType") in MEDIA
    ]


def _identity(customer: list[Record]) -> tuple[str | None, str | None]:
    """Give the id of the customer's record or mail address, and the number of the phone."""
    known = next(filter(None, (text(one, "externalContactId") for one in customer)), None)
    if not customer:
        return None, None
    session = customer[0]
    ours = session.get("direction") == "outbound"
    if session.get("mediaType") in WRITTEN:
        address = text(session, "addressTo" if ours else "addressFrom")
        address = address or text(session, "addressOther")
        if address and "@" in address:
            return known or address.lower(), None
        return known, _number(address)
    callback = session.get("callbackNumbers")
    if isinstance(callback, list) and callback:
        return known, _number(str(callback[0]))
    return known, _number(text(session, "dnis" if ours else "ani"))


def _number(address: str | None) -> str | None:
    """Take a number out of an address such as ``tel:+49301234567``."""
    return address.removeprefix("tel:") if address else None


def _channel(customer: list[Record]) -> str | None:
    media = text(customer[0], "mediaType") if customer else None
    return MEDIA[media] if media else None


def _direction(record: Record, people: list[Record], customer: list[Record]) -> str | None:
    """Tell who began: we, where it began as a callback; nobody outside, where all are ours."""
    if people and not any(one.get("purpose") in CUSTOMERS for one in people):
        return "internal"
    if customer and customer[0].get("mediaType") == "callback":
        return "outbound"
    return text(record, "originatingDirection")


def _seconds(metrics: list[Metric], *names: str) -> float | None:
    """Sum a time over all sessions, of the first name that is there."""
    for name in names:
        values = [metric.value for metric in metrics if metric.name == name]
        if values:
            return sum(values) / 1000
    return None


def _holds(served: list[Leg], metrics: list[Metric]) -> int | None:
    if not served:
        return None
    held = sum(_kind(leg) == "hold" for leg in served)
    return held or sum(metric.name == "tHeld" for metric in metrics)


def _transfers(legs: list[Leg], metrics: list[Metric]) -> list[datetime]:
    """Give the instants at which agents handed the conversation on."""
    counted = [metric for metric in metrics if metric.name == "nTransferred"]
    told = [metric.at for metric in counted if metric.at for _ in range(int(metric.value))]
    if told:
        return sorted(told)
    ends = [leg for leg in legs if _by(leg, AGENTS) and _kind(leg) in SERVED]
    return [
        leg.ended for leg in ends if leg.ended and leg.segment.get("disconnectType") in TRANSFERS
    ]


def _dropped(legs: list[Leg]) -> bool | None:
    """Tell whether the line was lost at the end, on the side of the customer or of the agent."""
    ends = [
        (leg.ended, leg.segment["disconnectType"])
        for leg in legs
        if leg.ended and leg.segment.get("disconnectType")
        if _by(leg, CUSTOMERS + AGENTS) and _kind(leg) not in ("wrapup", "alert")
    ]
    last = max((ended for ended, _ in ends), default=None)
    return any(how in LOST for ended, how in ends if ended == last) if ends else None


def _score(record: Record) -> float | None:
    scores = [number(survey, "surveyPromoterScore") for survey in parts(record, "surveys")]
    return next((score for score in reversed(scores) if score is not None), None)


def _last(records: list[Record], name: str) -> str | None:
    return next(filter(None, (text(record, name) for record in reversed(records))), None)


def _events(served: list[Leg], transfers: list[datetime], legs: list[Leg]) -> list[Event]:
    found = []
    answered: set[int] = set()
    for leg in served:
        who = text(leg.segment, "queueId"), text(leg.participant, "userId")
        if id(leg.session) not in answered:
            answered.add(id(leg.session))
            found.append(Event(leg.started, "answered", *who))
        if _kind(leg) == "hold":
            found.append(Event(leg.started, "hold", *who))
            if leg.ended:
                found.append(Event(leg.ended, "resume", *who))
    for at in transfers:
        to = (text(leg.segment, "queueId") for leg in legs if leg.started >= at)
        found.append(Event(at, "transfer", next(filter(None, to), None)))
    return found


def _fields(record: Record, people: list[Record], wrapups: list[Record]) -> Record:
    """Add what lies deep inside the record, for the mapping file to name."""
    attributes: Record = {}
    for participant in people:
        attributes = part(participant, "attributes") | attributes
    queues = (text(one, "participantName") for one in people if one.get("purpose") == "acd")
    return record | {
        "attributes": attributes,
        "wrapUpCode": _last(wrapups, "wrapUpCode"),
        "wrapUpNote": _last(wrapups, "wrapUpNote"),
        "queueName": next(filter(None, queues), None),
    }
