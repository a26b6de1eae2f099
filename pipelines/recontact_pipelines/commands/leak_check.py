"""`recontact leak-check`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.known import KnownFrom, parse_known_from
from recontact_pipelines.output import emit, progress


def leak_check(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    policy: Annotated[Path | None, typer.Option(help="FCR policy in YAML.")] = None,
    known_from: KnownFrom = None,
    sample: Annotated[int, typer.Option(min=1, help="Contacts drawn for each moment.")] = 20,
    seed: Annotated[int, typer.Option(help="Which contacts are drawn.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Take away all that was not yet known, and see that no feature moves.

    For contacts drawn at random, every record, end and label still to come at the instant of
    the score is taken away, everything is computed anew, and each feature must stay the same.
    Exit code 1 where one moves.

    Example:

        recontact leak-check contacts.parquet --policy policy.yaml --sample 50
    """
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.errors import UserError  # noqa: PLC0415
    from recontact.features.known import known_from as known  # noqa: PLC0415
    from recontact.features.moments import MOMENTS  # noqa: PLC0415 - help stays fast
    from recontact.features.table import Source  # noqa: PLC0415
    from recontact.leaks import check  # noqa: PLC0415
    from recontact.policy import Policy  # noqa: PLC0415

    table = read_contacts(contacts)
    rules = Policy.read(policy) if policy else Policy()
    source = Source(table, rules, known(table, parse_known_from(known_from)))
    eligible = int(source.rules.eligible.sum())
    if not eligible:
        raise UserError(
            "no contact can be judged under this policy, so there is nothing to check",
            "recontact label shows why each is left out (column exclusion)",
        )
    with progress("checking", total=sample * len(MOMENTS)) as advance:
        leaks = check(source, MOMENTS, sample=sample, seed=seed, advance=advance)
    checked = min(sample, eligible)
    result = {
        "checked": checked * len(MOMENTS),
        "moments": MOMENTS,
        "leaks": [asdict(leak) for leak in leaks],
    }
    lines = [
        f"{leak.contact_id} at {leak.moment}: {leak.feature} is {leak.value}, "
        f"but was {leak.value_then} by what was known then"
        for leak in leaks
    ]
    summary = f"{checked} contacts at {', '.join(MOMENTS)}: {len(leaks)} values leak"
    emit(result, "\n".join([*lines, summary]), as_json)
    if leaks:
        raise typer.Exit(1)
