"""`recontact models`."""

from typing import Annotated, Any

import typer

from recontact_pipelines.output import emit
from recontact_pipelines.tracked import MlflowUri

TARGETS = ("repeated", "escalation")


def models(
    mlflow_uri: MlflowUri = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List the trained models, the newest first, and which are served (champion).

    The figure is the ROC AUC on each one's own test set, beside the rule "contacts in the last
    7 days": figures of different data do not compare.

    Example:

        recontact models --json
    """
    from recontact.tracking import models as run  # noqa: PLC0415 - help stays fast

    found = run(mlflow_uri)
    emit({"models": found}, _words(found), as_json)


def _words(found: list[dict[str, Any]]) -> str:
    if not found:
        return "no model yet: recontact train contacts.parquet"
    head = f"{'version':<9}{'trained':<18}{'policy':<18}{'repeated (rule)':<19}escalation (rule)"
    return "\n".join([head, *(_line(row) for row in found)])


def _line(row: dict[str, Any]) -> str:
    versions = "/".join(dict.fromkeys(row["versions"][t] for t in TARGETS if t in row["versions"]))
    cells = [f"{_auc(row['roc_auc'], t)} ({_auc(row['roc_auc_rule'], t)})" for t in TARGETS]
    served = [target for target in TARGETS if row["champion"].get(target)]
    champion = (
        "  champion"
        if len(served) == len(TARGETS)
        else "".join(f"  champion of {t}" for t in served)
    )
    trained = f"{row['created_at']:%Y-%m-%d %H:%M}"
    origin = f"{versions:<9}{trained:<18}{row['policy_digest']:<18}"
    return f"{origin}{cells[0]:<19}{cells[1]:<17}{champion}"


def _auc(figures: dict[str, float | None], target: str) -> str:
    value = figures.get(target)
    return "-" if value is None else f"{value:.3f}"
