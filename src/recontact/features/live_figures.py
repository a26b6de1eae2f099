"""What is known of one live contact's agent, queue, reason ..., looked up one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from recontact.durations import DAY, MINUTE
from recontact.features.counted import is_late
from recontact.features.daily import Daily
from recontact.features.declared import Feature
from recontact.features.measures import (
    Beyond,
    Judged,
    Load,
    Rate,
    Surge,
    Typical,
    Volume,
    typical_of,
)
from recontact.features.past import instant_of

Own = Mapping[str, Any]
Key = tuple[str, str]  # of what `Figures.on` gives
NEVER = 2**62
KEPT = 50_000  # entities and days at hand


class LoadsOfOne(Protocol):
    """What tells how busy it is (`recontact.features.loads.Loads`, or a service's own counts)."""

    def load_at(
        self, of: str, within: int, program: str | None, name: object, at: int, own_since: int
    ) -> float | None:
        """Count the arrivals in the whole minutes before an instant."""
        ...

    def usual_at(
        self, of: str, within: int, program: str | None, name: object, at: int
    ) -> float | None:
        """Give how many are usual then."""
        ...

    def as_of(self, at: int) -> object:
        """Give what stays the same object for as long as all of it holds that is told here."""
        ...


@dataclass(frozen=True)
class LiveFigures:
    """Figures made ready for the features of one contact at a time.

    Parameters
    ----------
    daily : Daily
        What is known of agents, queues, reasons ... by day.
    loads : LoadsOfOne
        How busy it is.
    features : sequence of Feature
        What to compute of it.
    known : mapping of str to str
        Column to the moment from which it is known.
    """

    daily: Daily
    loads: LoadsOfOne
    features: Sequence[Feature]
    known: Mapping[str, str]

    def row(self, own: Own, started: int, at: int) -> dict[str, float | None]:
        """Compute the features of this kind.

        Parameters
        ----------
        own : mapping
            What is known of the contact itself, with `elapsed_s`; None where it is not.
        started, at : int
            Its start and the instant, in microseconds.
        """
        row: dict[str, float | None] = {}
        day, program = at // DAY, own.get("program")
        for of, (_, beyond) in self._by_entity.items():
            found, known = self._of_day(of, program, own.get(of), day)
            row |= known
            for name, key, column in beyond:
                mine, usual = own.get(column), found.get(key)
                row[name] = None if mine is None or usual is None else float(mine) - usual
        inbound = own.get("direction") in {None, "inbound"}  # only then is it in a load itself
        told = self._told.of(self.loads.as_of(at))
        for of in self._loads:
            since = self._counted_from(of, own, started) if inbound else NEVER
            # All is told in whole minutes, so that many contacts share what is told.
            when = (of, program, own.get(of), at // MINUTE, since // MINUTE)
            loads = told.get(when)
            if loads is None:
                loads = told[when] = self._loads_of(of, program, own.get(of), at, since)
            row |= loads
        return row

    def _counted_from(self, of: str, own: Own, started: int) -> int:
        """Tell from when a contact is itself among those that a load counts (`arrivals`)."""
        if not is_late(of, self.known):
            return started
        return max(started, instant_of(own.get("known_at"), NEVER))

    def _loads_of(
        self, of: str, program: str | None, name: object, at: int, since: int
    ) -> dict[str, float | None]:
        row: dict[str, float | None] = {}
        for minutes, (plain_names, surges) in self._loads[of].items():
            load = self.loads.load_at(of, minutes, program, name, at, since)
            row |= dict.fromkeys(plain_names, load)
            if surges:
                usual = self.loads.usual_at(of, minutes, program, name, at)
                row |= dict.fromkeys(surges, _surge(load, usual))
        return row

    @cached_property
    def _told(self) -> "_Told":
        return _Told()

    def _of_day(
        self, of: str, program: str | None, name: object, day: int
    ) -> tuple[Mapping[Key, float | None], dict[str, float | None]]:
        """Give an entity's figures on a day, and the features that are just these."""
        key = (of, program, name, day)
        kept = self._days.get(key)
        if kept is None:
            found = self.daily.on(of, program, name, day)
            plain = {feature: found.get(figure) for feature, figure in self._by_entity[of][0]}
            if len(self._days) >= KEPT:
                self._days.clear()
            kept = self._days[key] = found, plain
        return kept

    @cached_property
    def _days(self) -> dict[tuple[object, ...], Any]:
        return {}

    @cached_property
    def _by_entity(self) -> dict[str, tuple[list[tuple[str, Key]], list[tuple[str, Key, str]]]]:
        """By column: features that are looked up, and those that are compared with it."""
        found: dict[str, tuple[list[tuple[str, Key]], list[tuple[str, Key, str]]]] = {}
        for name, measure, *_ in self.features:
            if isinstance(measure, Beyond):
                mine = found.setdefault(measure.of, ([], []))
                key = ("typical", typical_of(measure).column)
                mine[1].append((name, key, measure.column))
            elif isinstance(measure, Rate | Judged | Volume | Typical):
                found.setdefault(measure.of, ([], []))[0].append((name, _key(measure)))
        return found

    @cached_property
    def _loads(self) -> dict[str, dict[int, tuple[list[str], list[str]]]]:
        """By column and span in minutes: the features that are loads, and those that are surges."""
        found: dict[str, dict[int, tuple[list[str], list[str]]]] = {}
        for name, measure, *_ in self.features:
            if isinstance(measure, Load | Surge):
                spans = found.setdefault(measure.of, {})
                names = spans.setdefault(measure.within // MINUTE, ([], []))
                names[isinstance(measure, Surge)].append(name)
        return found


class _Told:
    """What was told of loads, for as long as it holds."""

    def __init__(self) -> None:
        self._as_of: object = None
        self._kept: dict[tuple[object, ...], dict[str, float | None]] = {}

    def of(self, as_of: object) -> dict[tuple[object, ...], dict[str, float | None]]:
        if as_of is not self._as_of or len(self._kept) >= KEPT:
            self._as_of, self._kept = as_of, {}
        return self._kept


def _key(measure: Rate | Judged | Volume | Typical) -> Key:
    if isinstance(measure, Rate):
        return "rate", measure.label
    if isinstance(measure, Typical):
        return "typical", measure.column
    return ("judged", "repeated") if isinstance(measure, Judged) else ("volume", "began")


def _surge(load: float | None, usual: float | None) -> float | None:
    return None if load is None or usual is None else (load + 1) / (usual + 1)
