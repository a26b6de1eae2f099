"""`recontact report`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.output import emit, progress
from recontact_pipelines.tracked import MlflowUri


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
    today: Annotated[
        str | None,
        typer.Option(
            help="A duration such as 2d: also FCR of the contacts that began so short a time ago, "
            "before their window has passed, by the champion."
        ),
    ] = None,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Report FCR, repeats and escalations by group, adjusted, with what stands out, as a page.

    Example:

        recontact report contacts.parquet labels.parquet --by agent_id --out report.html
        recontact report contacts.parquet labels.parquet --today 2d
    """
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.durations import DAY, parse_duration  # noqa: PLC0415
    from recontact.labels.read import read_labels  # noqa: PLC0415 - help stays fast
    from recontact.report.collect import collect  # noqa: PLC0415
    from recontact.report.output import as_json as values  # noqa: PLC0415
    from recontact.report.output import kind_of, write  # noqa: PLC0415

    kind_of(out)  # before the work
    span = None if today is None else parse_duration(today, "--today") / DAY
    with progress("reporting"):
        table, judged = read_contacts(contacts), read_labels(labels)
        newest = None if span is None else _today(table, judged, span, mlflow_uri)
        found = collect(
            table,
            judged,
            by or (),
            csat_positive,
            sensitivity,
            min_volume,
        )
        files = write(found, out)
    result = {**values(found), "out": out, "files": files}
    text = _words(found, out)
    if newest is not None:
        result["fcr_today"] = asdict(newest)
        text = "\n".join([_today_words(newest, str(today)), text])
    emit(result, text, as_json)


def _today(contacts: Any, labels: Any, days: float, mlflow_uri: str | None) -> Any:
    from recontact.today import fcr_today  # noqa: PLC0415 - as above
    from recontact.tracking import load_bundles  # noqa: PLC0415

    return fcr_today(contacts, labels, load_bundles("champion", mlflow_uri)["repeated"], days)


def _today_words(found: Any, span: str) -> str:
    from recontact.report.words import percent  # noqa: PLC0415 - as above

    if found.rate is None:
        return f"FCR of the last {span}: no first contact began in them"
    low, high = percent(found.low).removesuffix(" %"), percent(found.high)
    return (
        f"FCR of the last {span}, as it will probably be: {percent(found.rate)} "
        f"(95 % interval {low} to {high}) of {found.contacts:,} first contacts, "
        f"of which {found.settled:,} are settled"
    )


def _words(found: Any, out: Path) -> str:
    from recontact.rates import RATES  # noqa: PLC0415 - as above
    from recontact.report.headlines import headlines  # noqa: PLC0415
    from recontact.report.words import policy_line, share  # noqa: PLC0415

    rates = [f"{text}: {share(found.overall, name)}" for name, text in RATES.items()]
    told = [f"- {line}" for line in headlines(found)]
    return "\n".join([*rates, policy_line(found.policy), *told, f"written to {out}"])
