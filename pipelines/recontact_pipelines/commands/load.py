"""`recontact load`."""

from pathlib import Path
from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.output import emit, note, progress


def load(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Contacts: files, globs or folders.")
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Load nothing; only bring the rates up to date.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Load contacts into the service's history, and learn the rates that scores use from it.

    Loading a file again changes nothing. The database is the one of RECONTACT_DATABASE_URL
    (default sqlite:///recontact.db); a running service sees the new history at once. Labels and
    the rates of agents, queues and reasons follow the champion's policy, or the default one
    where there is no champion yet. What is older than RECONTACT_RETENTION_DAYS is deleted first.

    Example:

        recontact load contacts.parquet
        recontact load --refresh
    """
    if not files and not refresh:
        raise UserError("no contacts are named", mend="recontact load contacts.parquet")
    from recontact.clean import read_contacts  # noqa: PLC0415 - the service's libraries
    from recontact_serving.scoring.loading import load as into_history  # noqa: PLC0415
    from recontact_serving.scoring.loading import refresh as learn  # noqa: PLC0415
    from recontact_serving.settings import Settings  # noqa: PLC0415
    from recontact_serving.storage.clock import now  # noqa: PLC0415
    from recontact_serving.storage.database import Database  # noqa: PLC0415
    from recontact_serving.storage.retention import forget_old, too_short  # noqa: PLC0415

    contacts = read_contacts(files) if files else None
    settings = Settings.read()
    database = Database(settings.database_url)
    accepted = unchanged = 0
    if contacts is not None:
        with progress("contacts into the history", len(contacts)) as advance:
            accepted, unchanged = into_history(database, contacts, advance)
    if too_short(settings.retention_days):
        note(too_short(settings.retention_days))
    with progress("what is older than is kept"):
        forgotten = forget_old(database, settings.retention_days, now())
    with progress("labels and rates"):
        learnt = learn(database, settings.mlflow_uri, contacts)
    if learnt.trouble:
        note(learnt.trouble)
    emit(
        {
            "accepted": accepted,
            "unchanged": unchanged,
            **learnt._asdict(),
            "forgotten": dict(forgotten),
        },
        f"{accepted:,} contacts loaded, {unchanged:,} known already; rates from "
        f"{learnt.contacts:,} contacts under policy {learnt.policy}",
        as_json,
    )
