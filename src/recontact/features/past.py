"""A contact of the past as a row of numbers: what the policy and time say of it."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from recontact.contacts import normalise_reason
from recontact.epoch import micros
from recontact.features.arrays import issue_columns
from recontact.labels.rules import window_of
from recontact.policy import Policy

Contact = Mapping[str, Any]

NOT_YET = micros(dt.datetime(9999, 1, 1, tzinfo=dt.UTC))
HASHES = 2**63 - 1


class Past(NamedTuple):
    """A contact made ready to be walked over.

    `numbers` are its row in the order of `History`: started, ended, known, window; arrives,
    outbound, unhandled, counts_unhandled, excluded, escalated (0 or 1); then for each of two ways
    of relating its issue, -1 for none; then the instants from which others know these.
    """

    started: int
    contact_id: str
    numbers: tuple[int, ...]
    record: Contact


@dataclass(frozen=True)
class Rules:
    """What a program's policy says of one contact."""

    policy: Policy
    known: Mapping[str, str]
    columns: tuple[str | None, ...] = field(init=False)
    window: Callable[[str | None], int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", issue_columns(self.policy))
        windows = lru_cache(4096)(lambda reason: window_of(self.policy, reason))
        object.__setattr__(self, "window", windows)

    def numbers(self, contact: Contact, started: int, known: int) -> tuple[int, ...]:
        """Give what `Past.numbers` holds behind the three instants."""
        policy = self.policy
        reason = normalise_reason(contact.get("reason"))
        channels = policy.counted_channels
        arrives = (contact.get("direction") or "inbound") == "inbound" and (
            channels is None or (contact.get("channel") or "voice") in channels
        )
        return (
            self.window(reason),
            arrives,
            contact.get("direction") == "outbound",
            contact.get("handled") is False,
            policy.count_unhandled,
            (contact.get("disposition") or None) in policy.exclude_dispositions,
            is_escalated(contact),
            *(self._issue(way, contact, reason) for way in range(2)),
            *(self._issue_from(way, started, known) for way in range(2)),
        )

    def _issue(self, way: int, contact: Contact, reason: str | None) -> int:
        """Number an issue: equal ones alike, which is all that matters."""
        column = self.columns[way]
        if column is None or not contact.get("customer_id"):
            return -1
        if not column:
            return 0
        text = (
            normalise_reason(reason, self.policy.reason_level) if way == 0 else contact.get(column)
        )
        return hash(text) & HASHES if text else -1

    def _issue_from(self, way: int, started: int, known: int) -> int:
        column = self.columns[way]
        at_start = column is not None and (not column or self.known[column] == "start")
        return started if at_start else known


def instant_of(value: dt.datetime | None, otherwise: int) -> int:
    """Give an instant in microseconds; another one where it is unknown."""
    return otherwise if value is None else micros(value)


def is_escalated(contact: Contact) -> bool:
    """Tell whether a contact was escalated; where it does not say, whether it reached tier 2."""
    own = contact.get("escalated")
    return bool(own) if own is not None else (contact.get("tier") or 0) >= 2
