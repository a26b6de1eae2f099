"""A first draft of a mapping file, from the names and values of an export's columns."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from recontact.contacts import REQUIRED, SCHEMA
from recontact.errors import UserError
from recontact.sources import suggest_values as look
from recontact.sources.ours import table_of_ours
from recontact.sources.sample import Sample, read_sample
from recontact.sources.spelling import DURATION_COLUMNS, ISO
from recontact.sources.suggest_columns import NUMBERS, Found, clocks, find, unused

VENDORS = {  # names of columns that only one system's exports have
    "salesforce": ("CaseNumber", "CallStartDateTime", "totalSize"),
    "zendesk": ("requester_id", "reply_time_in_minutes.calendar", "tickets"),
    "amazon-connect": ("InitiationTimestamp",),
    "genesys": ("conversationStart", "conversations"),
    "twilio": ("event_data.task_sid", "resource_sid"),
    "servicenow": ("sys_updated_at", "sys_mod_count"),
}
UNTOLD = ("reason", "program", "site")  # what a vendor's importer may not find by itself
TOLD_BY_VALUES = {  # rules of a mapping file, and what values that call for them hold
    "escalated_when": r"(?i)(tier|level) ?[2-9]|superv|escal|eskal|complain|beschwerde|queja",
    "outbound_when": r"(?i)call ?-?back|rückruf|outbound|devoluci|rappel",
}


@dataclass
class Draft:
    """A draft of a mapping file.

    Attributes
    ----------
    text : str
        YAML with comments; can be used as it is unless something is missing.
    missing : list of str
        Required columns that were not found.
    source : str
        Whose importer to use: ``contacts``, or that of the vendor that it looks like.
    """

    text: str
    missing: list[str]
    source: str = "contacts"


def suggest(path: Path) -> Draft:
    r"""Draft a mapping file for an export in any form.

    Columns are recognised by their names (English, German, Spanish, French and vendors' own) and
    by their values; what is uncertain is marked ``unsure`` in a comment.

    Parameters
    ----------
    path : pathlib.Path
        A CSV, Parquet or JSON file; its first rows are looked at.

    Returns
    -------
    Draft

    Raises
    ------
    UserError
        The file can't be read at all, is no table, or is one of recontact's own.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "anrufe.csv"
    >>> _ = path.write_text('''AnrufID;Startzeit;Endzeit;Kanal
    ... 7;14.03.2026 09:30;14.03.2026 09:35;Telefon
    ... ''')
    >>> draft = suggest(path)
    >>> print("\n".join(line for line in draft.text.splitlines() if not line.startswith("#")))
    ... # doctest: +NORMALIZE_WHITESPACE
    delimiter: ";"
    columns:  # name here: name in the export
      contact_id: AnrufID
      started_at: Startzeit
      ended_at: Endzeit
      channel: Kanal
    values:  # theirs: ours; others stay as they are
      channel: {Telefon: voice}
    time_format: "%d.%m.%Y %H:%M"
    time_zone: UTC  # unsure: the times name no zone; name theirs, such as Europe/Berlin
    """
    sample = read_sample(path)
    found = find(sample)
    _refuse_ours(path, sample, found)
    vendor = _vendor(sample)
    if vendor:
        return Draft("\n".join(_for_vendor(path, sample, found, vendor)) + "\n", [], vendor)
    missing = [name for name in REQUIRED if name not in found.columns]
    if "ended_after" in found.columns and "ended_at" in missing:
        missing.remove("ended_at")
    return Draft("\n".join(_written(path, sample, found, missing)) + "\n", missing)


def _refuse_ours(path: Path, sample: Sample, found: Found) -> None:
    """Refuse what is no export: contacts that need no mapping file, or another table of ours."""
    kinds = {column.name: column.type for column in sample.columns}
    other = table_of_ours(path, kinds)
    if other:
        raise UserError(f"{path} is {other[0]}, not an export", other[1])
    named_so = all(name == column.name for name, column in found.columns.items())
    if named_so and all(kinds.get(name) == SCHEMA.field(name).type for name in REQUIRED):
        raise UserError(
            f"{path} has the form of a contacts table already, which needs no mapping file",
            f"go on: recontact label {quote(str(path))} --out labels.parquet",
        )


def _written(path: Path, sample: Sample, found: Found, missing: list[str]) -> list[str]:
    return [
        f"# A first draft of a mapping file for {path.name} ({sample.rows:,} rows looked at).",
        "# Check it, above all the lines marked unsure. Then:",
        f"#   recontact import contacts {path.name} --mapping THIS.yaml --out contacts.parquet",
        *(f"# MISSING: {name}: {_mend(name, found)}" for name in missing),
        *_form(sample, found),
        *_columns(found, missing),
        *_values(found),
        *_times(found),
        *_durations(found),
        *_hints(sample, found),
    ]


def _mend(name: str, found: Found) -> str:
    """Say how to tell a required column that was not found."""
    if name != "ended_at":
        return "name it"
    seen = [ours for ours in ("talk_s", *DURATION_COLUMNS) if ours in found.columns]
    if seen:
        column, form = _quoted(found.columns[seen[0]].name), found.durations[seen[0]]
        named = "" if form == "seconds" else f' and, under duration_format, ended_after: "{form}"'
        how = f"ended_after: {column}{named}, if that is the whole duration"
    else:
        how = 'ended_after: COLUMN for a duration, with duration_format: {ended_after: "hh:mm:ss"}'
    return f"name its column; or write {how}; for tickets, that of the start"


def _vendor(sample: Sample) -> str | None:
    """Name the system whose export it looks like."""
    names = {column.name for column in sample.columns}
    return next((vendor for vendor, fields in VENDORS.items() if names & set(fields)), None)


def _for_vendor(path: Path, sample: Sample, found: Found, vendor: str) -> list[str]:
    """Draft only what the importer of that system can't find by itself."""
    command = f"recontact import {vendor} {path.name}"
    head = f"# {path.name} looks like an export for {vendor} ({sample.rows:,} rows looked at)."
    if vendor == "servicenow":
        return [head, "# It needs no mapping file:", f"#   {command} --out contacts.parquet"]
    named = {ours: found.columns[ours] for ours in UNTOLD if ours in found.columns}
    only = Found({ours: column for ours, column in named.items() if ours != column.name})
    return [
        head,
        "# Its importer finds the columns by itself; here is what it may not know. Check it, then:",
        f"#   {command} --mapping THIS.yaml --out contacts.parquet",
        *_form(sample, only),
        *_columns(only, []),
        *_hints(sample._replace(columns=[]), found),
    ]


def _form(sample: Sample, found: Found) -> list[str]:
    lines = []
    if sample.delimiter not in (None, ","):
        lines.append(f"delimiter: {json.dumps(sample.delimiter)}")
    if sample.encoding not in (None, "utf-8"):
        unsure = "  # unsure: no UTF-8, so western Europe's" if sample.encoding == "cp1252" else ""
        lines.append(f"encoding: {sample.encoding}{unsure}")
    numbers = (c for name, c in found.columns.items() if name in (*NUMBERS, *found.durations))
    if any(look.with_comma(column.values) for column in numbers):
        lines.append('decimal: ","')
    return lines


def _columns(found: Found, missing: list[str]) -> list[str]:
    after = found.columns.get("ended_after")
    renamed = {
        ours: column
        for ours, column in found.columns.items()
        if ours not in ("ended_after", column.name)
    }
    lines = [
        _line(f"  {_ours(ours)}: {_quoted(column.name)}", found.notes.get(ours))
        for ours, column in renamed.items()
    ]
    lines += [
        _line(f"  their_{column.name}: {column.name}", f"unsure: no values of {column.name}")
        for column in found.misfits
    ]
    if lines:
        lines.insert(0, "columns:  # name here: name in the export")
    lines += [f"#  {name}: ???" for name in missing]
    for ours, note in found.notes.items():
        if ours in found.columns and found.columns[ours].name == ours:
            lines.append(f"# {ours}: {note}")
    if after is not None:
        lines.append(_line(f"ended_after: {_quoted(after.name)}", found.notes.get("ended_after")))
    return lines


def _ours(name: str) -> str:
    return "handled" if name == "abandoned" else name


def _line(text: str, note: str | None) -> str:
    return f"{text}  # {note}" if note else text


def _values(found: Found) -> list[str]:
    used = set(map(_ours, found.columns))
    lines = []
    for ours, pairs in found.values.items():
        if ours in used and pairs:
            inside = ", ".join(f"{_quoted(t)}: {_quoted(w)}" for t, w in pairs.items())
            lines.append(f"  {ours}: {{{inside}}}")
    return ["values:  # theirs: ours; others stay as they are", *lines] if lines else []


def _times(found: Found) -> list[str]:
    written = {n: f for n, f in found.times.items() if n in found.columns}
    other = {name: form for name, form in written.items() if form != ISO}
    lines = []
    if other and len(set(written.values())) == 1:
        lines = [f"time_format: {json.dumps(next(iter(other.values())))}"]
    elif other:
        lines = ["time_format:", *(f"  {n}: {json.dumps(form)}" for n, form in other.items())]
    named = [
        getattr(found.columns[name].type, "tz", None) or look.with_zone(found.columns[name].values)
        for name in written
    ]
    if written and not all(named):
        note = "unsure: the times name no zone; name theirs, such as Europe/Berlin"
        lines.append(_line("time_zone: UTC", note))
    return lines


def _durations(found: Found) -> list[str]:
    other = {n: f for n, f in found.durations.items() if n in found.columns and f != "seconds"}
    return ["duration_format:", *(f'  {n}: "{form}"' for n, form in other.items())] if other else []


def _hints(sample: Sample, found: Found) -> list[str]:
    """Say what else a mapping file can tell, with the export's own values."""
    lines = []
    for key, pattern in TOLD_BY_VALUES.items():
        for name in ("queue", "disposition"):
            if column := found.columns.get(name):
                fit = [t for t in dict.fromkeys(column.values) if re.search(pattern, t)][:10]
                listed = ", ".join(map(_quoted, fit))
                lines += [f"# {key}: {{{name}: [{listed}]}}  # unsure: is it so?"] if fit else []
    if (ani := found.columns.get("ani")) and not all(t.startswith("+") for t in ani.values):
        lines.append("# ani_region: DE  # the country of numbers written without one")
    lines += [
        f"# {column.name!r} holds times of day: join it with its date in one column before"
        for column in clocks(sample, found)
    ]
    if rest := unused(sample, found):
        names = ", ".join(repr(column.name) for column in rest)
        lines.append(f"# not recognised, they travel along: {names}")
    return lines


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[^\W\d_][\w .\-/()]*(?<! )|\d+", text)
    null = text.lower() in ("null", "~")
    return text if plain and not null else json.dumps(text, ensure_ascii=False)
