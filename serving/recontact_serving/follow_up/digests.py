"""The list of a morning, as a file or the body of an e-mail: what to do today, and what is late."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment
from sqlalchemy import Connection

from recontact.errors import UserError
from recontact_serving.follow_up import capacity, worklist
from recontact_serving.pages import zones
from recontact_serving.pages.list_rows import due_words
from recontact_serving.pages.rendering import environment, percent
from recontact_serving.people.access import Access
from recontact_serving.storage.clock import text

LOOKED = 1000  # of the worst contacts, for who called again and what is late
MOST_TOLD = 25  # of these; a digest is short

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Digest:
    """The list of a day.

    Attributes
    ----------
    at : datetime
        When it was made.
    zone : ZoneInfo
        In which its times are written.
    team, program : str or None
        What it is cut to.
    per_day : int
        How many follow-ups can be done.
    to_do : int
        How many contacts are open or claimed; from 10,000 on, 10,000.
    items : sequence of mapping
        The worst of them, as many as can be done.
    called_again, overdue : sequence of mapping
        Those of the 1,000 worst of whom the customer was in touch again; those that are late.
    """

    at: dt.datetime
    zone: ZoneInfo
    team: str | None
    program: str | None
    per_day: int
    to_do: int
    items: Sequence[Item]
    called_again: Sequence[Item]
    overdue: Sequence[Item]

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        told = {name: getattr(self, name) for name in ("team", "program", "per_day", "to_do")}
        parts = {name: list(getattr(self, name)) for name in ("items", "called_again", "overdue")}
        return {"at": text(self.at), "zone": self.zone.key, **told, **parts}

    def written(self, form: str) -> str:
        """Write it out.

        Parameters
        ----------
        form : {"html", "text"}
            An e-mail's body either way.
        """
        template = _FORMS[form].get_template(f"digest.{form}")
        return template.render(digest=self, due=self._due, most=MOST_TOLD)

    def _due(self, item: Item) -> str:
        due_at = _due_at(item)
        return "" if due_at is None else due_words(due_at, self.zone, self.at)


def make(
    db: Connection, asked: worklist.Asked, per_day: int, zone: ZoneInfo, at: dt.datetime
) -> Digest:
    """Put the list of a day together.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    asked : Asked
        What the list is cut to.
    per_day : int
        How many follow-ups can be done.
    zone : ZoneInfo
        Times are written in it.
    at : datetime
        The present instant.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").read() as db:
    ...     at = dt.datetime(2026, 3, 2, 7, tzinfo=dt.UTC)
    ...     made = make(db, worklist.Asked(), 50, zones.UTC, at)
    >>> print(made.written("text").splitlines()[0])
    At-risk contacts, 2 Mar 2026, 07:00 UTC
    """
    worst = worklist.page(db, replace(asked, limit=LOOKED)).items
    return Digest(
        at,
        zone,
        asked.team,
        asked.program,
        per_day,
        worklist.count(db, asked),
        worst[:per_day],
        [item for item in worst if item["called_again"]],
        [item for item in worst if (due_at := _due_at(item)) and due_at <= at],
    )


def of_today(
    db: Connection, asked: worklist.Asked, zone: ZoneInfo, at: dt.datetime, usual: int
) -> Digest:
    """Put the list together of what can still be done today; `usual` is a team's capacity."""
    everybody = Access("", frozenset({"read"}), asked.programs, asked.teams)
    left = capacity.of_today(db, everybody, asked.team, zone, usual).left
    return make(db, asked, left, zone, at)


def zone_named(name: str) -> ZoneInfo:
    """Give a zone.

    Raises
    ------
    UserError
        There is none of this name.

    Examples
    --------
    >>> zone_named("Europe/Berlin").key
    'Europe/Berlin'
    """
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise UserError(f"there is no zone '{name}'", mend="for example Europe/Berlin") from None


def _due_at(item: Item) -> dt.datetime | None:
    return dt.datetime.fromisoformat(item["due_at"]) if item["due_at"] else None


def _environment(*, escaped: bool) -> Environment:
    made = environment(escaped=escaped)
    made.filters.update(
        told=worklist.told,
        instant=dt.datetime.fromisoformat,
        absolute=zones.absolute,
        clock=zones.clock,
        percent=percent,
    )
    return made


_FORMS = {"html": _environment(escaped=True), "text": _environment(escaped=False)}
