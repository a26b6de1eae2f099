"""`recontact import`."""

import re
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from recontact.errors import UserError, did_you_mean, near
from recontact_pipelines.output import emit, note, progress

SOURCES = (  # contacts is our own form
    "contacts",
    "amazon-connect",
    "genesys",
    "twilio",
    "zendesk",
    "salesforce",
    "servicenow",
)
MOST_REASONS = 3  # of rejects are told


def import_(
    source: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help=f"Whose export it is: {', '.join(SOURCES)}."),
    ] = None,
    files: Annotated[
        list[str] | None, typer.Argument(help="Files, globs or folders: CSV, Parquet, JSON.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The contacts table, .parquet or .csv; needed.")
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(help="The rejects table; by default beside the output, *.rejects.parquet."),
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="YAML file: what the columns are called there.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="The events table; by default beside the output, *.events.parquet."),
    ] = None,
    suggest: Annotated[
        Path | None,
        typer.Option(help="Draft a mapping file for this file, printed or written to --out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Turn a system's export into the contacts table; bad rows go to the rejects table.

    Every row read becomes a contact, is merged into one as a leg of it, is dropped as an exact
    duplicate, or is rejected with file, row number and reason; the four numbers are printed.
    What happened during contacts (answered, hold, resume, transfer) goes to the events table,
    where the source tells it.

    With --suggest FILE, neither SOURCE nor FILES: a commented first draft of a mapping file, from
    the names and values of the columns.

    Example:

        recontact import contacts exports/*.csv --out contacts.parquet
        recontact import --suggest anrufe.csv --out m.yaml
        recontact import amazon-connect 'records/**/*.gz' --mapping m.yaml --out contacts.parquet
        recontact import genesys pages/ --out contacts.parquet --events events.parquet
        recontact import twilio events.jsonl --out contacts.parquet
        recontact import zendesk tickets/*.json --mapping m.yaml --out contacts.parquet
        recontact import salesforce case.csv voicecall.csv --out contacts.parquet
        recontact import servicenow incident_event_log.csv --out contacts.parquet
    """
    if suggest is not None:
        _draft(suggest, out, given=bool(source or files or mapping), as_json=as_json)
        return
    if source is not None:
        _refuse_unknown(source)
    if source is None or not files or out is None:
        needed = "SOURCE" if source is None else "FILES" if not files else "--out"
        raise typer.BadParameter("missing (or give --suggest FILE)", param_hint=needed)
    from recontact.sources.imports import import_contacts  # noqa: PLC0415 - keeps --help fast
    from recontact.writing import write_table  # noqa: PLC0415

    with progress("reading"):
        imported = import_contacts(source, files, mapping)
    for text in _misspelt(imported.contacts):
        note(f"warning: {text}")
    if events and imported.events is None:
        raise UserError(f"{source} tells no events during contacts", "leave --events out")
    beside = rejects or out.with_name(f"{out.stem}.rejects.parquet")
    told = bool(rejects or len(imported.rejects) or beside.exists())  # none left from an older run
    if told:
        write_table(imported.rejects, beside)
    if not len(imported.contacts):
        rows = f"{imported.counts['rows']} rows in {', '.join(files[:3])}"
        reasons = "; ".join(_reasons(imported.rejects))
        where = f": {reasons} (see {beside})" if reasons else ""
        raise UserError(
            f"no row left: of {rows} none became a contact{where}",
            "mend the export, or name its columns in a mapping file",
        )
    happened = events or out.with_name(f"{out.stem}.events.parquet")
    with progress("writing"):
        write_table(imported.contacts, out)
        if imported.events is not None:
            write_table(imported.events, happened)
    result = {
        **imported.counts,
        "identity": imported.identity,
        "out": out,
        "rejects": beside if told else None,
        "events": None if imported.events is None else happened,
    }
    words = [_words(imported.counts, out, beside)]
    words += [f"{'':>10}   {reason}" for reason in _reasons(imported.rejects)]
    words += _whom(imported.identity)
    if imported.events is not None:
        words.append(f"{len(imported.events):>10,} events during them in {happened}")
    emit(result, "\n".join(words), as_json)


def _refuse_unknown(source: str) -> None:
    """Refuse a source that is none; a file in its place tells that it was left out."""
    if source in SOURCES:
        return
    if Path(source).suffix or Path(source).exists():
        mend = (
            f"name whose export it is before it, as in recontact import contacts {quote(source)} "
            f"--out contacts.parquet; recontact import --suggest {quote(source)} tells whose it is"
        )
    else:
        mend = did_you_mean(source, SOURCES) + f"sources are {', '.join(SOURCES)}"
    raise typer.BadParameter(f"{source!r} is no source: {mend}", param_hint="SOURCE")


def _reasons(rejects: Any) -> list[str]:
    """Tell the most frequent reasons of rejects, one row of each as it was."""
    told: dict[str, list[str]] = {}
    for reason in rejects["reason"].to_pylist():
        told.setdefault(re.sub(r"'[^']*'", "", reason), []).append(reason)
    often = sorted(told.values(), key=len, reverse=True)[:MOST_REASONS]
    return [f"{len(alike):,} times {alike[0]}{_of_duration(alike[0])}" for alike in often]


def _of_duration(reason: str) -> str:
    """Give the mend where a number was asked for and a duration with colons came."""
    found = re.search(r"(\w+_s|ended_after): not a number: '\d+:\d\d(:\d\d)?\b", reason)
    if found is None:
        return ""
    form = "hh:mm:ss" if found[2] else "mm:ss"
    return f"; in a mapping file: duration_format: {{{found[1]}: {form}}}"


def _draft(file: Path, out: Path | None, *, given: bool, as_json: bool) -> None:
    """Print or write the draft of a mapping file, and say what is missing in it."""
    from recontact.sources.suggest import suggest as draft_of  # noqa: PLC0415 - keeps --help fast
    from recontact.writing import replacing  # noqa: PLC0415

    if given:
        told = "stands alone, without SOURCE, FILES and --mapping"
        raise typer.BadParameter(told, param_hint="--suggest")
    draft = draft_of(file)
    if out is not None and out.exists():
        raise UserError(f"{out} is there already, perhaps with your edits", "name another file")
    if out is not None:
        with replacing(out) as temporary:
            temporary.write_text(draft.text, encoding="utf-8")
    lacks = f"; missing in it: {', '.join(draft.missing)}" if draft.missing else ""
    then = f"then: recontact import {draft.source} {file} --mapping {out} --out contacts.parquet"
    said = f"a draft is in {out}: check it{lacks}; {then}"
    words = draft.text.rstrip("\n") if out is None else said
    emit({"mapping": draft.text, "missing": draft.missing, "out": out}, words, as_json)


def _misspelt(contacts: Any) -> list[str]:
    """Tell columns beyond ours whose names are near to one of ours that holds nothing."""
    from recontact.contacts import SCHEMA  # noqa: PLC0415 - keeps --help fast

    empty = [name for name in SCHEMA.names if contacts[name].null_count == len(contacts)]
    beyond = [name for name in contacts.column_names if name not in SCHEMA.names]
    meant = [(name, near(name, empty)) for name in beyond]
    return [
        f"column '{name}' is none of ours and travels along; did you mean '{ours}', which is empty?"
        for name, ours in meant
        if ours
    ]


def _words(counts: dict[str, int], out: Path, beside: Path) -> str:
    where = f" (see {beside})" if counts["rejected"] else ""
    return "\n".join(
        [
            f"{counts['rows']:>10,} rows read",
            f"{counts['contacts']:>10,} contacts in {out}",
            f"{counts['merged_legs']:>10,} legs or events merged into them",
            f"{counts['duplicates']:>10,} exact duplicates dropped",
            f"{counts['rejected']:>10,} rows rejected{where}",
        ]
    )


def _whom(identity: dict[str, Any]) -> list[str]:
    """Say whom the contacts are of, where more than `customer_id` tells it."""
    nobody = ("withheld", "invalid", "without_country", "unknown")
    counts = [f"{identity[kind]:,} {kind.replace('_', ' ')}" for kind in nobody if identity[kind]]
    lines = []
    if identity["by_number"] or any(identity[kind] for kind in nobody[:3]):
        lines.append(
            f"{identity['by_number']:>10,} contacts linked by number, "
            f"{identity['by_customer_id']:,} by customer_id; nobody: {', '.join(counts) or 'none'}"
        )
    if identity["without_country"]:
        lines.append("           for numbers without country, write ani_region in the mapping file")
    if identity["shared"]:
        worst = ", ".join(
            f"{one['customer_id']} {one['contacts']:,}" for one in identity["worst"][:3]
        )
        lines.append(f"{identity['shared']:>10,} contacts of shared identities left unlinked")
        lines += [f"           most of: {worst}"] if worst else []
    return lines
