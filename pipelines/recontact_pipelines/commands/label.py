"""`recontact label`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recontact_pipelines.engine import Engine, EngineOption
from recontact_pipelines.output import emit, note, progress

if TYPE_CHECKING:
    from recontact.labels.files import Labeled
    from recontact.policy import Policy


def label(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    out: Annotated[
        Path, typer.Option(help="The labels: .parquet, .csv, or a folder for a file each.")
    ],
    policy: Annotated[Path | None, typer.Option(help="FCR policy in YAML.")] = None,
    engine: EngineOption = Engine.DUCKDB,
    since: Annotated[
        Path | None,
        typer.Option(
            help="Labels made before contacts were added (Parquet, the same policy): "
            "only what these could change is labeled again."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Label every contact: first contact, repeated, escalation, fcr, episode.

    Without --policy the defaults hold: 48 hours before and after, same reason, voice.

    Example:

        recontact label contacts.parquet --policy policy.yaml --out labels.parquet
        recontact label contacts/ --since labels/ --out labels/

    With --engine spark, RECONTACT_SPARK says where Spark is: local[4], spark://host:7077 or
    sc://host:15002 (Spark Connect); without it, on this machine. Its workers read and write the
    same paths.
    """
    if since and engine is Engine.SPARK:
        raise typer.BadParameter("only the engine duckdb takes labels over", param_hint="--since")
    from recontact.labels.files import label_files  # noqa: PLC0415 - help stays fast
    from recontact.labels.spark import label_spark  # noqa: PLC0415
    from recontact.labels.stray import stray_end  # noqa: PLC0415
    from recontact.policy import Policy  # noqa: PLC0415
    from recontact.policy_use import warning  # noqa: PLC0415

    rules = Policy.read(policy) if policy else Policy()
    with progress("labeling", total=1) as advance:
        if engine is Engine.SPARK:
            labeled = label_spark(contacts, rules, out, advance)
        else:
            labeled = label_files(contacts, rules, out, since, advance)
    edges, tally = labeled.edges, labeled.tally
    stray = stray_end(edges.latest, edges.start, tally.contacts) if rules.as_of is None else None
    if stray:
        note(f"warning: {stray}")
    if labeled.unmatched:
        note(f"warning: {warning(labeled.unmatched)}")
    if not tally.eligible:
        note(f"warning: no contact may be judged: {_why(tally.exclusions)}")
    emit(_result(labeled, rules, out), _words(labeled, rules, out), as_json)


def _result(labeled: "Labeled", policy: "Policy", out: Path) -> dict[str, Any]:
    tally = labeled.tally
    return {
        "contacts": tally.contacts,
        "labeled": labeled.anew,
        "eligible": tally.eligible,
        "exclusions": {why: count for why, count in tally.exclusions.items() if count},
        "judged": tally.of["fcr"],
        **tally.rates(),
        "policy": policy.text(),
        "policy_digest": policy.digest,
        "out": out,
    }


def _why(exclusions: dict[str, int]) -> str:
    return ", ".join(f"{why} {count:,}" for why, count in exclusions.items() if count)


def _words(labeled: "Labeled", policy: "Policy", out: Path) -> str:
    from recontact.rates import RATES  # noqa: PLC0415 - as above
    from recontact.report.words import policy_line, share  # noqa: PLC0415

    tally, rates = labeled.tally, labeled.tally.rates()
    counts = (
        f"{tally.contacts:,} contacts, {tally.eligible:,} may be judged, "
        f"{tally.of['fcr']:,} are: first contacts whose outcome is known"
    )
    kept = tally.contacts - labeled.anew
    lines = [
        counts,
        *([f"  {kept:,} keep the labels that they had"] if kept else []),
        *(f"  {text}: {share(rates, name)}" for name, text in RATES.items() if name in tally.of),
        f"  {policy_line(policy)}",
        f"written to {out}",
    ]
    return "\n".join(lines)
