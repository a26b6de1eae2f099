"""`recontact backtest`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from recontact_pipelines.known import KnownFrom, WrapupDelay, Yours, naming_yours
from recontact_pipelines.learning import Events, Params, PolicyFile, Until, data, folder
from recontact_pipelines.output import emit, note


def backtest(
    contacts: Annotated[list[Path], typer.Argument(help="Clean contacts: files, globs, folders.")],
    policy: PolicyFile = None,
    folds: Annotated[int, typer.Option(min=1, help="How many origins.")] = 5,
    first: Annotated[
        float,
        typer.Option(min=0.05, max=0.95, help="Share of the data before the first origin."),
    ] = 0.5,
    until: Until = None,
    events: Events = None,
    known_from: KnownFrom = None,
    own: Yours = None,
    wrapup_delay: WrapupDelay = "15m",
    params: Params = None,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same figures.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for backtest.json and the plots.", callback=folder),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train at several points in time, and test each time on the stretch that came next.

    It tells how steady the models are: the figures of every fold beside those of the rule
    "contacts in the last 7 days", their mean and their spread. A fold trains on contacts that
    had settled before its origin. Nothing is registered.

    Example:

        recontact backtest contacts.parquet --folds 5 --out backtest
    """
    from recontact.model.backtest import backtest as run  # noqa: PLC0415 - help stays fast
    from recontact.model.params import read_params  # noqa: PLC0415

    with naming_yours(own):
        found = run(
            **data(contacts, policy, until, events, known_from, own, wrapup_delay),
            folds=folds,
            first=first,
            params=read_params(params),
            seed=seed,
            say=note,
        )
    result = {**found.origin, "folds": found.folds, "summary": found.summary}
    result["figures"] = found.figures
    if out is not None:
        _write(out, found, result)
    emit(result, _words(found), as_json)


def _write(folder: Path, found: Any, result: dict[str, Any]) -> None:
    from recontact.model.time_plots import by_time  # noqa: PLC0415 - help stays fast

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, default=str)
    (folder / "backtest.json").write_text(text + "\n", encoding="utf-8")
    for target, drawn in by_time(found).items():
        (folder / f"backtest_{target}.png").write_bytes(drawn)
    note(f"written: {folder / 'backtest.json'} and plots beside it")


def _words(found: Any) -> str:
    from recontact.evaluation.figures import OURS, RULE, find  # noqa: PLC0415 - help stays fast

    lines = [
        f"fold {fold['fold']}: {fold['origin'][:10]} to {fold['to'][:10]}, "
        f"{fold['training_rows']:,} training rows, {fold['test_rows']:,} test rows"
        for fold in found.folds
    ]
    places = dict.fromkeys((row["target"], row["moment"]) for row in found.summary)
    for target, moment in places:
        lines.append(f"{target}, {moment}:")
        for name, title in (("roc_auc", "ROC AUC"), ("average_precision", "average precision")):
            ours, rule = (
                _row(found.summary, target=target, moment=moment, model=model, figure=name)
                for model in (OURS, RULE)
            )
            each = (
                find(found.figures, target=target, moment=moment, history="all", model=OURS, fold=k)
                for k in (fold["fold"] for fold in found.folds)
            )
            values = " ".join(_digits(row[name]) for row in each)
            lines.append(f"  {title}: {ours}, rule {rule}; by fold {values}")
    return "\n".join(lines)


def _row(summary: list[dict[str, Any]], **wanted: str) -> str:
    rows = [r for r in summary if all(r[k] == v for k, v in wanted.items())]
    if not rows:
        return "not defined"
    (row,) = rows
    spread = "" if row["spread"] is None else f" (spread {row['spread']:.3f})"
    return f"{row['mean']:.3f}{spread}"


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
