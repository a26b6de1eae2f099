"""`recontact erase`."""

import sys
from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.limits import note_unknown
from recontact_pipelines.output import emit, note, progress


def erase(
    customer: Annotated[str, typer.Argument(help="The customer's id, as the contacts carry it.")],
    program: Annotated[
        str | None, typer.Option(help="Only as a customer of this program; by default of all.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    rewrite: Annotated[
        bool, typer.Option(help="Rewrite the database's files, so that no trace is left in them.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Erase one customer from the service's database: contacts, scores and the log.

    It can't be undone. The service may go on running; it does not put anything back, but what is
    sent or loaded about the customer afterwards is kept again. Rates of agents, queues and
    reasons, and models, are made of many customers and stay. While SQLite's file is rewritten,
    the service can't write: --no-rewrite leaves that for another time. Backups, files and what
    was registered with models are yours to look after.

    Example:

        recontact erase u-17 --yes
        recontact erase u-17 --program acme --yes --json
    """
    from recontact_serving.settings import Settings  # noqa: PLC0415
    from recontact_serving.storage.database import Database  # noqa: PLC0415 - the service's libraries
    from recontact_serving.storage.engines import is_missing  # noqa: PLC0415
    from recontact_serving.storage.erasing import erase as everywhere  # noqa: PLC0415

    url = Settings.read().database_url
    if is_missing(url):
        raise UserError(f"there is no database at {url}", mend="set RECONTACT_DATABASE_URL")
    if not yes:
        _ask(customer, program)
    database = Database(url)
    with database.read() as db:
        note_unknown(db, {"program": program and [program]})
    erased = everywhere(database, customer, program)
    if rewrite:
        with progress("rewriting the database"):
            database.rewrite()
    else:
        note("traces may be readable in the database's files until `recontact erase` rewrites them")
    database.close()
    told = ", ".join(f"{count:,} {name}" for name, count in sorted(erased.items()))
    emit(
        {"customer_id": customer, "program": program, "erased": erased, "rewritten": rewrite},
        f"erased: {told}" if told else "nothing was kept about this customer",
        as_json,
    )


def _ask(customer: str, program: str | None) -> None:
    """Make sure, at a terminal; a script has to say so beforehand."""
    if not sys.stdin.isatty():
        raise UserError("erasing can't be undone, so it asks first", mend="add --yes")
    where = f" of program '{program}'" if program else ""
    if not typer.confirm(f"Erase customer '{customer}'{where} for good?", err=True):
        raise UserError("nothing was erased", mend="answer y to erase, or add --yes")
