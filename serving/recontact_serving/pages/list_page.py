"""What the page of the list shows: rows, today's capacity, filters, views, what was just done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from recontact_serving.follow_up import capacity, worklist
from recontact_serving.follow_up.places import choices
from recontact_serving.follow_up.same_customer import MOST, others
from recontact_serving.pages import views
from recontact_serving.pages.addresses import above, address, asked_of, kept
from recontact_serving.pages.list_rows import rows_of
from recontact_serving.people.access import Access

BANDS = ("high", "medium", "low", "already")


@dataclass(frozen=True)
class Looked:
    """Who looks at which part of the list, and how.

    Attributes
    ----------
    asked : worklist.Asked
        The filters, and where the page begins.
    access : Access
        Who looks.
    zone : ZoneInfo
        Where.
    above : int
        How many rows are on the pages before.
    everything : bool
        Whether the list goes on beyond today's capacity.
    usual : int
        How many follow-ups a day a team does for which nobody has set another number.
    """

    asked: worklist.Asked
    access: Access
    zone: ZoneInfo
    above: int
    everything: bool
    usual: int

    @classmethod
    def at(cls, query: Mapping[str, str], access: Access, zone: ZoneInfo, usual: int) -> "Looked":
        """Read an address."""
        further = bool(query.get("all"))
        return cls(asked_of(query, access), access, zone, above(query), further, usual)

    def address(self, path: str) -> str:
        """Write what is looked at behind a path."""
        way = {"all": 1} if self.everything else {}
        return address(path, kept(self.asked), cursor=self.asked.cursor, above=self.above, **way)

    def today(self, db: Connection) -> capacity.Day | None:
        """Tell what can still be done today; None where the list is another one."""
        asked = self.asked
        if (asked.state, asked.owner, asked.sort) != (None, None, None):
            return None
        return capacity.of_today(db, self.access, self.asked.team, self.zone, self.usual)


class Rows(NamedTuple):
    """The rows of a page.

    Attributes
    ----------
    rows : list of dict
        The contacts, worst first.
    cursor : str or None
        Of the next page.
    line : int or None
        After how many rows today's capacity ends; None: not on this page.
    day : capacity.Day or None
        What can be done today.
    """

    rows: list[dict[str, Any]]
    cursor: str | None
    line: int | None
    day: capacity.Day | None


def shown(db: Connection, looked: Looked) -> Rows:
    """Read the rows of a page, cut to what can be done today unless all are asked for."""
    page = worklist.page(db, looked.asked)
    rows, day = rows_of(page.items, looked.access, looked.zone), looked.today(db)
    if day is None:
        return Rows(rows, page.cursor, None, None)
    within = max(0, day.left - looked.above)
    if within > len(rows) or (within == len(rows) and not page.cursor):
        return Rows(rows, page.cursor, None, day)
    if looked.everything:
        return Rows(rows, page.cursor, within if within or not looked.above else None, day)
    return Rows(rows[:within], None, within, day)


def page_data(db: Connection, looked: Looked) -> dict[str, Any]:
    """Give all that the template of the list needs.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    looked : Looked
        Who looks at what.
    """
    asked, access = looked.asked, looked.access
    rows, cursor, line, day = shown(db, looked)
    more = {} if asked.customer_id else others(db, [row["contact_id"] for row in rows], access)
    filters, found = kept(asked), worklist.count(db, asked)
    way = {"all": 1} if looked.everything else {}
    further = address("/", filters, cursor=cursor, above=looked.above + asked.limit, **way)
    return {
        "asked": asked,
        "filters": filters,
        "narrowed": len(filters.keys() - {"sort"}),
        "rows": [row | _more(row, more.get(row["contact_id"], 0)) for row in rows],
        "line": line,
        "found": found,
        "most": worklist.MOST_COUNTED,
        "left": max(0, found - looked.above - len(rows)),
        "everything": looked.everything,
        "here": looked.address("/"),
        "changes": looked.address("/changes"),
        "all_page": address("/", filters, cursor=asked.cursor, above=looked.above, all=1),
        "next_page": further if cursor else None,
        "first_page": address("/", filters, **way) if asked.cursor else None,
        "csv": address("/v1/at-risk.csv", filters),
        "day": day,
        "choices": choices(db, access),
        "bands": BANDS,
        "views": views.of(db, access.name),
        "scored": bool(rows) or _anything(db, asked),
        "query": address("", filters).removeprefix("?"),
    }


def _more(row: dict[str, Any], count: int) -> dict[str, Any]:
    """Say that there are more contacts of a row's customer to do, and where they are."""
    theirs = {name: row[name] for name in ("program", "customer_id")}
    words = f"{count}{'+' if count == MOST else ''} more of this customer" if count else ""
    return {"more": words, "theirs": address("/", theirs)}


def _anything(db: Connection, asked: worklist.Asked) -> bool:
    """Tell whether there is any contact that could be on a list."""
    blank = worklist.Asked(programs=asked.programs, teams=asked.teams)
    return any(worklist.count(db, replace(blank, state=state)) for state in worklist.STATES)
