"""Which figures an address asks for, and the addresses of others."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

from recontact.report.standing import MIN_VOLUME
from recontact_serving.people.access import Access
from recontact_serving.storage.clock import EPOCH

WEEKS = 12  # shown where the address names no days
LEAST = 10  # fewer contacts than this are never shown as one agent's
OF = ("queue", "reason", "agent_id")
STEPS = ("week", "day")
NOT_ASKED = ("programs", "teams")


@dataclass(frozen=True)
class Asked:
    """Which figures are asked for.

    Attributes
    ----------
    program, team : str or None
        Only contacts of these.
    of, name : str or None
        The curves of one queue, reason or agent alone.
    since, until : datetime.date or None
        First and last day of the starts, UTC.
    step : str
        `week` or `day`: what a point of the curves is.
    least : int
        Groups with fewer judged contacts are summed up.
    about : str or None
        The map of next issues, inside this first level of the reason.
    all : str or None
        Of which kind of group all are listed, and not only the worst.
    programs, teams : frozenset of str or None
        The only ones that whoever asks may see; None: all. A contact without one is of none.
    """

    program: str | None = None
    team: str | None = None
    of: str | None = None
    name: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    step: str = "week"
    least: int = MIN_VOLUME
    about: str | None = None
    all: str | None = None
    programs: frozenset[str] | None = None
    teams: frozenset[str] | None = None

    @classmethod
    def read(cls, query: Mapping[str, str], access: Access) -> "Asked":
        """Read an address; what is empty or can't be read is as if it were not there.

        Examples
        --------
        >>> nobody = Access("", frozenset())
        >>> asked = Asked.read({"since": "2026-03-01", "least": "2", "step": "?"}, nobody)
        >>> asked.since, asked.least, asked.step
        (datetime.date(2026, 3, 1), 10, 'week')
        """
        of = query.get("of")
        least = query.get("least", "")
        return cls(
            program=query.get("program") or None,
            team=query.get("team") or None,
            of=of if of in OF else None,
            name=query.get("name") if of in OF else None,
            since=_day(query.get("since", "")),
            until=_day(query.get("until", "")),
            step="day" if query.get("step") == "day" else "week",
            least=max(LEAST, int(least[:9])) if least.isdecimal() else MIN_VOLUME,
            about=query.get("about") or None,
            all=query.get("all") or None,
            programs=access.programs,
            teams=access.teams,
        )

    def between(self, there: tuple[int, int]) -> tuple[int, int]:
        """Give the first and last day, counted from 1970; `there` are those of the record."""
        until = there[1] if self.until is None else number(self.until)
        since = max(there[0], until - 7 * WEEKS + 1) if self.since is None else number(self.since)
        return since, until

    def address(self, **changes: str | dt.date | None) -> str:
        """Give the address that asks for the same but for some changes.

        Examples
        --------
        >>> Asked(team="north", since=dt.date(2026, 3, 1)).address(team="south & co")
        '/fcr?team=south+%26+co&since=2026-03-01'
        """
        asked, plain = replace(self, **changes), Asked()  # type: ignore[arg-type] # as the fields
        names = [field.name for field in fields(self) if field.name not in NOT_ASKED]
        found = {name: getattr(asked, name) for name in names}
        query = {n: str(v) for n, v in found.items() if v != getattr(plain, n)}
        return f"/fcr?{urlencode(query)}" if query else "/fcr"


def number(day: dt.date) -> int:
    """Count a day from 1970."""
    return (day - EPOCH.date()).days


def day(number: int) -> dt.date:
    """Give back the day that was counted."""
    return EPOCH.date() + dt.timedelta(days=number)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
