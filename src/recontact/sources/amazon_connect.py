"""Amazon Connect contact records: one record per leg, delivered at least once."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from recontact.contacts import known_of
from recontact.sources.contacts import Rows
from recontact.sources.fields import Record, instant, number, part, text, whole
from recontact.sources.mapping import Mapping
from recontact.sources.vendor import Event, Told, read_export

KEYS = ("Contacts", "ContactRecords")
HAPPENS = ("answered", "transfer")
CHANNELS = {"VOICE": "voice", "CHAT": "chat", "EMAIL": "email", "TASK": "task"}
TYPED = {"connect:SMS", "connect:WhatsApp", "connect:Apple"}  # subtypes of CHAT: short messages
CONTINUED = {"TRANSFER", "QUEUE_TRANSFER", "DISCONNECT"}  # a further leg of the contact before
OUTBOUND = {"OUTBOUND", "CALLBACK", "EXTERNAL_OUTBOUND", "AGENT_REPLY"}
LEVELS = ("Level5", "Level4", "Level3", "Level2", "Level1")
CHAIN = ("initial_contact_id", "previous_contact_id", "continued")  # columns for `_interactions`


def read_contact_records(files: list[Path], mapping: Mapping) -> Rows:
    r"""Read contact records: one row per record, the legs of one contact by `interaction_id`.

    Parameters
    ----------
    files : list of pathlib.Path
        JSON files.
    mapping : Mapping
        Takes what only the user knows, as ``columns: {reason: Attributes.CallReason}``.

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
    >>> path = Path(tempfile.mkdtemp()) / "records.jsonl"
    >>> _ = path.write_text('''
    ... {"ContactId": "a", "Channel": "VOICE", "InitiationMethod": "INBOUND",
    ...  "InitiationTimestamp": "2026-01-01T10:00:00Z",
    ...  "DisconnectTimestamp": "2026-01-01T10:02:00Z", "Queue": {"Name": "care",
    ...  "EnqueueTimestamp": "2026-01-01T10:00:20Z", "Duration": 100}}''')
    >>> [row] = read_contact_records([path], Mapping()).good.to_pylist()
    >>> row["queue"], row["wait_s"], row["handled"]
    ('care', 100.0, False)
    """
    rows = read_export(files, mapping, _told, KEYS, HAPPENS)
    good = rows.good.select([name for name in rows.good.column_names if name not in CHAIN])
    if len(good) and not {"interaction_id"} & {*mapping.columns, *mapping.constants}:
        at = good.column_names.index("interaction_id")
        good = good.set_column(at, "interaction_id", _interactions(rows.good))
    return Rows(good, rows.where, rows.rejects, rows.read, events=rows.events)


def _told(record: Record) -> Told:
    queue, agent = part(record, "Queue"), part(record, "Agent")
    method, channel = text(record, "InitiationMethod"), text(record, "Channel")
    connected = instant(agent, "ConnectedToAgentTimestamp")
    transferred = bool(part(record, "TransferredToEndpoint"))
    customer, by_mail = _customer(record)
    row: dict[str, Any] = {
        "contact_id": text(record, "ContactId"),
        "customer_id": text(record, "CustomerId") or by_mail,
        "started_at": instant(record, "InitiationTimestamp"),
        "ended_at": instant(record, "DisconnectTimestamp"),
        "interaction_id": None,
        "channel": _channel(record, channel),
        "direction": _direction(method, channel),
        "handled": _handled(record, queue, connected),
        "queue": text(queue, "Name") or text(queue, "ARN"),
        "agent_id": text(agent, "Username") or text(agent, "ARN"),
        "team": _team(agent),
        "wait_s": number(queue, "Duration"),
        "talk_s": number(agent, "AgentInteractionDuration"),
        "hold_s": number(agent, "CustomerHoldDuration"),
        "wrap_s": number(agent, "AfterContactWorkDuration"),
        "hold_count": whole(agent, "NumberOfHolds"),
        "transfer_count": (method in CONTINUED and method != "DISCONNECT") + transferred,
        "dropped": _dropped(record),
        "known_at": instant(record, "LastUpdateTimestamp"),
        "ani": customer,
        "dnis": text(part(record, "SystemEndpoint"), "Address"),
        "initial_contact_id": text(record, "InitialContactId"),
        "previous_contact_id": text(record, "PreviousContactId"),
        "continued": "yes" if method in CONTINUED else None,
    }
    return Told(row, _events(record, row, connected), record)


def _customer(record: Record) -> tuple[str | None, str | None]:
    """Give the customer's number, or else the address that mails come from."""
    endpoint = part(record, "CustomerEndpoint")
    address = text(endpoint, "Address")
    if address and (text(endpoint, "Type") == "EMAIL_ADDRESS" or "@" in address):
        return None, address.lower()
    return address, None


