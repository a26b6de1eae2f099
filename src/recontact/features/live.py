"""The features of one contact while it goes on, from plain values: the batch's own meaning.

The history goes through the same compiled walk as in batch (`recontact.features.kernel`); what is
a mere copy, a look-up or a calendar figure is computed here value by value, since a table of one
row costs more than all of it. `tests/unit/test_parity.py` holds both to each other.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from recontact.contacts import normalise_reason
from recontact.durations import DAY, HOUR, SECOND
from recontact.epoch import EPOCH, micros
from recontact.features.declared import FEATURES, Feature
from recontact.features.figures import Figures
from recontact.features.hashed_words import buckets_of
from recontact.features.kernel import look_back_once
from recontact.features.known import extras
from recontact.features.live_figures import LiveFigures, LoadsOfOne
from recontact.features.measures import ELAPSED, Calendar, Has, Itself, Own, Words
from recontact.features.measures import Past as Walked
from recontact.features.moments import KEYS, MOMENTS, SO_FAR, WRAPUP_DELAY_S
from recontact.features.past import Contact, Pasts, Rules, instant_of, is_escalated, text_of
from recontact.features.shapes import Floats
from recontact.features.walks import Walks
from recontact.policy import Policy

Row = dict[str, Any]
TOO_LATE = "too late"  # `wrapup` without the facts of wrap-up


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
    late : bool
        Whether the contact's own record came too late for its facts of the wrap-up to count.
    """

    row: Row
    last: Contact | None
    last_known: bool
    late: bool


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
    features : sequence of Feature
        What to compute.
    delay_s : float
        At `wrapup`, what is known from then on only counts where `known_at` is at most so many
        seconds after the end.

    Examples
    --------
    >>> day = lambda d: dt.datetime(2026, 1, d, tzinfo=dt.UTC)
    >>> from recontact.features.moments import KNOWN_FROM
    >>> live = Live(Policy(), KNOWN_FROM)
    >>> before = {"contact_id": "1", "customer_id": "x", "started_at": day(1), "ended_at": day(1)}
    >>> now = {"contact_id": "2", "customer_id": "x", "started_at": day(3)}
    >>> nothing = live.figures(Figures.none())
    >>> found = live.look(now, live.pasts([before]), "start", day(3), nothing)
    >>> found.row["contacts_7d"], found.row["since_last_s"], found.row["queue"]
    (1.0, 172800.0, None)
    """

    policy: Policy
    known: Mapping[str, str]
    texts: frozenset[str] = frozenset()
    features: Sequence[Feature] = FEATURES
    delay_s: float = WRAPUP_DELAY_S
    policies: dict[str | None, Rules] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def walks(self) -> Walks:
        """What is looked for in a customer's history."""
        return Walks.of([feature.measure for feature in self.features], self.known)

    def figures(self, figures: Figures, loads: LoadsOfOne | None = None) -> LiveFigures:
        """Make figures ready to be looked up one by one; how busy it is, others may tell."""
        return LiveFigures(figures.daily, loads or figures.loads, self.features, self.known)

    def pasts(self, contacts: Iterable[Contact]) -> Pasts:
        """Make ready a customer's other contacts in the same program.

        Parameters
        ----------
        contacts : iterable of mapping
            Columns that are known; without `ended_at` one goes on, without `known_at` its record
            came with its end.
        """
        made = (self.rules(contact.get("program")).past(contact) for contact in contacts)
        return Pasts.of(made, self.walks)

    def look(
        self, contact: Contact, pasts: Pasts, moment: str, at: dt.datetime, figures: LiveFigures
    ) -> Looked:
        """Compute the features of a contact.

        Parameters
        ----------
        contact : mapping
            Its columns known so far.
        pasts : Pasts
            The same customer's other contacts in the same program.
        moment : {"start", "live", "wrapup"}
            When the score is asked for.
        at : datetime.datetime
            The instant of the request; at `wrapup`, `ended_at` where the contact has none.
        figures : LiveFigures
            What is known of agents, queues, reasons ....
        """
        started = micros(contact["started_at"])
        instant = {"start": started, "live": micros(at)}.get(moment)
        if instant is None:
            instant = instant_of(contact.get("ended_at"), micros(at))
        late = moment == "wrapup" and self._comes_late(contact, instant)
        own = self._own(contact, TOO_LATE if late else moment)
        own[ELAPSED] = (instant - started) / SECOND
        seen, latest, repeated, escalated = self._see(own, pasts, started, instant)
        last = pasts.contacts[latest] if latest >= 0 else None
        row: Row = {"contact_id": contact["contact_id"], "moment": moment, "at": instant}
        for name, value in self._own_features:
            row[name] = value(own)
        row |= self._past_features(seen, pasts)
        row |= _calendar(instant, self._calendar_features)
        row |= figures.row(own, started, instant)
        row |= {name: self._extra(name, own.get(name)) for name in self._extras}
        row["repeated_already"] = repeated
        row["escalation_already"] = escalated or is_escalated(own)
        known = last is not None and last.known < instant
        return Looked(row, last.record if last else None, known, late)

    def rules(self, program: str | None) -> Rules:
        """Give what a program's policy says."""
        own = program if program in self.policy.by_program else None
        if own not in self.policies:
            self.policies[own] = Rules(self.policy.for_program(own), self.known, self.walks)
        return self.policies[own]

    @cached_property
    def _extras(self) -> list[str]:
        return extras(self.known)

    @cached_property
    def _shown(self) -> dict[str, tuple[str, ...]]:
        """The columns of a contact itself that show at each moment."""
        shown = {
            moment: (*KEYS, *(name for name in self.known if self._shows(name, rank)))
            for rank, moment in enumerate(MOMENTS)
        }
        before = (name for name, since in self.known.items() if since != "wrapup")
        shown[TOO_LATE] = (*KEYS, *(name for name in before if name not in SO_FAR))
        return shown

    def _comes_late(self, contact: Contact, ended: int) -> bool:
        """Tell whether a contact's record comes too late for a score at its end."""
        return instant_of(contact.get("known_at"), ended) - ended > int(self.delay_s * SECOND)

    def _shows(self, name: str, rank: int) -> bool:
        since = MOMENTS.index(self.known[name])
        if name in SO_FAR and rank < 2:
            return rank == since == 1
        return since <= rank

    def _own(self, contact: Contact, moment: str) -> Row:
        """Take what is known of the contact itself; what is not, and empty text, is null."""
        get = contact.get
        own = {name: None if (value := get(name)) == "" else value for name in self._shown[moment]}
        own["reason"] = normalise_reason(own.get("reason"))
        return own

    def _see(
        self, own: Row, pasts: Pasts, started: int, instant: int
    ) -> tuple[Floats, int, bool, bool]:
        """Look back (`recontact.features.kernel.look_back_once`)."""
        rules = self.rules(own.get("program"))
        place = pasts.place(started, own["contact_id"]) if own.get("customer_id") else -1
        keys = rules.issues(own, own["reason"])
        facts = [len(pasts.contacts), place, started, instant, *keys, *rules.codes(own)]
        return look_back_once(pasts.history, np.array(facts, np.int64), len(keys), self.walks.steps)

    @cached_property
    def _own_features(self) -> list[tuple[str, Callable[[Row], Any]]]:
        return [
            (feature.name, _own_value(feature.measure, feature.kind))
            for feature in self.features
            if isinstance(feature.measure, Own | Has | Words)
        ]

    @cached_property
    def _walked(self) -> list[tuple[str, int, str | None]]:
        """Name, step and, where the step gives a place, text column of each such feature."""
        return [
            (
                feature.name,
                self.walks.places[feature.measure],
                feature.measure.column if feature.measure.what == "last_text" else None,
            )
            for feature in self.features
            if isinstance(feature.measure, Walked)
        ]

    @cached_property
    def _calendar_features(self) -> list[tuple[str, str]]:
        return [(f.name, f.measure.what) for f in self.features if isinstance(f.measure, Calendar)]

    def _past_features(self, seen: Floats, pasts: Pasts) -> Row:
        values = [None if v != v else v for v in seen.tolist()]  # noqa: PLR0124 - nan
        row: Row = {}
        for name, step, column in self._walked:
            value = values[step]
            if value is not None and column is not None:
                value = text_of(pasts.contacts[int(value)].record, column)
            row[name] = value
        return row

    def _extra(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name not in self.texts:
            return float(value)
        return str(value).lower() if isinstance(value, bool) else str(value)


def _own_value(measure: Itself, kind: str) -> Callable[[Row], Any]:
    """Give the function that takes a feature from what a contact knows of itself."""
    if isinstance(measure, Own) and measure.levels is not None:
        return lambda own: normalise_reason(own["reason"], measure.levels)
    if isinstance(measure, Own) and kind == "category":
        return lambda own: own.get(measure.column)
    if isinstance(measure, Own):
        return lambda own: _number(own.get(measure.column))
    if isinstance(measure, Words):
        return lambda own: _words(own.get(measure.column), measure)
    return lambda own: None if own.get(measure.column) is None else 1.0


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _words(text: str | None, measure: Words) -> float | None:
    return None if text is None else float(buckets_of(text, measure.buckets)[measure.bucket])


def _calendar(at: int, wanted: list[tuple[str, str]]) -> Row:
    day = at // DAY
    date = EPOCH.date() + dt.timedelta(days=day)
    values = {
        "hour": (at - day * DAY) / HOUR,
        "weekday": float(date.weekday()),
        "month_day": float(date.day),
    }
    return {name: values[what] for name, what in wanted}
