"""`recontact report`."""

from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.output import emit, progress


def report(
    contacts: Annotated[Path, typer.Argument(help="Clean contacts: a file, glob or folder.")],
    labels: Annotated[Path, typer.Argument(help="Their labels, .parquet.")],
    out: Annotated[Path, typer.Option(help="The page to write, .html.")] = Path("report.html"),
    by: Annotated[
        list[str] | None, typer.Option(help="Column to group by; may be repeated.")
    ] = None,
    csat_positive: Annotated[float, typer.Option(help="Least positive csat answer.")] = 4.0,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Also the rates under other rules.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Report rates with their intervals as a page: FCR, repeats, escalations, surveys.

    Example:

        recontact report contacts.parquet labels.parquet --by agent_id --out report.html
    """
    from recontact.labels.read import read_labels  # noqa: PLC0415 - help stays fast
    from recontact.rates import RATES  # noqa: PLC0415
    from recontact.report.collect import collect  # noqa: PLC0415
    from recontact.report.page import page  # noqa: PLC0415
    from recontact.report.words import policy_line, share  # noqa: PLC0415
    from recontact.tables import read_contacts, replacing  # noqa: PLC0415

    with progress("reporting"):
        found = collect(
            read_contacts(contacts), read_labels(labels), by or (), csat_positive, sensitivity
        )
        with replacing(out) as temporary:
            temporary.write_text(page(found), encoding="utf-8")
    result = {
        "overall": found.overall,
        "groups": found.groups,
        "sensitivity": found.sensitivity,
        "findings": [vars(finding) for finding in found.findings],
        "policy": found.policy.text(),
        "policy_digest": found.policy.digest,
        "out": out,
    }
    lines = [f"{text}: {share(found.overall, name)}" for name, text in RATES.items()]
    emit(result, "\n".join([*lines, policy_line(found.policy), f"written to {out}"]), as_json)
