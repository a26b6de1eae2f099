"""`recontact features`."""

from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.engine import Engine, EngineOption
from recontact_pipelines.known import (
    KnownFrom,
    WrapupDelay,
    Yours,
    elapsed_seconds,
    known_from_words,
    naming_yours,
    parse_known_from,
    parse_only,
    refuse_events,
)
from recontact_pipelines.output import emit, progress


def features(  # noqa: D103 - its docstring is set below, with the table in it
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    labels: Annotated[Path, typer.Option(help="Their labels table (recontact label).")],
    moment: Annotated[str, typer.Option(help="start, live or wrapup.")],
    out: Annotated[Path, typer.Option(help="The features table to write, .parquet or .csv.")],
    elapsed: Annotated[
        str | None, typer.Option(help="At live: time since the start; 120s by default.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="At live: the events table, for holds and transfers so far.")
    ] = None,
    known_from: KnownFrom = None,
    own: Yours = None,
    only: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="Only these features.")
    ] = None,
    engine: EngineOption = Engine.DUCKDB,
    wrapup_delay: WrapupDelay = "15m",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    from recontact.durations import parse_duration  # noqa: PLC0415 - help stays fast
    from recontact.features.declared import FEATURES  # noqa: PLC0415
    from recontact.features.files import features_files  # noqa: PLC0415
    from recontact.features.spark import features_spark  # noqa: PLC0415
    from recontact.features.yours import only as chosen  # noqa: PLC0415
    from recontact.features.yours import yours  # noqa: PLC0415

    elapsed_s = elapsed_seconds(moment, elapsed)
    refuse_events(moment, events)
    wanted = (*FEATURES, *yours(own))
    if only is not None:
        wanted = chosen(wanted, parse_only(only))
    with naming_yours(own), progress("features", total=1) as advance:
        compute = features_spark if engine is Engine.SPARK else features_files
        computed = compute(
            contacts,
            labels,
            moment,
            out,
            known=parse_known_from(known_from),
            elapsed_s=elapsed_s,
            delay_s=parse_duration(wrapup_delay, "--wrapup-delay") / 1e6,
            events=events,
            features=wanted,
            advance=advance,
        )
    rows, columns = computed.rows, computed.columns
    result = {"rows": rows, "moment": moment, "features": columns, "out": out}
    words = f"{rows:,} eligible contacts, {len(columns)} features, written to {out}"
    emit(result, words, as_json)


features.__doc__ = f"""Compute features of every eligible contact, as known at a moment.

One row per eligible contact. A column is known from this moment on, unless the contacts'
source or --known-from says otherwise (survey answers: never of their own contact):

{known_from_words()}

Example:

    recontact features c.parquet --labels l.parquet --moment start --out f.parquet

With --engine spark, RECONTACT_SPARK says where Spark is, as for recontact label; its workers read
and write the same paths.
"""
