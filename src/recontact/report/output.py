"""A report as files: the page, JSON, and CSV that a spreadsheet opens without harm."""

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from recontact.errors import UserError
from recontact.report.collect import Report
from recontact.report.headlines import headlines
from recontact.report.page import page
from recontact.writing import replacing

Row = Mapping[str, Any]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet takes such text for a formula
KINDS = ("html", "json", "csv", "folder")
SUFFIXES = ".html, .json or .csv, or a folder without a suffix for all of it"


def write(report: Report, out: Path) -> list[Path]:
    """Write a report.

    Parameters
    ----------
    report : Report
        What to write.
    out : pathlib.Path
        A page (``.html``), everything as JSON (``.json``), the rates of all groups as one table
        (``.csv``); or a folder, given without a suffix, for all of these and a CSV of each table.

    Returns
    -------
    list of pathlib.Path
        The files written, each whole or not at all.

    Raises
    ------
    UserError
        Another suffix, or a file that can't be written.
    """
    kind = kind_of(out)
    if kind == "folder":
        files = [write(report, out / f"report{suffix}")[0] for suffix in (".html", ".json")]
        for name, rows in tables(report).items():
            files.append(_write(out / f"{name}.csv", as_csv(rows, report.policy.digest)))
        return files
    if kind == "csv":
        return [_write(out, as_csv(rates_table(report), report.policy.digest))]
    return [_write(out, page(report) if kind == "html" else as_text(report))]


def kind_of(out: Path) -> str:
    """Give the kind of report that a path asks for: html, json, csv or folder.

    Raises
    ------
    UserError
        It asks for another one.
    """
    kind = out.suffix.lower().removeprefix(".") or "folder"
    if kind not in KINDS:
        raise UserError(f"{out}: a report is no {out.suffix} file", f"write {SUFFIXES}")
    return kind


def as_json(report: Report) -> dict[str, Any]:
    """Give a report as plain values; what is not known is None.

    Examples
    --------
    >>> import datetime as dt, pyarrow as pa, recontact
    >>> from recontact.report.collect import collect
    >>> t = [dt.datetime(2026, 1, d) for d in (1, 9, 10, 20)]
    >>> contacts = pa.table({"contact_id": list("abcd"), "customer_id": ["w", "x", "x", "z"],
    ...                      "reason": ["bill"] * 4, "started_at": t, "ended_at": t})
    >>> values = as_json(collect(contacts, recontact.label(contacts), by=["reason"]))
    >>> values["overall"]["fcr"], values["period"]["contacts"]
    (0.0, 4)
    """
    values = {key: value for key, value in vars(report).items() if key != "policy"}
    values |= {
        "headlines": headlines(report),
        "findings": [vars(finding) for finding in report.findings],
        "supports": [vars(use) for use in report.supports],
        "policy": report.policy.text(),
        "policy_digest": report.policy.digest,
    }
    plain: dict[str, Any] = _plain(values)
    return plain


def as_text(report: Report) -> str:
    """Write a report as JSON."""
    return json.dumps(as_json(report), ensure_ascii=False, indent=1) + "\n"


def tables(report: Report) -> dict[str, list[Row]]:
    """Give the tables of a report by name; those without a row are left out."""
    found: dict[str, list[Row]] = {
        "rates": rates_table(report),
        "case_mix": [row for rows in report.case_mix.values() for row in rows],
        "repeats_caused": [*report.repeats_caused],
        "next_issues": [*report.next_issues],
        "time_to_repeat": [*report.time_to_repeat],
        "agreement": [*report.agreement],
        "sensitivity": [*report.sensitivity],
        "findings": [vars(finding) for finding in report.findings],
    }
    return {name: rows for name, rows in found.items() if rows}


def rates_table(report: Report) -> list[Row]:
    """Give the rates of all and of each group as one table, told apart by `by` and `group`."""
    own: list[Row] = [{"by": "", **report.overall}]
    return own + [{"by": by, **row} for by, rows in report.groups.items() for row in rows]


def as_csv(rows: Sequence[Row], digest: str) -> str:
    """Write rows as CSV, each with the policy's digest; text that looks like a formula is quoted.

    Examples
    --------
    >>> print(as_csv([{"group": "=1+1", "nps": -20.0}, {"group": None, "nps": None}], "5ca5"))
    group,nps,policy_digest
    '=1+1,-20.0,5ca5
    ,,5ca5
    <BLANKLINE>
    """
    names = [*dict.fromkeys(name for row in rows for name in row if name != "policy_digest")]
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([*names, "policy_digest"])
    for row in rows:
        cells = (_cell(row.get(name)) for name in names)
        writer.writerow([*cells, row.get("policy_digest", digest)])
    return "".join(lines)


class _Lines(list[str]):
    """What a CSV writer writes to."""

    write = list[str].append


def _cell(value: Any) -> Any:
    plain = _plain(value)
    if isinstance(plain, dict | list):
        return json.dumps(plain, ensure_ascii=False)
    if isinstance(plain, str) and plain.startswith(FORMULA):
        return "'" + plain
    return {True: "true", False: "false"}[plain] if isinstance(plain, bool) else plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return [_plain(item) for item in value] if isinstance(value, Iterable) else str(value)


def _write(path: Path, text: str) -> Path:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
    return path
