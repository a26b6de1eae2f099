r"""ServiceNow incidents: an event log, one row per update of a ticket, becomes contacts.

The form is that of the public log of UCI's data set 498 (doi 10.24432/C57S4H).
"""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.sources.contacts import Rows
from recontact.sources.engine import session
from recontact.sources.files import Batch, map_batches, require
from recontact.sources.rejects import places, rejects, rejects_of_lines
from recontact.sources.versions import distinct
from recontact.tables import stack

REQUIRED = ("number", "opened_at", "sys_updated_at")
OPTIONAL = (
    *("sys_mod_count", "reassignment_count", "caller_id", "contact_type"),
    *("category", "subcategory", "u_symptom", "assignment_group", "assigned_to"),
    *("location", "opened_by", "impact", "urgency", "priority", "knowledge"),
)
KNOWN_FROM = dict.fromkeys(
    ("reason", "location", "opened_by", "impact", "urgency", "priority", "knowledge"), "start"
)
# Of a closed incident, every row of the log holds what was filled in when it was closed.
BACK_FILLED = ("resolved_by", "resolved_at", "closed_at", "closed_code")

# In `log` every value is text, and '' or '?' is unknown; `place` numbers the rows of all files.
READ = r"""
CREATE TEMP MACRO a_time(text) AS try_strptime(text, '%d/%m/%Y %H:%M');
CREATE TEMP MACRO a_count(text) AS
    CASE WHEN regexp_full_match(text, '\d{1,18}') THEN text::BIGINT END;
CREATE TEMP MACRO absent(name, text) AS CASE WHEN text IS NULL THEN 'no ' || name END;
CREATE TEMP MACRO unread(name, text, value, kind) AS CASE WHEN text IS NOT NULL AND value IS NULL
    THEN name || ': not ' || kind || ': ''' || left(text, 60) || '''' END;
CREATE TEMP TABLE events AS
WITH clean AS (
    SELECT place, nullif(nullif(trim(COLUMNS(* EXCLUDE (place))), ''), '?') FROM log
), typed AS (
    SELECT *, a_time(opened_at) AS opened, a_time(sys_updated_at) AS updated,
        a_count(sys_mod_count) AS mods, a_count(reassignment_count) AS reassignments,
        TRY_CAST(knowledge AS BOOLEAN) AS knowing
    FROM clean
)
SELECT *, nullif(concat_ws('; ',
    absent('number', number), absent('opened_at', opened_at),
    absent('sys_updated_at', sys_updated_at),
    unread('opened_at', opened_at, opened, 'a day/month/year time'),
    unread('sys_updated_at', sys_updated_at, updated, 'a day/month/year time'),
    unread('sys_mod_count', sys_mod_count, mods, 'a count'),
    unread('reassignment_count', reassignment_count, reassignments, 'a count'),
    unread('knowledge', knowledge, knowing, 'true or false')), '') AS wrong
FROM typed
"""
CONTACTS = """
SELECT place, number AS contact_id, caller_id AS customer_id,
    opened AS started_at, opened AS ended_at,
    CASE lower(contact_type) WHEN 'phone' THEN 'voice' ELSE lower(contact_type) END AS channel,
    assignment_group AS queue, assigned_to AS agent_id,
    CASE WHEN category IS NULL THEN NULL WHEN subcategory IS NULL THEN category
        ELSE concat_ws(' > ', category, subcategory, u_symptom) END AS reason,
    max(reassignments) OVER incident AS transfer_count,
    max(reassignments) OVER incident > 0 AS escalated,
    max(updated) OVER incident AS known_at,
    location, opened_by, impact, urgency, priority, knowing AS knowledge
FROM events
WHERE wrong IS NULL
WINDOW incident AS (PARTITION BY number)
QUALIFY row_number() OVER (PARTITION BY number ORDER BY updated, mods, place) = 1
ORDER BY place
"""


def read_incidents(files: list[Path]) -> Rows:
    r"""Read an incident event log: one contact per incident, as its first event tells it.

    Parameters
    ----------
    files : list of pathlib.Path
        CSV files, or zip files that hold one.

    Returns
    -------
    Rows
        One row per incident; `merged` counts the further events of incidents. Its metadata say
        what is known from the start, and what the log filled in afterwards.

    Raises
    ------
    UserError
        A file can't be read at all or lacks a required column.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "log.csv"
    >>> _ = path.write_text('''number,opened_at,sys_updated_at,contact_type,reassignment_count
    ... INC1,29/2/2016 01:16,29/2/2016 01:23,Phone,0
    ... INC1,29/2/2016 01:16,1/3/2016 08:00,Phone,2
    ... ''')
    >>> rows = read_incidents([path])
    >>> rows.merged, rows.good.select(["channel", "transfer_count", "escalated"]).to_pylist()
    (1, [{'channel': 'voice', 'transfer_count': 2, 'escalated': True}])
    """
    parts = [part for path in files for part in map_batches(path, partial(_log, path))]
    log = stack([part.good for part in parts], files)
    where = pa.concat_tables([part.where for part in parts])
    with session() as engine:
        named = log.select([*REQUIRED, *OPTIONAL])
        engine.register("log", named.append_column("place", pa.array(np.arange(len(log)))))
        engine.execute(READ)
        contacts = engine.sql(CONTACTS).to_arrow_table()
        events = engine.sql("SELECT number, wrong FROM events ORDER BY place").to_arrow_table()
    bad = pc.is_valid(events["wrong"])
    wrong = events.filter(bad)
    apart = rejects(where.filter(bad), wrong["wrong"], wrong["number"], log.filter(bad))
    good = log.filter(pc.invert(bad))
    different = len(distinct(good))
    known = {
        "recontact.known_from": json.dumps(KNOWN_FROM),
        "recontact.back_filled": json.dumps(BACK_FILLED),
    }
    return Rows(
        contacts.drop_columns("place").replace_schema_metadata(known),
        where.take(contacts["place"]),
        pa.concat_tables([*(part.rejects for part in parts), apart]),
        sum(part.read for part in parts),
        duplicates=len(good) - different,
        merged=different - len(contacts),
    )


def _log(path: Path, batch: Batch) -> Rows:
    """Take the rows of one batch as text, all columns there that the queries name."""
    rows = batch.rows
    require(path, rows.column_names, REQUIRED, "export the incident log with that column")
    rows = pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})
    for name in OPTIONAL:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.nulls(len(rows), pa.string()))
    read = len(rows) + len(batch.broken)
    broken = rejects_of_lines(path, batch.broken)
    return Rows(rows, places(path, batch.numbers), broken, read)
