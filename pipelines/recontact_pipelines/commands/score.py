"""`recontact score`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.known import elapsed_seconds, refuse_events
from recontact_pipelines.output import emit, progress
from recontact_pipelines.tracked import MlflowUri


def score(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    moment: Annotated[str, typer.Option(help="start, live or wrapup.")],
    out: Annotated[Path, typer.Option(help="The scores table to write, .parquet or .csv.")],
    since: Annotated[
        str | None, typer.Option(help="An instant: score contacts that started at it or later.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="A version of recontact-repeated, or a run.")
    ] = "champion",
    elapsed: Annotated[
        str | None, typer.Option(help="At live: time since the start; 120s by default.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="At live: the events table, for holds and transfers so far.")
    ] = None,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Score every eligible contact, each seeing only what was known at its own instant.

    All contacts given are history; --since only chooses which of them are scored.

    Example:

        recontact score contacts.parquet --moment wrapup --since 2026-06-01 --out scores.parquet
    """
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.model.batch import score as run  # noqa: PLC0415 - help stays fast
    from recontact.policy_values import parse_instant  # noqa: PLC0415
    from recontact.tables import expand, read_table  # noqa: PLC0415
    from recontact.tracking import load_bundles  # noqa: PLC0415
    from recontact.writing import refuse_input, write_table  # noqa: PLC0415

    earliest = None if since is None else parse_instant(since, "--since")
    elapsed_s = elapsed_seconds(moment, elapsed)
    refuse_events(moment, events)
    refuse_input(out, [*expand(contacts), *([events] if events else [])])
    with progress("scoring", total=4) as advance:
        bundles = load_bundles(model, mlflow_uri)
        advance()
        table = read_contacts(contacts)
        advance()
        happened = read_table(events) if events else None
        scores = run(table, bundles, moment, since=earliest, elapsed_s=elapsed_s, events=happened)
        advance()
        write_table(scores, out)
        advance()
    result = _result(scores, bundles, moment, out)
    emit(result, _words(result), as_json)


def _result(scores: Any, bundles: Any, moment: str, out: Path) -> dict[str, Any]:
    bands = {
        target: {
            b["values"]: b["counts"] for b in scores[f"{target}_band"].value_counts().to_pylist()
        }
        for target in bundles
    }
    return {
        "scores": len(scores),
        "moment": moment,
        "bands": bands,
        "model_version": scores["model_version"][0].as_py(),
        "policy_digest": bundles["repeated"].policy_digest,
        "out": out,
    }


def _words(result: dict[str, Any]) -> str:
    order = ("already", "high", "medium", "low")
    lines = [
        f"{target}: " + ", ".join(f"{bands[b]:,} {b}" for b in order if b in bands)
        for target, bands in result["bands"].items()
    ]
    head = f"{result['scores']:,} contacts scored at {result['moment']} by version "
    head += (
        f"{result['model_version']}, policy {result['policy_digest']}, written to {result['out']}"
    )
    return "\n".join([head, *lines])
