"""`recontact report`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.output import emit, progress


def report(
    contacts: Annotated[Path, typer.Argument(help="Clean contacts: a file, glob or folder.")],
    labels: Annotated[Path, typer.Argument(help="Their labels, .parquet.")],
    out: Annotated[
        Path,
        typer.Option(help="What to write: .html, .json, .csv; without a suffix a folder of all."),
    ] = Path("report.html"),
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Column to group by, or week, month, reason:1; may be repeated. "
            "Without it all usual ones."
        ),
    ] = None,
    min_volume: Annotated[
        int, typer.Option(min=1, help="Groups with fewer judged contacts are not compared.")
    ] = 30,
    csat_positive: Annotated[float, typer.Option(help="Least positive csat answer.")] = 4.0,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help="Also the rates under other rules.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Report FCR, repeats and escalations by group, adjusted, with what stands out, as a page.

    Example:

        recontact report contacts.parquet labels.parquet --by agent_id --out report.html
    """
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.labels.read import read_labels  # noqa: PLC0415 - help stays fast
    from recontact.report.collect import collect  # noqa: PLC0415
    from recontact.report.output import as_json as values  # noqa: PLC0415
    from recontact.report.output import kind_of, write  # noqa: PLC0415

    kind_of(out)  # before the work
    with progress("reporting"):
        found = collect(
            read_contacts(contacts),
            read_labels(labels),
            by or (),
            csat_positive,
            sensitivity,
            min_volume,
        )
        files = write(found, out)
    emit({**values(found), "out": out, "files": files}, _words(found, out), as_json)


def _words(found: Any, out: Path) -> str:
    from recontact.rates import RATES  # noqa: PLC0415 - as above
    from recontact.report.headlines import headlines  # noqa: PLC0415
    from recontact.report.words import policy_line, share  # noqa: PLC0415

    rates = [f"{text}: {share(found.overall, name)}" for name, text in RATES.items()]
    told = [f"- {line}" for line in headlines(found)]
    return "\n".join([*rates, policy_line(found.policy), *told, f"written to {out}"])
