"""`recontact replay`."""

from typing import Annotated

import typer

from recontact.errors import UserError
from recontact_pipelines.output import emit, progress


def replay(
    since: Annotated[
        str | None, typer.Option(help="Only scores given from this instant on (ISO 8601).")
    ] = None,
    last: Annotated[int, typer.Option(min=1, help="How many scores at most, the latest.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Give scores of the service's log again, and compare each with what was answered.

    The same models and features give the same bytes. Next issues go with the questions of
    RECONTACT_PROBES: with other questions than then they differ. Reasons that another version
    put in other words are counted apart. Exit code 1 where one differs.

    Example:

        recontact replay --since 2026-03-01T00:00:00Z --last 100000
    """
    from recontact.policy_values import parse_instant  # noqa: PLC0415 - the service's libraries
    from recontact.probes import read_probes  # noqa: PLC0415
    from recontact_serving.scoring.replay import replay as again  # noqa: PLC0415
    from recontact_serving.settings import Settings  # noqa: PLC0415
    from recontact_serving.storage.database import Database  # noqa: PLC0415

    begin = parse_instant(since, "--since") if since else 0
    settings = Settings.read()
    database, probes = Database(settings.database_url), read_probes(settings.probes)
    with progress("scores", last) as advance:
        found = again(
            database, settings.mlflow_uri, probes, since=begin, last=last, advance=advance
        )
    notes = [
        *(f"{n:,} but for words, by recontact {one}" for one, n in found.reworded.items()),
        *(f"{count:,} not: {why}" for why, count in found.gone.items()),
    ]
    text = f"{found.same:,} of {found.scores:,} scores are given again, byte by byte"
    text = "; ".join([text, *notes])
    emit(found._asdict(), text, as_json)
    if found.differ:
        one = found.differing[0]
        raise UserError(
            f"{found.differ:,} scores come out otherwise, such as number {one['seq']} "
            f"(contact {one['contact_id']}, {one['moment']}, by recontact {one['recontact']}): "
            f"{', '.join(one['parts'])}",
            mend="the models' files or the questions were changed, or the log was; "
            "--json names the first hundred",
        )
