"""Genesys Cloud conversation details: one conversation per record, all its legs inside."""

from pathlib import Path
from typing import Any

from recontact.sources.contacts import Rows
from recontact.sources.fields import Record, instant, number, part, parts, text
from recontact.sources.genesys_legs import (
    AGENTS,
    CUSTOMERS,
    SERVED,
    dropped_at_the_end,
    events_of,
    holds_of,
    legs_of,
    metrics_of,
    seconds_of,
    transfers_of,
)
from recontact.sources.mapping import Mapping
from recontact.sources.vendor import Told, read_export

KEYS = ("conversations",)
HAPPENS = ("answered", "hold", "resume", "transfer")
MEDIA = {
    **{name: name for name in ("voice", "chat", "email", "video")},
    "message": "messaging",
    "callback": "voice",
}
WRITTEN = ("email", "message", "chat")


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
    return read_export(files, mapping, _told, KEYS, HAPPENS)


def _told(record: Record) -> Told:
    people = parts(record, "participants")
    legs = sorted(legs_of(people), key=lambda leg: leg.started)
    served = [leg for leg in legs if leg.by(AGENTS) and leg.kind in SERVED]
    metrics = list(metrics_of(people))
    wrapups = [leg.segment for leg in legs if leg.kind == "wrapup" and leg.by(AGENTS)]
    customer = _customer(people)
    identity, number_of = _identity(customer)
    queue = next((text(leg.segment, "queueId") for leg in legs if leg.segment.get("queueId")), None)
    first = served[0].participant if served else {}
    ends = [leg.ended for leg in legs if leg.ended]
    told = [metric.at for metric in metrics if metric.at]
    ended = instant(record, "conversationEnd")
    transfers, handed_on = transfers_of(legs, metrics)
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
        "wait_s": seconds_of(metrics, "tWait", "tAcd"),
        "talk_s": seconds_of(metrics, "tTalk", "tTalkComplete"),
        "hold_s": seconds_of(metrics, "tHeld", "tHeldComplete"),
        "wrap_s": seconds_of(metrics, "tAcw"),
        "hold_count": holds_of(served, metrics),
        "transfer_count": transfers,
        "nps": _score(record),
        "dropped": dropped_at_the_end(legs),
        "notes": "\n".join(filter(None, (text(one, "wrapUpNote") for one in wrapups))) or None,
        "known_at": max([ended, *ends, *told]) if ended else None,
        "ani": number_of,
        "dnis": _number(text(customer[0], "dnis")) if customer else None,
    }
    events = events_of(served, handed_on, legs)
    return Told(row, events, _fields(record, people, wrapups))


def _customer(people: list[Record]) -> list[Record]:
    """Give the sessions of the customer, that of the conversation's first medium first.

    The participant goes along in each as what it is there: the contact in the address book.
    """
    return [
        session | {"externalContactId": participant.get("externalContactId")}
        for participant in people
        if participant.get("purpose") in CUSTOMERS
        for session in parts(participant, "sessions")
        if text(session, "mediaType") in MEDIA
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
        if address and address.isdecimal() and text(session, "messageType") == "whatsapp":
            return known, f"+{address}"  # numbers there are international without the sign
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


def _score(record: Record) -> float | None:
    scores = [number(survey, "surveyPromoterScore") for survey in parts(record, "surveys")]
    return next((score for score in reversed(scores) if score is not None), None)


def _last(records: list[Record], name: str) -> str | None:
    return next(filter(None, (text(record, name) for record in reversed(records))), None)


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
