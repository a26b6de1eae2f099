"""`recontact simulate`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recontact_pipelines.output import emit, progress

if TYPE_CHECKING:
    from recontact.simulate import Simulated


def simulate(
    contacts: Annotated[int, typer.Option(help="Rows of the contacts table.")],
    out: Annotated[Path, typer.Option(help="Folder to write: new, empty or a simulation's.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Simulate a contact centre: contacts, legs, events, and in truth/ what lies behind them.

    The truth is for judging models only; no other command reads it.

    Example:

        recontact simulate --contacts 50000 --seed 1 --out centre
    """
    from recontact.simulate import simulate as run  # noqa: PLC0415 - help stays fast
    from recontact.simulate.run import refuse  # noqa: PLC0415

    refuse(contacts, seed, out)
    with progress("simulating", total=1) as advance:
        done = run(contacts=contacts, seed=seed, out=out, progress=advance)
    emit(asdict(done), _words(done), as_json)


def _words(done: "Simulated") -> str:
    lines = [
        f"{done.out}: {done.contacts:,} contacts, {done.legs:,} legs, {done.events:,} events",
        f"of {done.customers:,} customers and {done.agents:,} agents over 180 days",
        "ceiling (ROC AUC of the true chances):",
    ]
    for outcome, moments in done.ceiling.items():
        figures = ", ".join(f"{moment} {_auc(of['auc'])}" for moment, of in moments.items())
        lines.append(f"  {outcome}: {figures}")
    return "\n".join(lines)


def _auc(auc: float | None) -> str:
    return "-" if auc is None else f"{auc:.3f}"
