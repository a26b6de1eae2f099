"""`recontact models`."""

from typing import Annotated, Any

import typer

from recontact_pipelines.output import emit
from recontact_pipelines.tracked import MlflowUri

TARGETS = ("repeated", "escalation")
SHOWN = ("rule", "calibration", "latency", "leaks", "shuffled", "champion")
MARKS = {True: "+", False: "-", None: " "}


def models(
    history: Annotated[
        bool, typer.Option("--history", help="Who became champion when, by whom and why.")
    ] = False,
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List the trained models, the newest first, and which are served (champion).

    The figure is the ROC AUC on each training's own test contacts, meaned over the moments, with
    its 95 % interval, and behind the stroke that of the rule "contacts in the last 7 days":
    figures of different data do not compare, `recontact promote --dry-run` does. The marks are
    the conditions of the gate as they stood when it was trained: + holds, - does not.

    Example:

        recontact models
        recontact models --history
    """
    from recontact.tracking import changes  # noqa: PLC0415
    from recontact.tracking import models as run  # noqa: PLC0415 - help stays fast

    if history:
        log = changes(mlflow_uri)
        emit({"history": log}, _told(log), as_json)
        return
    found = run(mlflow_uri)
    emit({"models": found}, _words(found), as_json)


def _words(found: list[dict[str, Any]]) -> str:
    if not found:
        return "no model yet: recontact train contacts.parquet"
    head = f"{'version':<9}{'trained':<18}{'policy':<18}{'':<12}{'ROC AUC':<23}{'rule':<8}gate"
    lines = [line for row in found for line in _lines(row)]
    moments = dict.fromkeys(m for row in found for t in TARGETS for m in row["moments"].get(t, []))
    notes = [
        f"ROC AUC: mean over {', '.join(moments)}, with its 95 % interval"
        if moments
        else "no model was tested",
        f"gate: {', '.join(SHOWN[:-1])}, champion then; + holds, - does not, blank: not looked at",
    ]
    return "\n".join([head, *lines, *notes])


def _lines(row: dict[str, Any]) -> list[str]:
    versions = "/".join(dict.fromkeys(row["versions"][t] for t in TARGETS if t in row["versions"]))
    trained = f"{row['created_at']:%Y-%m-%d %H:%M}"
    origin = f"{versions:<9}{trained:<18}{row['policy_digest']:<18}"
    of = [target for target in TARGETS if target in row["versions"]]
    firsts = [origin, " " * len(origin)]
    return [(first + _line(row, t)).rstrip() for first, t in zip(firsts, of, strict=False)]


def _line(row: dict[str, Any], target: str) -> str:
    served = "champion" if row["champion"].get(target) else ""
    if row["constant"].get(target):
        return f"{target:<12}{'no model: the base rate alone':<39}{served}"
    edges = row["roc_auc_interval"][target]
    sure = f" [{edges[0]:.3f}, {edges[1]:.3f}]" if edges else ""
    held = row["conditions"][target]
    marks = "".join(MARKS[held[name]["passed"] if name in held else None] for name in SHOWN)
    figure = _auc(row["roc_auc"], target) + sure
    return f"{target:<12}{figure:<23}{_auc(row['roc_auc_rule'], target):<8}{marks:<8}{served}"


def _auc(figures: dict[str, float | None], target: str) -> str:
    value = figures.get(target)
    return "-" if value is None else f"{value:.3f}"


def _told(log: list[dict[str, Any]]) -> str:
    if not log:
        return "no champion yet: recontact train, then recontact promote"
    return "\n".join(line for entry in log for line in _entry(entry))


def _entry(entry: dict[str, Any]) -> list[str]:
    before = f", in place of {entry['previous']}" if entry["previous"] else ""
    when = f"{entry['at'][:10]} {entry['at'][11:16]}"
    what = f"{entry['name']} {entry['action']}: version {entry['version']}{before}"
    why = entry["why"] or "no reason was given"
    overruled = [f"    overruled: {text}" for text in entry["overruled"]]
    compared = [f"    {text}" for text in entry["compared"]]
    return [f"{when}  {entry['by']}  {what}", f"    why: {why}", *overruled, *compared]
