"""`recontact features`."""

from pathlib import Path
from typing import Annotated

import typer

from recontact_pipelines.known import (
    KnownFrom,
    elapsed_seconds,
    known_from_words,
    parse_known_from,
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
    wrapup_delay: Annotated[
        str, typer.Option(help="At wrapup: how late a contact's record may come and be known.")
    ] = "15m",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    from recontact.clean import read_contacts  # noqa: PLC0415
    from recontact.dataset import feature_columns  # noqa: PLC0415 - help stays fast
    from recontact.dataset import features as run  # noqa: PLC0415
    from recontact.durations import parse_duration  # noqa: PLC0415
    from recontact.errors import UserError  # noqa: PLC0415
    from recontact.labels.read import read_labels  # noqa: PLC0415
    from recontact.tables import expand, read_table  # noqa: PLC0415
    from recontact.writing import refuse_input, write_table  # noqa: PLC0415

    changes = parse_known_from(known_from)
    elapsed_s = elapsed_seconds(moment, elapsed)
    refuse_input(out, [*expand(contacts), labels])
    delay_s = parse_duration(wrapup_delay, "--wrapup-delay") / 1e6
    with progress("features", total=3) as advance:
        table, found = read_contacts(contacts), read_labels([labels])
        happened = read_table(events) if events else None
        advance()
        rows = run(
            table,
            found,
            moment,
            known=changes,
            elapsed_s=elapsed_s,
            delay_s=delay_s,
            events=happened,
        )
        if not len(rows):
            raise UserError(
                "no contact can be judged under the policy of these labels",
                "recontact label shows why each is left out (column exclusion)",
            )
        advance()
        write_table(rows, out)
        advance()
    columns = feature_columns(rows)
    result = {"rows": len(rows), "moment": moment, "features": columns, "out": out}
    words = f"{len(rows):,} eligible contacts, {len(columns)} features, written to {out}"
    emit(result, words, as_json)


features.__doc__ = f"""Compute features of every eligible contact, as known at a moment.

One row per eligible contact. A column is known from this moment on, unless the contacts'
source or --known-from says otherwise (survey answers: never of their own contact):

{known_from_words()}

Example:

    recontact features c.parquet --labels l.parquet --moment start --out f.parquet
"""
