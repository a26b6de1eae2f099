"""The features of one contact while it goes on, from plain values: the batch's own meaning.

The history goes through the same compiled walk as in batch (`recontact.features.kernel`); what is
a mere copy, a look-up or a calendar figure is computed here value by value, since a table of one
row costs more than all of it. `tests/unit/test_parity.py` holds both to each other.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from recontact.contacts import normalise_reason
from recontact.durations import DAY, HOUR, SECOND
from recontact.epoch import EPOCH, micros
from recontact.features.declared import FEATURES, LAST, OWN
from recontact.features.kernel import NAMES, History, Seen, look_back
from recontact.features.known import extras
from recontact.features.moments import KEYS, MOMENTS, SO_FAR
from recontact.features.past import (
    NOT_YET,
    Contact,
    Past,
    Rules,
    instant_of,
    is_escalated,
)
from recontact.features.rates import ALL, ENTITIES, PRIOR, TARGETS, Rates
from recontact.features.table import LAST_ARRIVAL
from recontact.policy import Policy

Row = dict[str, Any]

NUMBERS = frozenset(feature.name for feature in FEATURES if feature.kind == "number")


@dataclass(frozen=True)
class Looked:
    """What is known of a contact at an instant.

    Attributes
    ----------
    row : dict
        `moment`, `at` (microseconds), the features, `repeated_already`, `escalation_already`.
    last : mapping or None
        The customer's last contact.
    last_known : bool
        Whether its record was known by then.
    """

    row: Row
    last: Contact | None
    last_known: bool


@dataclass(frozen=True)
class Live:
    """Evaluates contacts under one policy.

    Parameters
    ----------
    policy : Policy
        Which contacts count and how they relate.
    known : mapping of str to str
        Column to the moment from which it is known (`recontact.features.known_from`).
    texts : frozenset of str
        The extra columns that are categories; the others are numbers.

    Examples
    --------
    >>> day = lambda d: dt.datetime(2026, 1, d, tzinfo=dt.UTC)
    >>> from recontact.features.moments import KNOWN_FROM
    >>> live = Live(Policy(), KNOWN_FROM)
    >>> before = {"contact_id": "1", "customer_id": "x", "started_at": day(1), "ended_at": day(1)}
    >>> now = {"contact_id": "2", "customer_id": "x", "started_at": day(3)}
    >>> found = live.look(now, [live.past(before)], "start", day(3), Rates.from_rows([]))
    >>> found.row["contacts_7d"], found.row["since_last_s"], found.row["queue"]
    (1.0, 172800.0, None)
    """

    policy: Policy
    known: Mapping[str, str]
    texts: frozenset[str] = frozenset()
    policies: dict[str | None, "Rules"] = field(default_factory=dict, compare=False, repr=False)

    def past(self, contact: Contact) -> Past:
        """Make ready a contact of the past, or the one being scored.

        Parameters
        ----------
        contact : mapping
            Columns that are known; without `ended_at` it goes on, without `known_at` its record
            came with its end.
        """
        rules = self._rules(contact.get("program"))
        started = micros(contact["started_at"])
        ended = instant_of(contact.get("ended_at"), NOT_YET)
        known = instant_of(contact.get("known_at"), ended)
        return Past(
            started,
            contact["contact_id"],
            (started, ended, known, *rules.numbers(contact, started, known)),
            contact,
        )

    def look(
        self, contact: Contact, history: Sequence[Past], moment: str, at: dt.datetime, rates: Rates
    ) -> Looked:
        """Compute the features of a contact.

        Parameters
        ----------
        contact : mapping
            Its columns known so far.
        history : sequence of Past
            The same customer's other contacts in the same program.
        moment : {"start", "live", "wrapup"}
            When the score is asked for.
        at : datetime.datetime
            The instant of the request; at `wrapup`, `ended_at` where the contact has none.
        rates : Rates
            Cumulated labels of agents, queues and reasons.
        """
        ended = contact.get("ended_at") or at if moment == "wrapup" else None
        scored = self.past({**contact, "ended_at": ended, "known_at": ended})
        instant = scored.numbers[1] if ended else micros(at) if moment == "live" else scored.started
        own = self._own(contact, moment)
        pasts = sorted([*history, scored])
        seen = self._see(own, pasts, pasts.index(scored), instant)
        row: Row = {"contact_id": contact["contact_id"], "moment": moment, "at": instant}
        row |= _own_features(own, (instant - scored.started) / SECOND)
        row |= _history_features(seen)
        last = pasts[seen.last[0]] if seen.last[0] >= 0 else None
        last_known = last is not None and last.numbers[2] < instant
        row |= self._last_features(own, row, seen, last, last_known)
        row |= _rate_features(own, instant // DAY, rates) | _calendar(instant)
        row |= {name: self._extra(name, own.get(name)) for name in self._extras}
        row["repeated_already"] = bool(seen.repeated_already[0])
        row["escalation_already"] = bool(seen.escalation_already[0]) or is_escalated(own)
        return Looked(row, last.record if last else None, last_known)

    def _rules(self, program: str | None) -> "Rules":
        own = program if program in self.policy.by_program else None
        if own not in self.policies:
            self.policies[own] = Rules(self.policy.for_program(own), self.known)
        return self.policies[own]

    @cached_property
    def _extras(self) -> list[str]:
        return extras(self.known)

    @cached_property
    def _shown(self) -> dict[str, tuple[str, ...]]:
        """The columns of a contact itself that show at each moment."""
        return {
            moment: (*KEYS, *(name for name in self.known if self._shows(name, rank)))
            for rank, moment in enumerate(MOMENTS)
        }

    def _shows(self, name: str, rank: int) -> bool:
        since = MOMENTS.index(self.known[name])
        if name in SO_FAR and rank < 2:
            return rank == since == 1
        return since <= rank

    def _own(self, contact: Contact, moment: str) -> Row:
        """Take what is known of the contact itself; what is not, and empty text, is null."""
        given = ((name, contact.get(name)) for name in self._shown[moment])
        own = {name: None if value == "" else value for name, value in given}
        own["reason"] = normalise_reason(own.get("reason"))
        return own

    def _see(self, own: Row, pasts: list[Past], place: int, instant: int) -> Seen:
        size = len(pasts)
        seen = Seen(
            np.full((1, len(NAMES)), np.nan),
            np.full(1, -1),
            np.full(1, -1),
            np.zeros(1, bool),
            np.zeros(1, bool),
        )
        if own.get("customer_id") is None:
            return seen
        table = np.array([past.numbers for past in pasts], np.int64).T.copy()
        own_key = np.zeros((2, size), bool)
        for way, column in enumerate(self._rules(own.get("program")).columns):
            if column is not None:
                own_key[way, place] = own.get(column) is not None if column else True
        started, ended, known, window = table[:4]
        arrives, outbound, unhandled, counts_unhandled, excluded, escalated = table[4:10] > 0
        keys, key_from = table[10:12], table[12:14]
        own_key &= keys >= 0
        history = History(
            *(started, ended, known, window),
            *(arrives, outbound, unhandled, counts_unhandled, excluded, escalated),
            *(keys, key_from, own_key),
        )
        look_back(history, np.array([0, size]), np.array([place]), np.array([instant]), seen)
        return seen

    def _last_features(self, own: Row, row: Row, seen: Seen, last: Past | None, known: bool) -> Row:
        out: Row = dict.fromkeys(name for name, *_ in LAST)
        if last is None:
            return out
        for feature in out:
            name = feature.removeprefix("last_")
            if name in LAST_ARRIVAL or known or self.known.get(name) == "start":
                value = last.record.get(name)
                out[feature] = _number(value) if feature in NUMBERS else value or None
        if out["last_reason"]:
            out["last_reason"] = normalise_reason(out["last_reason"])
        same = row["same_issue_before"] is not None
        out["last_same_issue"] = float(seen.last[0] == seen.last_same[0]) if same else None
        queues = (own.get("queue"), last.record.get("queue") or None)
        out["last_same_queue"] = None if None in queues else float(queues[0] == queues[1])
        return out

    def _extra(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name not in self.texts:
            return float(value)
        return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _own_features(own: Row, elapsed_s: float) -> Row:
    reason = own["reason"]
    values = {
        **own,
        "reason_1": normalise_reason(reason, 1),
        "reason_2": normalise_reason(reason, 2),
        "elapsed_s": elapsed_s,
        "has_case": None if own.get("case_id") is None else 1.0,
    }
    return {
        name: _number(values.get(name)) if name in NUMBERS else values.get(name) for name, *_ in OWN
    }


def _history_features(seen: Seen) -> Row:
    values = seen.values[0].tolist()
    return {name: None if v != v else v for name, v in zip(NAMES, values, strict=True)}  # noqa: PLR0124 - nan


def _rate_features(own: Row, day: int, rates: Rates) -> Row:
    row: Row = {}
    program = own.get("program") or ""
    for target in TARGETS:
        count, positives = rates.kinds[f"{ALL}_{target}"].at(ALL, day)
        base = positives / count if count else None
        for entity, column in ENTITIES.items():
            name = own.get(column)
            found = (
                None
                if name is None
                else rates.kinds[f"{entity}_{target}"].at(f"{program} > {name}", day)
            )
            rate = None
            if found and base is not None:
                rate = (found[1] + PRIOR * base) / (found[0] + PRIOR)
            row[f"{entity}_{target}_rate"] = rate
            if target == "repeat":
                row[f"{entity}_judged"] = float(found[0]) if found else None
    return row


def _calendar(at: int) -> Row:
    day = at // DAY
    date = EPOCH.date() + dt.timedelta(days=day)
    return {
        "hour": (at - day * DAY) / HOUR,
        "weekday": float(date.weekday()),
        "month_day": float(date.day),
    }
