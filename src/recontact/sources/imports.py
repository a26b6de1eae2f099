"""Import: a vendor's export becomes the contacts table, and what is bad goes to the rejects."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from recontact.contacts import canonical
from recontact.errors import UserError
from recontact.sources.contacts import Rows, read_rows
from recontact.sources.legs import merge_legs
from recontact.sources.mapping import Mapping
from recontact.sources.rejects import rejects
from recontact.sources.servicenow import read_incidents
from recontact.sources.versions import versions
from recontact.tables import Paths, expand

SOURCES = ("contacts", "servicenow")


@dataclass(frozen=True)
class Imported:
    """What came of an import.

    Attributes
    ----------
    contacts : pyarrow.Table
        The contacts table, in the order read.
    rejects : pyarrow.Table
        Rows that became none: `file`, `row` (data rows of the file, from 1), `reason`,
        `contact_id`, `raw` (the row as JSON).
    counts : dict of str to int
        `rows` read = `contacts` + `merged_legs` + `duplicates` + `rejected`.
    """

    contacts: pa.Table
    rejects: pa.Table
    counts: dict[str, int]


def import_contacts(
    source: str, files: Paths, mapping: Mapping | str | Path | None = None
) -> Imported:
    """Turn an export into contacts.

    Parameters
    ----------
    source : str
        ``contacts`` (our own form) or ``servicenow`` (incident event log).
    files : path or iterable of paths
        Files, globs or folders.
    mapping : Mapping or path, optional
        What the columns of the export are called; for ``contacts`` only.

    Returns
    -------
    Imported

    Raises
    ------
    UserError
        A file can't be read at all, or lacks a required column.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "export.csv"
    >>> _ = path.write_text('''contact_id,started_at,ended_at
    ... 1,2026-01-01 10:00,2026-01-01 10:05
    ... 2,2026-01-01 10:00,soon
    ... 1,2026-01-01 10:00,2026-01-01 10:05
    ... ''')
    >>> imported = import_contacts("contacts", path)
    >>> imported.counts
    {'rows': 3, 'contacts': 1, 'merged_legs': 0, 'duplicates': 1, 'rejected': 1}
    >>> imported.rejects["reason"].to_pylist()
    ["ended_at: not a time: 'soon'"]
    """
    if source not in SOURCES:
        raise UserError(f"unknown source '{source}'", f"name one of: {', '.join(SOURCES)}")
    if source == "servicenow":
        if mapping is not None:
            raise UserError("servicenow takes no mapping file", "leave --mapping out")
        return _settled(read_incidents(expand(files)))
    if not isinstance(mapping, Mapping):
        mapping = Mapping.read(Path(mapping)) if mapping else Mapping()
    return _settled(read_rows(expand(files), mapping))


def _settled(rows: Rows) -> Imported:
    """Keep one version of each row, then merge the legs."""
    typed = canonical(rows.good)
    found = versions(typed)
    superseded = pa.array(found.superseded)
    old = typed.filter(superseded)
    stale = rejects(rows.where.filter(superseded), "superseded", old["contact_id"], old)
    kept = typed.filter(pa.array(~(found.duplicate | found.superseded)))
    contacts = merge_legs(kept)
    apart = pa.concat_tables([rows.rejects, stale])
    counts = {
        "rows": rows.read,
        "contacts": len(contacts),
        "merged_legs": rows.merged + len(kept) - len(contacts),
        "duplicates": rows.duplicates + int(found.duplicate.sum()),
        "rejected": len(apart),
    }
    return Imported(contacts, apart, counts)
