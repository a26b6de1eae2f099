"""`recontact digest`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.limits import note_unknown
from recontact_pipelines.output import emit


class DigestForm(StrEnum):
    """How it is written."""

    html = "html"
    text = "text"


FORMS = {  # by how the name of --out ends
    ".html": DigestForm.html,
    ".htm": DigestForm.html,
    ".txt": DigestForm.text,
    "": DigestForm.text,
}


def digest(
    team: Annotated[str | None, typer.Option(help="Only contacts of this team.")] = None,
    program: Annotated[str | None, typer.Option(help="Only contacts of this program.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; by default to standard output.")
    ] = None,
    form: Annotated[
        DigestForm | None,
        typer.Option(
            "--format", help="By default as the name of --out ends: html for .html, text for .txt."
        ),
    ] = None,
    zone: Annotated[
        str, typer.Option(help="In which zone times are written: UTC, Europe/Berlin ...")
    ] = "UTC",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write the at-risk list of the day: a file, or the body of an e-mail.

    It holds the worst contacts that are to be followed up, as many as can still be done today
    (RECONTACT_CAPACITY, or what was set for the team on the page of the list), customers who
    called again, and what is late. It is read from the service's database, whether or not the
    service runs; what is held out is not in it. Whoever can read it sees all teams: cut it.

    Example:

        recontact digest --team north --zone Europe/Berlin --out north.html
        recontact digest --program acme --format text | mail -s "At-risk contacts" lead@example.com
    """
    from recontact_serving.follow_up import digests, worklist  # noqa: PLC0415 - the service's libraries
    from recontact_serving.follow_up.settling import settle  # noqa: PLC0415
    from recontact_serving.settings import Settings  # noqa: PLC0415
    from recontact_serving.storage.clock import now  # noqa: PLC0415
    from recontact_serving.storage.database import Database  # noqa: PLC0415
    from recontact_serving.storage.engines import is_missing  # noqa: PLC0415

    form = form or _form_of(out)  # before the work
    settings, there, at = Settings.read(), digests.zone_named(zone), now()
    if is_missing(settings.database_url):
        raise UserError(
            f"there is no database at {settings.database_url}", mend="set RECONTACT_DATABASE_URL"
        )
    database = Database(settings.database_url)
    settle(database, at)
    asked = worklist.Asked(team=team, program=program)
    with database.read() as db:
        note_unknown(db, {"program": program and [program], "team": team and [team]})
        made = digests.of_today(db, asked, there, at, settings.capacity)
    database.close()
    body = made.written(form)
    if out is not None:
        _write(out, body)
    told = made.as_json() | {"file": None if out is None else str(out)}
    words = f"{len(made.items):,} contacts to follow up: {out}"
    emit(told, body.rstrip() if out is None else words, as_json)


def _form_of(out: Path | None) -> DigestForm:
    if out is None:
        return DigestForm.text
    if out.suffix.lower() not in FORMS:
        told = f"{out}: a digest is HTML or text, not {out.suffix}"
        raise UserError(told, "name it .html or .txt, or say which with --format")
    return FORMS[out.suffix.lower()]


def _write(out: Path, body: str) -> None:
    from recontact.writing import replacing  # noqa: PLC0415 - reads Parquet too

    with replacing(out) as temporary:
        temporary.write_text(body, encoding="utf-8")
