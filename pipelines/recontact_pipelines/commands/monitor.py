"""`recontact monitor`."""

from typing import Annotated

import typer

from recontact.errors import UserError


def monitor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,  # noqa: ARG001 - every command has it
) -> None:
    """Tell drift, and the estimated and the realised performance of the models in use.

    This command comes with later work; until then it says so and exits with 1.

    Example:

        recontact monitor --json
    """
    raise UserError(
        "recontact monitor is not there yet; it comes with a later version",
        mend="until then, score with `recontact score` and compare with `recontact label` later",
    )
