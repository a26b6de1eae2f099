"""`recontact label`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.output import emit, note, progress


def label(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    out: Annotated[Path, typer.Option(help="The labels table to write, .parquet or .csv.")],
    policy: Annotated[Path | None, typer.Option(help="FCR policy in YAML.")] = None,
    engine: Annotated[str, typer.Option(help="What reads and sorts: duckdb.")] = "duckdb",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Label every contact: first contact, repeated, escalation, fcr, episode.

    Without --policy the defaults hold: 48 hours before and after, same reason, voice.

    Example:

        recontact label contacts.parquet --policy policy.yaml --out labels.parquet
    """
    if engine != "duckdb":
        raise typer.BadParameter(
            f"{engine!r} is not there; the one engine of this version is duckdb",
            param_hint="--engine",
        )
    from recontact.doctor import stray_end  # noqa: PLC0415 - help stays fast
    from recontact.labels.table import label as run  # noqa: PLC0415
    from recontact.policy import Policy  # noqa: PLC0415
    from recontact.rates import rates  # noqa: PLC0415
    from recontact.tables import read_contacts, write_table  # noqa: PLC0415

    rules = Policy.read(policy) if policy else Policy()
    with progress("labeling", total=3) as advance:
        table = read_contacts(contacts)
        advance()
        labels = run(table, rules)
        advance()
        write_table(labels, out)
        advance()
    stray = stray_end(table) if rules.as_of is None else None
    if stray:
        note(f"warning: {stray}")
    overall = rates(table, labels).to_pylist()[0]
    result = _result(overall, labels, rules, out)
    if not result["eligible"]:
        note(f"warning: no contact may be judged: {_why(result['exclusions'])}")
    emit(result, _words(result, overall, rules), as_json)


def _result(overall: dict[str, Any], labels: Any, policy: Any, out: Path) -> dict[str, Any]:
    counts = labels["exclusion"].value_counts().to_pylist()
    exclusions = {c["values"]: c["counts"] for c in counts if c["values"] is not None}
    return {
        "contacts": len(labels),
        "eligible": len(labels) - sum(exclusions.values()),
        "exclusions": exclusions,
        "judged": overall["fcr_of"],
        **{name: value for name, value in overall.items() if name not in ("group", "contacts")},
        "policy": policy.text(),
        "policy_digest": policy.digest,
        "out": out,
    }


def _why(exclusions: dict[str, int]) -> str:
    return ", ".join(f"{why} {count:,}" for why, count in exclusions.items())


def _words(result: dict[str, Any], overall: dict[str, Any], policy: Any) -> str:
    from recontact.rates import RATES  # noqa: PLC0415 - as above
    from recontact.report.words import policy_line, share  # noqa: PLC0415

    counts = (
        f"{result['contacts']:,} contacts, {result['eligible']:,} may be judged, "
        f"{result['judged']:,} are: first contacts whose outcome is known"
    )
    lines = [
        counts,
        *(f"  {text}: {share(overall, name)}" for name, text in RATES.items() if name != "csat"),
        f"  {policy_line(policy)}",
        f"written to {result['out']}",
    ]
    return "\n".join(lines)
