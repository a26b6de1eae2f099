"""`recontact rollback`."""

from typing import Annotated

import typer

from recontact_pipelines.commands.promote import moved_words, note_taken
from recontact_pipelines.output import emit
from recontact_pipelines.tracked import MlflowUri, Only


def rollback(
    why: Annotated[str, typer.Option(help="Why; kept in the log, with who and when.")] = "",
    only: Only = None,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Give the champion alias of both models, or of one, back to the champions before these.

    One step at a time; the services follow within seconds. What happened when, and why, is
    kept (recontact models --history).

    Example:

        recontact rollback --why "too many false alarms"
    """
    from recontact.tracking import rollback as run  # noqa: PLC0415 - help stays fast

    moved = run(why, only=only, uri=mlflow_uri)
    emit({"champions": moved}, moved_words(moved), as_json)
    note_taken(moved)
