"""Tables that recontact writes itself, told by their columns where others are asked for."""

from collections.abc import Collection
from pathlib import Path

OURS = {  # what it is: columns that only it has, and where it goes
    "a labels table": (
        {"contact_id", "eligible", "exclusion", "episode_id"},
        "labels go to recontact report CONTACTS LABELS and recontact features --labels",
    ),
    "an events table": ({"contact_id", "at", "event"}, "events go with --events"),
    "a rejects table": (
        {"file", "row", "reason", "raw"},
        "mend its rows in the export and import that again",
    ),
    "a scores table": ({"contact_id", "moment", "repeated_probability"}, ""),
    "a features table": ({"contact_id", "moment", "at"}, ""),
}
CONTACTS = ("contacts.parquet", "contacts.csv")  # what they are usually called


def table_of_ours(path: Path, names: Collection[str]) -> tuple[str, str] | None:
    """Tell a table of recontact's own that is no contacts table, and what to give in its place.

    Examples
    --------
    >>> table_of_ours(Path("e.parquet"), ["contact_id", "at", "event", "queue"])
    ('an events table', 'give the contacts table in its place; events go with --events')
    >>> table_of_ours(Path("a.csv"), ["contact_id", "queue"])
    """
    for kind, (columns, goes) in OURS.items():
        if columns <= set(names):
            beside = (path.with_name(name) for name in CONTACTS)
            table = next((str(file) for file in beside if file.is_file()), "the contacts table")
            return kind, "; ".join(filter(None, (f"give {table} in its place", goes)))
    return None
