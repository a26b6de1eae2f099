"""How many follow-ups a team can do in a day, and how many are left of them today."""

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, func, select

from recontact_serving.follow_up import worklist
from recontact_serving.follow_up.places import teams as all_teams
from recontact_serving.people.access import Access
from recontact_serving.settings import CAPACITY
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import put
from recontact_serving.storage.tables import actions, capacities, follow_ups

MOST = 10_000


class Day(NamedTuple):
    """The follow-ups of a day.

    Attributes
    ----------
    per_day : int
        How many can be done.
    done : int
        How many are: contacts that were resolved.
    left : int
        How many can still be done.
    """

    per_day: int
    done: int
    left: int


def of_today(
    db: Connection, access: Access, team: str | None, zone: ZoneInfo, usual: int = CAPACITY
) -> Day:
    """Tell how much a team can still do today; without one, all teams that somebody may see.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    access : Access
        Who looks.
    team : str or None
        One team; None: all of whoever looks.
    zone : ZoneInfo
        Today is the day there.
    usual : int
        Of a team for which nobody has set another number.

    Examples
    --------
    >>> from recontact_serving.storage.database import Database
    >>> with Database("sqlite://").read() as db:
    ...     of_today(db, Access("lea", frozenset({"read"})), "north", ZoneInfo("UTC"))
    Day(per_day=50, done=0, left=50)
    """
    asked = all_teams(db, access) if team is None else [team]
    teams = [one for one in asked if team is None or is_theirs(db, access, one)]
    chosen = select(capacities.c.team, capacities.c.per_day)
    known = {row.team: row.per_day for row in db.execute(chosen)}
    per_day = sum(known.get(one, usual) for one in teams) if teams else usual
    done = _done(db, access, team, _midnight(zone, now()))
    return Day(per_day, done, max(0, per_day - done))


def is_theirs(db: Connection, access: Access, team: str) -> bool:
    """Tell whether a team is one of somebody's; by programs, whether it has contacts of them."""
    if access.teams is not None or access.programs is None:
        return access.teams is None or team in access.teams
    return team in all_teams(db, access)


def keep(db: Connection, team: str, per_day: int) -> None:
    """Set how much a team can do in a day."""
    put(db, capacities, [{"team": team, "per_day": per_day}])


def _midnight(zone: ZoneInfo, present: dt.datetime) -> int:
    today = present.astimezone(zone).date()
    return micros(dt.datetime.combine(today, dt.time(), zone))


def _done(db: Connection, access: Access, team: str | None, since: int) -> int:
    """Count contacts that were resolved since then, and still are."""
    here = and_(follow_ups.c.contact_id == actions.c.contact_id, follow_ups.c.state == "resolved")
    chosen = (
        select(func.count(actions.c.contact_id.distinct()))
        .join(follow_ups, here)
        .where(actions.c.at >= since, actions.c.action == "resolve")
    )
    asked = worklist.Asked(team=team, programs=access.programs, teams=access.teams)
    return int(db.execute(worklist.cut(chosen, asked)).scalar_one())
