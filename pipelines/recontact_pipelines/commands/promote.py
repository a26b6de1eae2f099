"""`recontact promote`."""

from typing import Annotated

import typer

from recontact_pipelines.output import emit
from recontact_pipelines.tracked import MlflowUri


def promote(
    version: Annotated[str, typer.Argument(help="Version of recontact-repeated, or a run.")],
    why: Annotated[str, typer.Option(help="Why; kept with the alias, with who and when.")] = "",
    force: Annotated[bool, typer.Option("--force", help="In spite of the gate.")] = False,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make both models of one training the champions, if they pass the gate.

    Each must beat the one-line rule on its test contacts, follow the champion's policy and not
    be worse than the champion on the same contacts: train tests the champion beside.

    Example:

        recontact promote 3 --why "autumn data"
    """
    from recontact.tracking import promote as run  # noqa: PLC0415 - help stays fast

    moved = run(version, why, force=force, uri=mlflow_uri)
    emit({"champions": moved}, moved_words(moved), as_json)


def moved_words(moved: list[dict[str, str]]) -> str:
    """Say what became champion in whose place."""
    return "\n".join(
        f"{m['name']}: version {m['version']} is champion"
        + (f", in place of {m['previous']}" if m["previous"] else "")
        + (f" (overruled: {'; '.join(m['overruled'])})" if m["overruled"] else "")
        for m in moved
    )
