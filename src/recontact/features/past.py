"""Contacts of the past made ready to be walked over: what policy, steps and time say of each."""

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import nan
from struct import Struct
from typing import Any, NamedTuple

import numpy as np

from recontact.contacts import normalise_reason
from recontact.durations import SECOND
from recontact.epoch import micros
from recontact.features.arrays import WAYS, issue_columns
from recontact.features.columns import is_below
from recontact.features.measures import DURATION, Condition
from recontact.features.shapes import History
from recontact.features.walks import Test, Walks
from recontact.labels.rules import window_of
from recontact.policy import Policy

Contact = Mapping[str, Any]

NOT_YET = micros(dt.datetime(9999, 1, 1, tzinfo=dt.UTC))
HASHES = 2**63 - 1
MEANT = {"channel": "voice", "direction": "inbound", "handled": True}  # by a null
RULED = ("reason", "direction", "channel", "handled", "disposition", "escalated", "tier")
MOST_SAID = 20_000
TIMES, FLAGS = 5, 5  # of the numbers of a past contact: first these, then keys, tests and texts


class Past(NamedTuple):
    """A contact made ready.

    `numbers` are its fields of `History` in their order: started, ended, known, window,
    window_before; arrives, unhandled, counts_unhandled, excluded, escalated (0 or 1); its issue in
    each way of relating and from when others know it; then what of the tests holds, and its texts.
    `values` are its number columns. Both are bytes of eight each, which are soon put together.
    """

    started: int
    contact_id: str
    known: int
    numbers: bytes
    values: bytes
    record: Contact


@dataclass(frozen=True)
class Pasts:
    """A customer's contacts in order, ready to be looked back at again and again."""

    contacts: tuple[Past, ...]
    walks: Walks

    @classmethod
    def of(cls, contacts: Iterable[Past], walks: Walks) -> "Pasts":
        """Put contacts in order."""
        return cls(tuple(sorted(contacts, key=lambda past: past[:2])), walks)

    def place(self, started: int, contact_id: str) -> int:
        """Tell how many of them came earlier in order than another contact."""
        return bisect_left(self._places, (started, contact_id))

    @cached_property
    def _places(self) -> list[tuple[int, str]]:
        return [past[:2] for past in self.contacts]

    @cached_property
    def history(self) -> History:
        """The arrays that the compiled loop reads."""
        size, tests = len(self.contacts), len(self.walks.tests)
        rows = np.frombuffer(b"".join([past.numbers for past in self.contacts]), np.int64)
        values = np.frombuffer(b"".join([past.values for past in self.contacts]), np.float64)
        # Copies: the loop would be compiled anew for arrays that can't be written to.
        table = np.array(rows.reshape(size, _width(self.walks)).T, order="C")
        flags, rest = table[TIMES : TIMES + FLAGS] > 0, table[TIMES + FLAGS :]
        return History._make(
            (
                *table[:TIMES],
                *flags,
                rest[:WAYS],
                rest[WAYS : 2 * WAYS],
                rest[2 * WAYS : 2 * WAYS + tests] > 0,
                np.array(values.reshape(size, len(self.walks.values)).T, order="C"),
                rest[2 * WAYS + tests :],
            )
        )


def _width(walks: Walks) -> int:
    return TIMES + FLAGS + 2 * WAYS + len(walks.tests) + len(walks.codes)


class Said(NamedTuple):
    """What the rules say of all contacts that say the same.

    `rules` are numbers of `Past` from the window to escalated; `reason` is in its one form.
    """

    rules: tuple[int, ...]
    reason: str | None
    tests: tuple[bool, ...]


