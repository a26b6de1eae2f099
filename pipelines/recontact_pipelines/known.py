"""Options about features that several commands share: --known-from, --features, --wrapup-delay."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from recontact.durations import parse_duration
from recontact.errors import UserError
from recontact.features.moments import KNOWN_FROM, MOMENTS

LIVE_AFTER = "120s"

KnownFrom = Annotated[
    list[str] | None,
    typer.Option(
        "--known-from",
        metavar="COLUMN=MOMENT",
        help="From which moment a column is known, e.g. reason=start; repeatable. "
        "A column of your own becomes a feature by being named.",
    ),
]

Yours = Annotated[
    Path | None,
    typer.Option(
        "--features",
        metavar="FILE",
        help="Features of your own, in YAML, beside ours (docs/features.md tells how).",
    ),
]

WrapupDelay = Annotated[
    str, typer.Option(help="At wrapup: how late a contact's record may come and be known.")
]


def parse_known_from(given: list[str] | None) -> dict[str, str]:
    """Read the values of --known-from.

    Examples
    --------
    >>> parse_known_from(["reason=start"])
    {'reason': 'start'}
    """
    pairs = {}
    for text in given or []:
        column, equals, moment = text.partition("=")
        if not equals or moment not in MOMENTS:
            raise UserError(
                f"--known-from {text}: not COLUMN=MOMENT",
                f"a moment is one of {', '.join(MOMENTS)}, e.g. --known-from reason=start",
            )
        pairs[column] = moment
    return pairs


def parse_only(given: str) -> list[str]:
    """Read the value of --only.

    Examples
    --------
    >>> parse_only("hour, weekday")
    ['hour', 'weekday']
    """
    names = [name.strip() for name in given.split(",")]
    if not all(names):
        raise UserError(
            f"--only {given!r}: a name is missing", "names with commas between: hour,weekday"
        )
    return names


@contextmanager
def naming_yours(path: Path | None) -> Iterator[None]:
    """Say of what is wrong with a feature of a file which file it is."""
    try:
        yield
    except UserError as error:
        if path is None or not _is_of(path, error):
            raise
        raise UserError(f"{path}: {error.what}", error.mend) from error


def _is_of(path: Path, error: UserError) -> bool:
    from recontact.features.yours import read_features  # noqa: PLC0415 - help stays fast

    told = "feature '"
    if not error.what.startswith(told):
        return False
    name = error.what.removeprefix(told).split("'")[0]
    return name in {feature.name for feature in read_features(path)}


def refuse_events(moment: str, events: Path | None) -> None:
    """Refuse --events where nothing would be looked up in them."""
    if events is not None and moment != "live":
        raise typer.BadParameter("goes with --moment live only", param_hint="--events")


def elapsed_seconds(moment: str, elapsed: str | None) -> float | None:
    """Check --moment and read --elapsed, which goes with `live` only; there it is 2 minutes.

    Examples
    --------
    >>> elapsed_seconds("live", None), elapsed_seconds("live", "90s")
    (120.0, 90.0)
    """
    if moment not in MOMENTS:
        raise typer.BadParameter(
            f"{moment!r} is not one of {', '.join(MOMENTS)}", param_hint="--moment"
        )
    if moment != "live":
        if elapsed is not None:
            raise typer.BadParameter("goes with --moment live only", param_hint="--elapsed")
        return None
    return parse_duration(elapsed or LIVE_AFTER, "--elapsed") / 1e6


def known_from_words() -> str:
    """Say from which moment each column is known by default, for the help page."""
    lines = []
    for moment in MOMENTS:
        columns = ", ".join(name for name, since in KNOWN_FROM.items() if since == moment)
        lines.append(f"{moment}: {columns}")
    return "\n\n".join(lines)
