"""Import: a vendor's export becomes the contacts table, and what is bad goes to the rejects."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from recontact.contacts import canonical
from recontact.errors import UserError
from recontact.sources.amazon_connect import read_contact_records
from recontact.sources.contacts import Rows, read_rows, rows_of
from recontact.sources.customers import pseudonymiser, settle_customers
from recontact.sources.events import keep, of_contacts
from recontact.sources.genesys import read_conversations
from recontact.sources.json_files import SUFFIXES as JSON_SUFFIXES
from recontact.sources.legs import merge_legs
from recontact.sources.mapping import Mapping
from recontact.sources.pseudonyms import Pseudonymiser
from recontact.sources.rejects import rejects
from recontact.sources.salesforce import read_cases_and_calls
from recontact.sources.servicenow import read_incidents
from recontact.sources.twilio import read_task_events
from recontact.sources.versions import versions
from recontact.sources.zendesk import read_tickets
from recontact.tables import SUFFIXES, Paths, expand

Reader = Callable[[list[Path], Mapping], Rows]
READERS: dict[str, Reader] = {
    "contacts": read_rows,
    "amazon-connect": read_contact_records,
    "genesys": read_conversations,
    "twilio": read_task_events,
    "zendesk": read_tickets,
    "salesforce": read_cases_and_calls,
}
SOURCES = (*READERS, "servicenow")
NESTED = ("amazon-connect", "genesys", "twilio")  # only JSON holds their records
PACKED = (*JSON_SUFFIXES, ".gz")


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
    identity : dict
        Whom the contacts are of (see `recontact.sources.identity`): `by_customer_id`,
        `by_number`, `withheld`, `invalid`, `without_country`, `unknown`, `shared`, and the
        `worst` shared ones.
    events : pyarrow.Table or None
        What happened during the contacts (`contact_id`, `at`, `event`, `queue`, `agent_id`);
        None where the source doesn't tell.
    """

    contacts: pa.Table
    rejects: pa.Table
    counts: dict[str, int]
    identity: dict[str, Any] = field(default_factory=dict)
    events: pa.Table | None = None


def import_contacts(
    source: str, files: Paths, mapping: Mapping | dict[str, Any] | str | Path | None = None
) -> Imported:
    """Turn an export into contacts.

    Parameters
    ----------
    source : str
        ``contacts`` (our own form), ``amazon-connect`` (contact records), ``genesys``
        (conversation details), ``twilio`` (TaskRouter events), ``zendesk`` (tickets with metrics),
        ``salesforce`` (cases and voice calls) or ``servicenow`` (incident event log).
    files : path or iterable of paths
        Files, globs or folders.
    mapping : Mapping, dict or path, optional
        What the columns of the export are called and how its values are to be taken; not for
        ``servicenow``.

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
        return _settled(read_incidents(expand(files)), Mapping(), None)
    mapping = Mapping.given(mapping)
    hashed = pseudonymiser(mapping)
    suffixes = PACKED if source in NESTED else (*SUFFIXES, *PACKED)
    return _settled(READERS[source](expand(files, suffixes), mapping), mapping, hashed)


def import_table(
    table: pa.Table, mapping: Mapping | dict[str, Any] | str | Path | None = None
) -> Imported:
    """Turn a table in memory, of contacts in any form, into contacts.

    Parameters
    ----------
    table : pyarrow.Table
        Rows of contacts or legs.
    mapping : Mapping, dict or path, optional
        What the columns are called and how their values are to be taken.

    Returns
    -------
    Imported
        In its rejects, the file is ``table``.

    Raises
    ------
    UserError
        A required column is missing.

    Examples
    --------
    >>> rows = pa.table({"contact_id": ["1", "2"], "started_at": ["2026-01-01", "soon"],
    ...                  "ended_at": ["2026-01-01", "2026-01-02"]})
    >>> import_table(rows).counts
    {'rows': 2, 'contacts': 1, 'merged_legs': 0, 'duplicates': 0, 'rejected': 1}
    """
    mapping = Mapping.given(mapping)
    return _settled(rows_of(table, mapping), mapping, pseudonymiser(mapping))


def _settled(rows: Rows, mapping: Mapping, hashed: Pseudonymiser | None) -> Imported:
    """Keep one version of each row, merge the legs, and find out whose contacts they are."""
    typed = canonical(rows.good)
    found = versions(typed)
    superseded = pa.array(found.superseded)
    old = typed.filter(superseded)
    stale = rejects(rows.where.filter(superseded), "superseded", old["contact_id"], old)
    stays = ~(found.duplicate | found.superseded)
    kept = typed.filter(pa.array(stays))
    apart = pa.concat_tables([rows.rejects, stale])
    merged = merge_legs(kept)
    settled = settle_customers(merged, apart, mapping, hashed)
    events = None
    if rows.events is not None:
        events = of_contacts(keep(rows.events, stays), kept, merged, settled.into)
        events = hashed.events(events) if hashed else events
    counts = {
        "rows": rows.read,
        "contacts": len(settled.contacts),
        "merged_legs": rows.merged + len(kept) - len(settled.contacts),
        "duplicates": rows.duplicates + int(found.duplicate.sum()),
        "rejected": len(apart),
    }
    return Imported(settled.contacts, settled.rejects, counts, settled.identity, events)