@dataclass(frozen=True)
class Rules:
    """What a program's policy, and the steps of the walk, say of one contact."""

    policy: Policy
    known: Mapping[str, str]
    walks: Walks
    columns: tuple[str | None, ...] = field(init=False)
    window: Callable[[str | None], int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", issue_columns(self.policy))
        windows = lru_cache(4096)(lambda reason: window_of(self.policy, reason))
        object.__setattr__(self, "window", windows)

    def past(self, contact: Contact) -> Past:
        """Make ready a contact.

        Parameters
        ----------
        contact : mapping
            Columns that are known; without `ended_at` it goes on, without `known_at` its record
            came with its end.
        """
        started = micros(contact["started_at"])
        ended = instant_of(contact.get("ended_at"), NOT_YET)
        known = instant_of(contact.get("known_at"), ended)
        get = contact.get
        key = tuple([get(name) for name in self._told])
        said = self._said.get(key)
        if said is None:
            if len(self._said) >= MOST_SAID:
                self._said.clear()
            said = self._said[key] = self._says(contact)
        numbers = (
            started, ended, known, *said.rules, *self.issues(contact, said.reason),
            *[started if at_start else known for at_start in self._at_start],
            *(said.tests if self._tests_told else self._tests(contact)), *self.codes(contact),
        )  # fmt: skip
        lasted = nan if ended == NOT_YET else (ended - started) / SECOND
        values = [
            lasted if name == DURATION else nan if (value := get(name)) is None else float(value)
            for name in self.walks.values
        ]
        packed = self._numbers.pack(*numbers), self._values.pack(*values)
        return Past(started, contact["contact_id"], known, *packed, contact)

    @cached_property
    def _numbers(self) -> Struct:
        return Struct(f"{_width(self.walks)}q")

    @cached_property
    def _values(self) -> Struct:
        return Struct(f"{len(self.walks.values)}d")

    def _says(self, contact: Contact) -> "Said":
        """Tell what hangs on a few texts and flags: most contacts share theirs with others."""
        policy = self.policy
        reason = normalise_reason(contact.get("reason"))
        channels = policy.counted_channels
        arrives = in_effect(contact, "direction") == "inbound" and (
            channels is None or in_effect(contact, "channel") in channels
        )
        rules = (
            self.window(reason),
            self.window(reason if self.known["reason"] == "start" else None),
            arrives,
            contact.get("handled") is False,
            policy.count_unhandled,
            (contact.get("disposition") or None) in policy.exclude_dispositions,
            is_escalated(contact),
        )
        return Said(rules, reason, self._tests(contact) if self._tests_told else ())

    def _tests(self, contact: Contact) -> tuple[bool, ...]:
        return tuple([holds_all(contact, test) for test in self.walks.tests])

    @cached_property
    def _said(self) -> "dict[tuple[Any, ...], Said]":
        return {}

    @cached_property
    def _tests_told(self) -> bool:
        """Whether all tests ask for one of some values, and none for a number in a span."""
        return all(condition.values for test in self.walks.tests for condition in test)

    @cached_property
    def _told(self) -> tuple[str, ...]:
        """The columns that `_says` looks at."""
        tested = (c.column for test in self.walks.tests for c in test) if self._tests_told else ()
        return tuple(dict.fromkeys((*RULED, *tested)))

    @cached_property
    def _at_start(self) -> tuple[bool, ...]:
        """For each way of relating, whether others see the issue from a contact's start on."""
        return tuple(
            column is not None and (not column or self.known[column] == "start")
            for column in self.columns[:WAYS]
        )

    def codes(self, contact: Contact) -> list[int]:
        """Number the texts that the walk compares: equal ones alike, -1 for none."""
        return [code_of(contact, name) for name in self.walks.codes]

    def issues(self, contact: Contact, reason: str | None) -> list[int]:
        """Number its issue in each way of relating: equal ones alike, -1 for none."""
        return [self._issue(way, contact, reason) for way in range(WAYS)]

    def _issue(self, way: int, contact: Contact, reason: str | None) -> int:
        column = self.columns[way]
        if column is None or not contact.get("customer_id"):
            return -1
        if not column:
            return 0
        text = (
            normalise_reason(reason, self.policy.reason_level) if way == 0 else contact.get(column)
        )
        return hash(text) & HASHES if text else -1


def in_effect(contact: Contact, name: str) -> Any:
    """Give a column with what its null means; an empty text is null."""
    if name == "escalated":
        return is_escalated(contact)
    value = text_of(contact, name)
    return MEANT.get(name) if value is None else value


def text_of(contact: Contact, name: str) -> Any:
    """Give a column as it stands; an empty text is None, a reason in its one form."""
    value = contact.get(name)
    if name == "reason":
        return normalise_reason(value)
    return None if value == "" else value


def code_of(contact: Contact, name: str) -> int:
    """Number a text, or what stands for one: equal ones alike, -1 for none.

    Examples
    --------
    >>> floors = [code_of({"floor": value}, "floor") for value in (-1, -2, 3, 3.0, None)]
    >>> floors[0] == floors[1], floors[2] == floors[3], floors[4]
    (False, True, -1)
    """
    value = contact.get(name)
    if type(value) is str and name != "reason":
        return hash(value) & HASHES if value else -1
    value = text_of(contact, name)
    if isinstance(value, int | float):
        value = str(float(value))  # -1 and -2 have one hash
    return -1 if value is None else hash(value) & HASHES


def number_of(contact: Contact, name: str) -> float:
    """Give a column as a number, nan where there is none."""
    if name == DURATION:
        ended = contact.get("ended_at")
        return np.nan if ended is None else (micros(ended) - micros(contact["started_at"])) / SECOND
    value = contact.get(name)
    return np.nan if value is None else float(value)


def holds_all(contact: Contact, test: Test) -> bool:
    """Tell whether all conditions hold of a contact."""
    return all(_holds(contact, condition) for condition in test)


def _holds(contact: Contact, condition: Condition) -> bool:
    if not condition.values:
        least = -np.inf if condition.at_least is None else condition.at_least
        below = np.inf if condition.below is None else condition.below
        return bool(least <= number_of(contact, condition.column) < below)
    value = in_effect(contact, condition.column)
    if value is None:
        return False
    if condition.column == "reason":
        return any(is_below(value, wanted) for wanted in condition.values)
    return value in condition.values


def instant_of(value: dt.datetime | None, otherwise: int) -> int:
    """Give an instant in microseconds; another one where it is unknown."""
    return otherwise if value is None else micros(value)


def is_escalated(contact: Contact) -> bool:
    """Tell whether a contact was escalated; where it does not say, whether it reached tier 2."""
    own = contact.get("escalated")
    return bool(own) if own is not None else (contact.get("tier") or 0) >= 2
