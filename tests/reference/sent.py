"""What a live service is sent of a contact, and what it holds of others, at an instant."""

import datetime as dt

from tests.reference.features import SO_FAR, known_at

KEYS = ("contact_id", "started_at")


def columns(contact, known, moments):
    return {k: v for k, v in contact.items() if known.get(k) in moments}


def arrival(contact, known):
    """The columns that a start request carries."""
    return columns(contact, known, {"start"}) | {name: contact[name] for name in KEYS}


def request(contact, known, moment, at, so_far=None):
    """What is sent at a moment: no more than is known, but at wrap-up the whole record."""
    sent = arrival(contact, known)
    later = {k: v for k, v in columns(contact, known, {"live"}).items() if k not in SO_FAR}
    if moment == "live":
        wait = contact["wait_s"]
        answered = wait is not None and at - contact["started_at"] > dt.timedelta(seconds=wait)
        sent |= later if answered else {}
        sent |= so_far or {}
    if moment == "wrapup":
        sent |= contact
    return sent


def held(contact, known, at):
    """What the service holds of another contact just before an instant."""
    if known_at(contact) < at:
        return contact
    begun = arrival(contact, known)
    if contact["ended_at"] < at:  # its record is known to come; its end and handling are
        over = {name: contact[name] for name in ("ended_at", "handled")}
        begun |= over | {"known_at": known_at(contact)}
    return begun


def others(contacts, contact, known, at):
    """What the service holds of the same customer's other contacts in the same program."""
    return [
        held(other, known, at)
        for other in contacts
        if contact["customer_id"] is not None
        and other["customer_id"] == contact["customer_id"]
        and other["program"] == contact["program"]
        and other["started_at"] < at
        and other["contact_id"] != contact["contact_id"]
    ]
