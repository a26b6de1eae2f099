"""`recontact import`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from recontact.errors import UserError
from recontact_pipelines.output import emit, progress


class Source(StrEnum):
    """The forms of export that can be read."""

    CONTACTS = "contacts"
    AMAZON_CONNECT = "amazon-connect"
    GENESYS = "genesys"
    TWILIO = "twilio"
    ZENDESK = "zendesk"
    SALESFORCE = "salesforce"
    SERVICENOW = "servicenow"


def import_(
    source: Annotated[Source, typer.Argument(help="Whose export it is; contacts is our own form.")],
    files: Annotated[
        list[str], typer.Argument(help="Files, globs or folders: CSV, Parquet, JSON.")
    ],
    out: Annotated[Path, typer.Option(help="The contacts table, .parquet or .csv.")],
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
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Turn a system's export into the contacts table; bad rows go to the rejects table.

    Every row read becomes a contact, is merged into one as a leg of it, is dropped as an exact
    duplicate, or is rejected with file, row number and reason; the four numbers are printed.
    What happened during contacts (answered, hold, resume, transfer) goes to the events table,
    where the source tells it.

    Example:

        recontact import contacts exports/*.csv --out contacts.parquet
        recontact import amazon-connect 'records/**/*.gz' --mapping m.yaml --out contacts.parquet
        recontact import genesys pages/ --out contacts.parquet --events events.parquet
        recontact import twilio events.jsonl --out contacts.parquet
        recontact import zendesk tickets/*.json --mapping m.yaml --out contacts.parquet
        recontact import salesforce case.csv voicecall.csv --out contacts.parquet
        recontact import servicenow incident_event_log.csv --out contacts.parquet
    """
    from recontact.sources.imports import import_contacts  # noqa: PLC0415 - keeps --help fast
    from recontact.tables import write_table  # noqa: PLC0415

    with progress("reading"):
        imported = import_contacts(source, files, mapping)
    if events and imported.events is None:
        raise UserError(f"{source} tells no events during contacts", "leave --events out")
    beside = rejects or out.with_name(f"{out.stem}.rejects.parquet")
    told = bool(rejects or len(imported.rejects) or beside.exists())  # none left from an older run
    if told:
        write_table(imported.rejects, beside)
    if not len(imported.contacts):
        rows = f"{imported.counts['rows']} rows in {', '.join(files[:3])}"
        where = f": see {beside}" if len(imported.rejects) else ""
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
    words = [_words(imported.counts, out, beside), *_whom(imported.identity)]
    if imported.events is not None:
        words.append(f"{len(imported.events):>10,} events during them in {happened}")
    emit(result, "\n".join(words), as_json)


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
        worst = ", ".join(f"{one['customer_id']} {one['contacts']:,}" for one in identity["worst"])
        lines.append(f"{identity['shared']:>10,} contacts of shared identities left unlinked")
        lines += [f"           most of: {worst}"] if worst else []
    return lines
