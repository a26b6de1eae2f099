"""In which order the list comes, and where a page of it ended."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from sqlalchemy import ColumnElement, FromClause, and_, tuple_

from recontact_serving.storage.tables import due_by

Sort = Literal["cost", "due", "newest"]
SORTS: tuple[Sort, ...] = get_args(Sort)

Place = tuple[float | int, str]


class BadCursorError(ValueError):
    """The cursor is none that a list gave."""


class Order(NamedTuple):
    """An order of the list: by this, then by the contact's id.

    Attributes
    ----------
    sort : {"cost", "due", "newest"}
        What a follow-up is expected to save, the most first; by when it should be done, the first
        first (where that is not known, when the window closes); when the contact ended, the last
        first.
    few : bool
        Whether few rows are to be put in order. Then they are looked up by what is asked for and
        sorted; else the database walks along the order, and leaves out what does not fit.
    """

    sort: Sort = "cost"
    few: bool = False

    def by(self, rows: FromClause) -> list[ColumnElement[Any]]:
        """Give what rows are ordered by."""
        key = (self._key(rows), rows.c.contact_id)
        return [column.asc() if self._rises else column.desc() for column in key]

    def after(self, rows: FromClause, place: Place) -> ColumnElement[bool]:
        """Tell whether a row comes after a place."""
        first = self._key(rows)
        key = tuple_(first, rows.c.contact_id)
        if not self._rises:
            return key < tuple_(*place)
        return and_(key > tuple_(*place), first >= place[0])  # SQLite seeks what is computed alone

    def cursor(self, row: Mapping[Any, Any]) -> str:
        """Write the place of a row."""
        value = {"cost": row["cost"], "due": row["due_at"], "newest": row["at"]}[self.sort]
        place = json.dumps([row["closes_at"] if value is None else value, row["contact_id"]])
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")

    @property
    def _rises(self) -> bool:
        return self.sort == "due"

    def _key(self, rows: FromClause) -> ColumnElement[Any]:
        if self.sort == "cost":
            return rows.c.cost
        at = rows.c.at if self.sort == "newest" else due_by(rows)
        return at + 0 if self.few else at  # no index holds the sum: so none is walked along


def read_cursor(cursor: str) -> Place:
    """Read a place.

    Raises
    ------
    BadCursorError
        It is none that a list gave.
    """
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        level, contact_id = place
        number = isinstance(level, float | int) and not isinstance(level, bool)
        if not number or not isinstance(contact_id, str) or not -(2**63) <= level < 2**63:
            raise BadCursorError(cursor)
        if b"\0" in contact_id.encode():  # half a character can't be written either
            raise BadCursorError(cursor)
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursorError(cursor) from error
    return level, contact_id
