"""Columns filled in after the fact: they would show a model what it has to foretell."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recontact.contacts import SCHEMA, instants, known_of
from recontact.doctor.finding import Finding, Ints, Record
from recontact.durations import SECOND, UNITS
from recontact.evaluation.alone import auc_alone
from recontact.features.known import known_from
from recontact.report.words import percent
from recontact.sources.engine import session

WRAPUP_DELAY_US = 15 * UNITS["m"] * SECOND
SURVEYS = ("csat", "nps", "ces", "survey_resolved")
TIME_NAME = re.compile(r"(_at|_on|date|time|timestamp|stamp)$", re.IGNORECASE)
TELLING = 0.95  # AUC from which one column is too good to have been known


def known_at(record: Record) -> Finding:
    """Tell whether the record says when it was known, and how long that took."""
    contacts = record.contacts
    delay = known_of(contacts) - record.ended
    late = float(np.mean(delay > WRAPUP_DELAY_US))
    mend = "map known_at to when the record was last changed: updated_at, LastUpdateTimestamp ..."
    if contacts["known_at"].null_count == len(contacts):
        text = (
            "no contact says when its record was known (known_at): it is taken as known at the "
            "end; if the export holds values filled in later, the scores would be too good"
        )
        return Finding("known_at", "mind", text, None, mend)
    later = later_facts(record)
    if later and not np.any(delay > 0):
        text = f"known_at is never after the end, though {', '.join(later)} came later: filled in"
        return Finding("known_at", "bad", text, later, mend)
    text = f"{percent(late)} of the records were known over 15 minutes after the end"
    if late <= 0.1:
        return Finding("known_at", "good", text, late)
    text += ": at wrap-up these are scored without disposition, durations and escalation"
    return Finding(
        "known_at",
        "mind",
        text,
        late,
        "score at the start, or let the export run sooner after the contact",
    )


def later_facts(record: Record) -> list[str]:
    """List columns that hold what came after the end of the contact: times, survey answers."""
    contacts = record.contacts
    found = [name for name in SURVEYS if contacts[name].null_count < len(contacts)]
    for name in contacts.column_names:
        if name not in SCHEMA.names and (times := _times(contacts[name], name)) is not None:
            after = times > record.ended + WRAPUP_DELAY_US
            if np.mean(after) > 0.05:
                found.append(name)
    return found


def _times(column: pa.ChunkedArray, name: str) -> Ints | None:
    """Give a column of times as microseconds; None where it is none."""
    if pa.types.is_timestamp(column.type):
        return instants(column)
    if not TIME_NAME.search(name) or not pa.types.is_string(column.type):
        return None
    with session() as engine:
        engine.register("texts", pa.table({"x": column}))
        read = engine.sql("SELECT TRY_CAST(x AS TIMESTAMPTZ) AS x FROM texts").to_arrow_table()["x"]
    return instants(read)


def emptier_end(record: Record) -> Finding:
    """Find columns that are filled much less, or much more, in the newest contacts."""
    order = np.argsort(record.started, kind="stable")
    tail = max(200, len(order) // 50)
    body = order[len(order) // 5 : -2 * tail] if len(order) >= 1_000 else order[:0]
    found = {}
    for name in record.contacts.column_names if len(body) else ():
        filled = pc.is_valid(record.contacts[name]).to_numpy().astype(bool)
        usual, newest = float(filled[body].mean()), float(filled[order[-tail:]].mean())
        if _differs(usual, newest, tail):
            found[name] = {"usual": usual, "newest": newest}
    if not found:
        text = "columns are filled in the newest contacts as in the others"
        return Finding("filled later", "good", text, {})
    said = [
        f"{name} {percent(one['newest'])} instead of {percent(one['usual'])}"
        for name, one in found.items()
    ]
    text = f"of the newest contacts is filled: {', '.join(said)}; so values come after the contact"
    mend = "set known_at to when they come, or leave the newest stretch out; see also known_from"
    return Finding("filled later", "mind", text, found, mend)


def _differs(usual: float, newest: float, count: int) -> bool:
    noise = np.sqrt(max(usual * (1 - usual), 0.01) / count)
    fell = usual >= 0.05 and newest < usual / 2
    rose = newest > usual + 0.3
    return bool((fell or rose) and abs(usual - newest) > 6 * noise)


def telling(record: Record) -> Finding:
    """Find columns, said to be known from the start, that tell the outcome all but perfectly.

    Each column alone is a score, made from one half of the contacts and tried on the other.
    """
    found = {}
    for target in ("repeated", "escalation", "escalated"):
        outcome = record.labels[target]
        rows = np.flatnonzero(pc.is_valid(outcome).to_numpy())
        hits = np.asarray(outcome.drop_null().to_numpy(zero_copy_only=False), dtype=bool)
        if min(hits.sum(), (~hits).sum()) < 50:
            continue
        second = np.arange(len(hits)) % 2 == 1
        for name in _candidates(record):
            auc = auc_alone(record.contacts[name].take(pa.array(rows)), hits, second)
            if auc >= TELLING:
                found[f"{name} ({target})"] = auc
    if not found:
        text = "no column known from the start tells an outcome by itself"
        return Finding("telling columns", "good", text, {})
    said = ", ".join(f"{name}, AUC {auc:.2f}" for name, auc in found.items())
    text = f"too good to be known at the start: {said}; filled in after the fact?"
    mend = "leave the column out of the import, or name it under known_from: wrapup when training"
    return Finding("telling columns", "mind", text, found, mend)


def _candidates(record: Record) -> list[str]:
    """List the columns that are said to be known from the start, and those of the export's own."""
    known = known_from(record.contacts)
    own = [name for name in record.contacts.column_names if name not in SCHEMA.names]
    early = [name for name in SCHEMA.names if known.get(name) == "start"]
    return [
        name
        for name in (*early, *own)
        if name not in ("customer_id", "started_at")
        and not pa.types.is_nested(record.contacts[name].type)
    ]
