"""The part of a model card that tells how good the model is."""

from collections.abc import Iterator, Mapping
from typing import Any

from recontact.evaluation.figures import HISTORIES, OURS, RULE
from recontact.model.bundle import Bundle

HEAD = (
    "| where | model | rows | cases | ROC AUC | average precision | found in the top tenth |",
    "| --- | --- | ---: | ---: | --- | --- | --- |",
)


def figures(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """Lay out the figures by moment, beside the rule."""
    rows = [_row(row, str(row["moment"])) for row in _of(bundle, evaluation, "all")]
    return "\n".join([*HEAD, *rows])


def slices(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """Lay out the figures by history."""
    rows = [
        _row(row, f"{said}, {row['moment']}")
        for history, said in HISTORIES.items()
        if history != "all"
        for row in _of(bundle, evaluation, history)
    ]
    return "\n".join([*HEAD, *rows]) + _gaps(bundle, evaluation)


def _gaps(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """Tell where two groups of a column differ by more than chance."""
    found = [
        f"- {one['column']}, {one['moment']}: {one['figure'].replace('_', ' ')} "
        f"{one['high']['value']:.3f} for {one['high']['group']}, "
        f"{one['low']['value']:.3f} for {one['low']['group']}"
        for one in evaluation.get("gaps", ())
        if one["target"] == bundle.target and one["apart"]
    ]
    if not found:
        return ""
    said = (
        "Groups whose intervals do not touch (flagged: the share in the highest tenth of all;\n"
        "precision and recall of these; calibration: mean probability less rate):"
    )
    return f"\n\n{said}\n\n" + "\n".join(found)


def _of(bundle: Bundle, evaluation: Mapping[str, Any], history: str) -> Iterator[Mapping[str, Any]]:
    for row in evaluation["figures"]:
        if (row["target"], row["history"]) == (bundle.target, history) and row["model"] in (
            OURS,
            RULE,
        ):
            yield row


def _row(row: Mapping[str, Any], place: str) -> str:
    edges = row.get("intervals") or {}
    tenth: Mapping[str, Any] = next((at for at in row["capacity"] if at["share"] == 0.1), {})
    cells = [
        _sure(row["roc_auc"], edges.get("roc_auc")),
        _sure(row["average_precision"], edges.get("average_precision")),
        _sure(tenth.get("recall"), edges.get("recall_at_10")),
    ]
    counts = f"{row['rows']:,} | {row['positives']:,}"
    return f"| {place} | {row['model']} | {counts} | {' | '.join(cells)} |"


def _sure(value: float | None, edges: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" [{edges[0]:.3f}, {edges[1]:.3f}]" if edges else "")


def calibration(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """List the calibration errors."""
    errors = [
        f"- `{row['moment']}`: {row['calibration_error']:.4f}"
        for row in _of(bundle, evaluation, "all")
        if row["calibration_error"] is not None
    ]
    return (
        "Calibration error: ten groups of equally many contacts by rising probability, the mean\n"
        "distance of the mean probability and the rate.\n\n" + "\n".join(errors)
    )


def limits(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """Tell what the model can not know, and where the test shows it weak."""
    weak = [
        f"{HISTORIES[row['history']]}, at {row['moment']}"
        for history in HISTORIES
        for row in _of(bundle, evaluation, history)
        if row["model"] == OURS and row["roc_auc"] is not None and _no_better(row)
    ]
    told = "No better than a coin, as far as the test can tell: " + "; ".join(weak) + ".\n"
    return (
        "It knows what is usual for this centre and policy, and only as long as these stay.\n"
        "Customers seen for the first time are hardest. Contacts that were followed up may have\n"
        "been kept from repeating, which the labels cannot tell. A reason code is chosen by a\n"
        "person, and who is known by several numbers is several customers.\n"
        + (told if weak else "")
    ).strip()


def _no_better(row: Mapping[str, Any]) -> bool:
    edges = (row.get("intervals") or {}).get("roc_auc")
    return edges is not None and bool(edges[0] <= 0.5)
