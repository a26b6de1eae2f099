"""Which rows somebody may see, and has asked for: one rule for the list, the figures, the proof."""

from collections.abc import Mapping, Set
from typing import Protocol

from sqlalchemy import ColumnElement, Table


class Limits(Protocol):
    """The only programs and teams that somebody may see; None: all."""

    @property
    def programs(self) -> Set[str] | None:
        """The programs."""
        ...

    @property
    def teams(self) -> Set[str] | None:
        """The teams."""
        ...


def cut(
    table: Table, limits: Limits, chosen: Mapping[str, str | None]
) -> list[ColumnElement[bool]]:
    """Cut a table that has a program and a team.

    Parameters
    ----------
    table : sqlalchemy.Table
        The table.
    limits : Limits
        What may be seen. A row without a program, or without a team, is of none.
    chosen : mapping of str to str or None
        By column the value that is asked for; None: any.

    Examples
    --------
    >>> from recontact_serving.people.access import Access
    >>> from recontact_serving.storage.tables import fcr_days
    >>> lea = Access("lea", frozenset(), teams=frozenset({"north"}))
    >>> [str(one) for one in cut(fcr_days, lea, {"program": "acme", "team": None})]
    ['fcr_days.program = :program_1', 'fcr_days.team IN (__[POSTCOMPILE_team_1])']
    """
    allowed = {"program": limits.programs, "team": limits.teams}
    return [table.c[name] == value for name, value in chosen.items() if value is not None] + [
        table.c[name].in_(sorted(some)) for name, some in allowed.items() if some is not None
    ]
