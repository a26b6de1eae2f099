"""Programs and teams that are named to a command: one that no contact has would show nothing."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from recontact.errors import did_you_mean
from recontact_pipelines.output import note

if TYPE_CHECKING:
    from sqlalchemy import Connection


def note_unknown(db: "Connection", given: Mapping[str, Sequence[str] | None]) -> None:
    """Say which programs and teams no contact of the service's database has.

    Nothing is said of a database without contacts: people and keys may come first.

    Parameters
    ----------
    db : sqlalchemy.Connection
        The service's database.
    given : mapping of str to sequence of str or None
        ``program`` and ``team``: what was named of each.
    """
    from sqlalchemy import select  # noqa: PLC0415 - the service's libraries

    from recontact_serving.figures.fcr_asked import Asked  # noqa: PLC0415
    from recontact_serving.figures.fcr_figures import choices  # noqa: PLC0415
    from recontact_serving.storage.tables import fcr_days, follow_ups  # noqa: PLC0415

    known = choices(db, Asked())
    for what, values in given.items():
        for value in values or ():
            tables = (fcr_days, follow_ups)
            found = (select(t.c[what]).where(t.c[what] == value).limit(1) for t in tables)
            if value and known[what] and not any(db.execute(query).first() for query in found):
                ask = did_you_mean(value, known[what])
                note(f"warning: no contact is of {what} {value!r}: {ask}".rstrip(": "))
