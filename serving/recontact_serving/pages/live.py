"""What has changed since a page of the list was shown: rows that it shows, and what is new on it.

It is found in the database, by what the page says it shows: so any worker can answer, and nothing
is remembered of who looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from recontact_serving.follow_up import worklist
from recontact_serving.pages.addresses import ROWS, address, kept
from recontact_serving.pages.list_page import Looked, shown
from recontact_serving.pages.list_rows import rows_of


@dataclass(frozen=True)
class Shown:
    """What a page shows.

    Attributes
    ----------
    stamps : dict of str to str
        By contact, what is done about it as the page tells it.
    fresh : str
        How many more contacts belong on the page, as it tells.
    done : str
        How many follow-ups were done today, as it tells.
    """

    stamps: dict[str, str]
    fresh: str
    done: str

    @classmethod
    def of(cls, query: QueryParams) -> "Shown":
        """Read what a page sends along."""
        pairs = (value.partition(" ") for value in query.getlist("shown")[: 2 * ROWS])
        stamps = {contact_id: stamp for stamp, _, contact_id in pairs}
        return cls(stamps, query.get("fresh", ""), query.get("done", ""))


def look(db: Connection, looked: Looked, there: Shown) -> dict[str, Any] | None:
    """Compare what a page shows with what it would show now.

    Returns
    -------
    dict or None
        The rows that changed, how many more contacts belong on the page, its address, and what can
        be done today; None where the page is right as it is.
    """
    there_now = shown(db, looked)
    rows, day = there_now.rows, there_now.day
    fresh = sum(row["contact_id"] not in there.stamps for row in rows)
    changed = list(_changed(db, looked, there, rows))
    done = str(day.done) if day else ""
    if not changed and (str(fresh), done) == (there.fresh, there.done):
        return None
    way = {"all": 1} if looked.everything else {}
    here = address("/", kept(looked.asked), cursor=looked.asked.cursor, above=looked.above, **way)
    return {"rows": changed, "fresh": fresh, "here": here, "day": day}


def _changed(
    db: Connection, looked: Looked, there: Shown, now_there: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Give the rows of the page that are another than it tells, those that left it as well."""
    rows = {row["contact_id"]: row for row in now_there}
    gone = [contact_id for contact_id in there.stamps if contact_id not in rows]
    items = worklist.some(db, gone, looked.access) if gone else []
    rows |= {row["contact_id"]: row for row in rows_of(items, looked.access, looked.zone)}
    for contact_id, stamp in there.stamps.items():
        if contact_id in rows and rows[contact_id]["stamp"] != stamp:
            yield rows[contact_id]
