"""What the commands that learn share: train, backtest and tune take the same data alike."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.known import parse_known_from
from recontact_pipelines.output import note

PAGES = (".html", ".json", ".md", ".png", ".yaml")
PolicyFile = Annotated[Path | None, typer.Option(help="FCR policy in YAML.")]
Until = Annotated[
    str | None,
    typer.Option(help="An instant: what started or became known after it does not exist."),
]
Events = Annotated[
    Path | None, typer.Option(help="The events table, for holds and transfers so far at live.")
]
Params = Annotated[
    Path | None, typer.Option(help="LightGBM settings in YAML, as in models/params.yaml.")
]


def folder(path: Path | None) -> Path | None:
    """Refuse the name of a file where a folder is asked for, before anything is learnt."""
    if path is not None and (path.suffix.lower() in PAGES or path.is_file()):
        raise typer.BadParameter(f"{path} names a file; files are written into a folder")
    return path


def data(
    contacts: Sequence[Path],
    policy: Path | None,
    until: str | None,
    events: Path | None,
    known_from: list[str] | None,
    own: Path | None,
    wrapup_delay: str,
) -> dict[str, Any]:
    """Read what is learnt from, as the arguments of `learn`, `backtest` and `tune` of recontact.

    Parameters
    ----------
    contacts, policy, until, events, known_from, own, wrapup_delay
        The options as they were given.

    Returns
    -------
    dict
        `contacts`, `policy`, `until`, `known`, `wrapup_delay_s`, `events`, `yours`.

    Raises
    ------
    UserError
        A file can't be read, or a value is none; says which.
    """
    from recontact.clean import read_contacts  # noqa: PLC0415 - help stays fast
    from recontact.durations import parse_duration  # noqa: PLC0415
    from recontact.features.yours import yours  # noqa: PLC0415
    from recontact.policy import Policy  # noqa: PLC0415
    from recontact.policy_use import present, unmatched, warning  # noqa: PLC0415
    from recontact.policy_values import parse_instant  # noqa: PLC0415
    from recontact.tables import read_table  # noqa: PLC0415

    given: dict[str, Any] = {
        "policy": Policy.read(policy) if policy else Policy(),
        "until": None if until is None else parse_instant(until, "--until"),
        "known": parse_known_from(known_from),
        "wrapup_delay_s": parse_duration(wrapup_delay, "--wrapup-delay") / 1e6,
        "yours": yours(own),
    }
    tables = {
        "contacts": read_contacts(contacts),
        "events": read_table(events) if events else None,
    }
    found = unmatched(given["policy"], present(tables["contacts"], given["policy"]))
    if found:
        note(f"warning: {warning(found)}")
    return given | tables
