"""`recontact tune`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.known import KnownFrom, WrapupDelay, Yours, naming_yours
from recontact_pipelines.learning import Events, PolicyFile, Until, data
from recontact_pipelines.output import emit, note


def tune(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    out: Annotated[Path, typer.Option(help="The settings, for recontact train --params.")],
    policy: PolicyFile = None,
    trials: Annotated[
        int, typer.Option(min=1, help="How many settings to try, earlier sittings included.")
    ] = 40,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Begin no further trial after so many minutes.")
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(help="SQLite file of the search; the same command goes on where it was cut."),
    ] = None,
    folds: Annotated[int, typer.Option(min=1, help="Rolling origins inside the training.")] = 3,
    rows: Annotated[
        int, typer.Option(min=1000, help="Try on at most about so many rows, by customer.")
    ] = 200_000,
    budget: Annotated[
        float | None,
        typer.Option(help="The most steps that an explanation may take; 300,000 by default."),
    ] = None,
    params: Annotated[
        Path | None, typer.Option(help="Settings to begin with; those not looked for stay.")
    ] = None,
    until: Until = None,
    events: Events = None,
    known_from: KnownFrom = None,
    own: Yours = None,
    wrapup_delay: WrapupDelay = "15m",
    seed: Annotated[int, typer.Option(help="The same seed and data give the same search.")] = 0,
    plot: Annotated[
        Path | None, typer.Option(help="A picture of accuracy against explanation cost, PNG.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Look for better settings of both models, without ever looking at the test part.

    Every trial is judged on rolling origins inside what `recontact train` learns from. The
    settings written are the cheapest to explain that are not worse than the best by more than
    chance, within the budget.

    Example:

        recontact tune contacts.parquet --trials 40 --study study.db --out params.yaml
        recontact train contacts.parquet --params params.yaml
    """
    from recontact.model.params import read_params  # noqa: PLC0415 - help stays fast
    from recontact.model.tuning import BUDGET_STEPS  # noqa: PLC0415
    from recontact.model.tuning import tune as run  # noqa: PLC0415

    with naming_yours(own):
        found = run(
            **data(contacts, policy, until, events, known_from, own, wrapup_delay),
            trials=trials,
            minutes=minutes,
            folds=folds,
            rows=rows,
            budget_steps=BUDGET_STEPS if budget is None else budget,
            study=study,
            params=read_params(params) if params else None,
            seed=seed,
            say=note,
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(found.text(), encoding="utf-8")
    note(f"written: {out}")
    if plot is not None:
        _draw(plot, found)
    result = {
        **found.origin,
        "budget_steps": found.budget_steps,
        "chosen": found.chosen._asdict(),
        "front": [one.number for one in found.front],
        "trials": [one._asdict() for one in found.tried],
    }
    emit(result, _words(found), as_json)


def _draw(path: Path, found: Any) -> None:
    from recontact.model.time_plots import cost  # noqa: PLC0415 - help stays fast

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cost(found))
    note(f"written: {path}")


def _words(found: Any) -> str:
    lines = ["accuracy against the cost of an explanation, cheapest first:"]
    marks = {0: "the defaults", found.chosen.number: "chosen"}
    numbers = {0, *(one.number for one in found.front)}
    shown = sorted((found.tried[k] for k in numbers), key=lambda t: t.steps)
    for one in shown:
        mark = marks.get(one.number, "" if one.steps <= found.budget_steps else "over the budget")
        lines.append(
            f"  trial {one.number}: loss {one.loss:.5f}, {one.steps:,.0f} steps, "
            f"{one.facts['ms']:g} ms {'- ' + mark if mark else ''}".rstrip()
        )
    first = found.tried[0]
    if found.chosen.loss > first.loss:
        gap = found.chosen.loss - first.loss
        lines.append(
            f"cheaper to explain than the defaults, within chance as good: {gap:+.5f} loss"
        )
    if found.chosen.loss >= 1:
        lines.append(
            "it says no more than the base rate: keep the defaults, and give more contacts"
        )
    lines.append("settings: " + ", ".join(f"{k} {v}" for k, v in found.chosen.params.items()))
    return "\n".join(lines)
