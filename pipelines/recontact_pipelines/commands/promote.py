"""`recontact promote`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from recontact_pipelines.output import emit, note
from recontact_pipelines.tracked import MlflowUri, Only

if TYPE_CHECKING:
    from recontact.tracking.conditions import Condition
    from recontact.tracking.weighing import Weighed

FIGURES = {
    "roc_auc": "ROC AUC",
    "calibration_error": "calibration error",
    "latency_ms": "ms a score",
}
HEAD = ("condition", "figure", "this", "against", "difference", "95 % interval", "holds")
WIDTHS = (13, 19, 9, 9, 12, 19, 5)
TAKEN = """\
each running service checks these models before it uses them, and keeps what it has where it refuses
  see at each: GET /health/ready: checks.models names the versions in use, and the trouble if any
               GET /metrics: recontact_model{name,version} is 1, recontact_models_refused stays"""


def promote(
    version: Annotated[str, typer.Argument(help="Version of recontact-repeated, or a run.")],
    why: Annotated[str, typer.Option(help="Why; kept in the log, with who and when.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="In spite of the gate; needs --why, and is logged.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the comparison, change nothing.")
    ] = False,
    only: Only = None,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make both models of one training the champions, or one of them, if they pass the gate.

    Each must follow the champion's policy; rank later contacts, that neither learnt from, better
    than the champion and than the rule "contacts in the last 7 days" by more than chance; be
    calibrated; keep the latency budget; come from data that passed the leak check; and find
    nothing when taught shuffled outcomes. The comparison is shown, and logged with who, when and
    why (recontact models --history). Exit code 1 where the gate refuses. A running service checks a
    new champion once more; /health/ready of each tells which versions it uses.

    Example:

        recontact promote 3 --dry-run
        recontact promote 3 --why "autumn data"
        recontact promote 3 --only repeated --why "escalation is not better"
    """
    from recontact.errors import UserError  # noqa: PLC0415
    from recontact.tracking import promote as run  # noqa: PLC0415
    from recontact.tracking import weigh  # noqa: PLC0415 - help stays fast

    if force and not why.strip():
        raise UserError("to overrule the gate takes a reason", mend="--force --why TEXT")
    weighed = weigh(version, only=only, uri=mlflow_uri)
    refused = {t: w.objections for t, w in weighed.items() if w.objections}
    moves = not dry_run and (force or not refused)
    moved = run(version, why, only=only, force=force, uri=mlflow_uri) if moves else []
    result = {
        "version": version,
        "promoted": any(m["changed"] for m in moved),
        "dry_run": dry_run,
        "passed": not refused,
        "refused": refused,
        "models": [one.as_json() for one in weighed.values()],
        "champions": moved,
    }
    emit(result, "\n\n".join([*map(_compared, weighed.values()), *_ended(moved)]), as_json)
    note_taken(moved)
    if dry_run or not refused:
        return
    if not force:
        note(f"not promoted: {_count(refused)}")
        passing = [target for target in weighed if target not in refused]
        alone = f", or move the one that passes: --only {passing[0]}" if passing else ""
        note(f"  mend: train on more or newer contacts{alone}")
        note("        or overrule the gate: --force --why TEXT")
        raise typer.Exit(1)


def moved_words(moved: list[dict[str, Any]]) -> str:
    """Say what became champion in whose place."""
    return "\n".join(
        f"{m['name']}: "
        + (
            f"version {m['version']} is champion"
            + (f", in place of {m['previous']}" if m["previous"] else "")
            + (f" (overruled: {'; '.join(m['overruled'])})" if m["overruled"] else "")
            if m["changed"]
            else f"nothing changed, version {m['version']} was champion already"
        )
        for m in moved
    )


def note_taken(moved: list[dict[str, Any]]) -> None:
    """Tell how to see whether services took what became champion: the registry can't know."""
    if any(m["changed"] for m in moved):
        note(TAKEN)


def _ended(moved: list[dict[str, Any]]) -> list[str]:
    return [moved_words(moved)] if moved else []


def _count(refused: dict[str, list[str]]) -> str:
    found = [f"{target}: {text}" for target, texts in refused.items() for text in texts]
    return "; ".join(found)


def _compared(one: "Weighed") -> str:
    """Lay out the conditions of one model: a table, and what does not hold in words."""
    name = f"{one.challenger.name}: version {one.challenger.version}"
    if one.unchanged:
        return f"{name} is the champion"
    beside = f", champion {one.holder.version}" if one.holder else ", no champion yet"
    failed = [f"  no: it {c.text}" for c in one.conditions if not c.passed]
    unchecked = [f"  note: it {c.text}" for c in one.conditions if not c.checked]
    return "\n".join(
        [name + beside, _cells(HEAD), *map(_line, one.conditions), *failed, *unchecked]
    )


def _line(one: "Condition") -> str:
    gap = "" if one.difference is None else f"{one.difference:+.4f}"
    edges = "" if one.low is None else f"{one.low:+.4f} {one.high:+.4f}"
    figures = [_number(one.challenger), _number(one.against), gap, edges]
    holds = ("yes" if one.passed else "NO") if one.checked else "-"
    return _cells((one.name, FIGURES.get(one.figure, ""), *figures, holds))


def _cells(texts: Any) -> str:
    cells = (f"{text:<{width}}" for text, width in zip(texts, WIDTHS, strict=True))
    return "  " + "".join(cells).rstrip()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