def _channel(record: Record, channel: str | None) -> str | None:
    subtype = text(part(part(record, "SegmentAttributes"), "connect:Subtype"), "ValueString")
    if channel == "CHAT" and subtype in TYPED:
        return "messaging"
    return CHANNELS.get(channel, channel.lower()) if channel else None


def _direction(method: str | None, channel: str | None) -> str | None:
    """Tell who began; of a further leg, the first leg tells."""
    if channel == "TASK" or method == "MONITOR":
        return "internal"
    if method in OUTBOUND or (method == "API" and channel == "VOICE"):
        return "outbound"
    return None if method in CONTINUED or method is None else "inbound"


def _handled(record: Record, queue: Record, connected: datetime | None) -> bool:
    """Tell whether an agent, or where nobody was asked for the flow itself, served the customer."""
    if connected or instant(queue, "EnqueueTimestamp"):
        return bool(connected)
    return text(record, "DisconnectReason") == "CONTACT_FLOW_DISCONNECT"


def _team(agent: Record) -> str | None:
    """Give the group of the lowest level that the agent is in."""
    groups = part(agent, "HierarchyGroups")
    lowest = next((level for level in LEVELS if groups.get(level)), "")
    return text(part(groups, lowest), "GroupName")


def _dropped(record: Record) -> bool | None:
    reason = text(record, "DisconnectReason")
    return None if reason is None else reason == "TELECOM_PROBLEM"


def _events(record: Record, row: dict[str, Any], connected: datetime | None) -> list[Event]:
    found = []
    if row["continued"] and row["transfer_count"] and row["started_at"]:
        found.append(Event(row["started_at"], "transfer", row["queue"]))
    if connected:
        found.append(Event(connected, "answered", row["queue"], row["agent_id"]))
    out = instant(record, "TransferCompletedTimestamp")
    if out:
        found.append(Event(out, "transfer", None, row["agent_id"]))
    return found


def _interactions(rows: pa.Table) -> pa.Array:
    """Name the contact that each record is a leg of: the first of its chain.

    A transferred contact names the one before it. What begins a contact of its own, such as a
    queued callback, does not, though it names the initial contact of the chain too.
    """
    names = ["contact_id", *CHAIN]
    ids, initial, previous, continued = (rows[name].to_pylist() for name in names)
    order = known_of(rows).argsort(kind="stable").tolist()
    before = {ids[i]: previous[i] or initial[i] if continued[i] else None for i in order}
    begun = {ids[i]: initial[i] for i in order}
    return pa.array([_first(contact, before, begun) for contact in ids], pa.string())


def _first(contact: str, before: dict[str, str | None], initial: dict[str, str | None]) -> str:
    """Go back along a chain; where a record of it is missing, the initial contact is taken."""
    passed = {contact}
    while (earlier := before.get(contact)) and earlier not in passed:
        if earlier not in before:
            return initial.get(contact) or earlier
        passed.add(earlier)
        contact = earlier
    return contact
