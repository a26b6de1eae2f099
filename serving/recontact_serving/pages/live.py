"""What has changed since a page of the list was shown: rows that it shows, and what is new on it.

It is found in the database, by what the page says it shows: so any worker can answer, and nothing
is remembered of who looks.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from recontact_serving.follow_up import worklist
from recontact_serving.pages.addresses import ROWS
from recontact_serving.pages.list_page import Looked, shown
from recontact_serving.pages.list_rows import rows_of

Text = Annotated[str, Field(max_length=2000)]


class Shown(BaseModel):
    """What a page shows; it is sent in the body, for ids may be too long for an address.

    Attributes
    ----------
    token : str
        Of the session's forms.
    shown : list of str
        Of each row what is done about it, as the page tells it, and the contact.
    fresh : str
        How many more contacts belong on the page, as it tells.
    done : str
        How many follow-ups were done today, as it tells.
    """

    token: Text = ""
    shown: list[Text] = []
    fresh: Text = ""
    done: Text = ""

    @property
    def stamps(self) -> dict[str, str]:
        """Give by contact what is done about it, as the page tells it."""
        pairs = (value.partition(" ") for value in self.shown[: 2 * ROWS])
        return {contact_id: stamp for stamp, _, contact_id in pairs}


def look(db: Connection, looked: Looked, there: Shown) -> dict[str, Any] | None:
    """Compare what a page shows with what it would show now.

    Returns
    -------
    dict or None
        The rows that changed, how many more contacts belong on the page, its address, and what can
        be done today; None where the page is right as it is.
    """
    stamps, there_now = there.stamps, shown(db, looked)
    rows, day = there_now.rows, there_now.day
    fresh = sum(row["contact_id"] not in stamps for row in rows)
    changed = list(_changed(db, looked, stamps, rows))
    done = str(day.done) if day else ""
    if not changed and (str(fresh), done) == (there.fresh, there.done):
        return None
    return {"rows": changed, "fresh": fresh, "here": looked.address("/"), "day": day}


def _changed(
    db: Connection, looked: Looked, stamps: dict[str, str], now_there: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Give the rows of the page that are another than it tells, those that left it as well."""
    rows = {row["contact_id"]: row for row in now_there}
    gone = [contact_id for contact_id in stamps if contact_id not in rows]
    items = worklist.some(db, gone, looked.access) if gone else []
    rows |= {row["contact_id"]: row for row in rows_of(items, looked.access, looked.zone)}
    for contact_id, stamp in stamps.items():
        if contact_id in rows and rows[contact_id]["stamp"] != stamp:
            yield rows[contact_id]
