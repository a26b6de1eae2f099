"""The evaluation as one page that needs nothing else: plain words, plots, tables."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from recontact.evaluation.figures import CHAMPION, HISTORIES, LOGISTIC, OURS, RULE, find

MODELS = {
    OURS: "this model",
    CHAMPION: "the champion",
    LOGISTIC: "logistic regression",
    RULE: "rule: contacts in 7 days",
}
OUTCOMES = {
    "repeated": ("Will the customer have to call again?", "led to another call"),
    "escalation": ("Will the case escalate?", "escalated"),
}
MOMENTS = {
    "start": "when the contact starts",
    "live": "while it goes on",
    "wrapup": "when it has ended",
}
PLOTS = {
    "capacity": "Of the contacts followed up, how many were right to follow up",
    "reliability": "Do the probabilities mean what they say? Points on the grey line do.",
    "curves": "What is found, and at what price, at every threshold",
    "importance": "What drives the score",
}
FIGURES = (
    ("roc_auc", "ROC AUC"),
    ("average_precision", "avg. precision"),
    ("brier", "Brier"),
    ("calibration_error", "calib. error"),
)
HEADLINE = ("roc_auc", "average_precision")
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1a1a1a;max-width:60rem;margin:auto;padding:1rem}
h1{font-size:1.6rem;margin-bottom:0}h2{margin-top:2.5rem}p.sub{color:#555;margin-top:.2rem}
img{max-width:100%;height:auto;display:block}figure{margin:1.5rem 0}
figcaption{color:#555;font-size:.9rem;margin-bottom:.3rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;white-space:nowrap}
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #e5e5e5}
th:first-child,td:first-child{text-align:left}tr.ours td{font-weight:600}
.big{font-size:1.15rem;border-left:4px solid #0072B2;padding-left:.8rem}
tr th[colspan]{padding-top:.9rem;color:#555;font-weight:400}
@media(max-width:40rem){body{padding:.7rem}h1{font-size:1.3rem}h2{font-size:1.2rem}
img{max-width:none;width:46rem}th,td{padding:.3rem .35rem;font-size:.8rem}}
"""


def page(evaluation: Mapping[str, Any], plots: Mapping[str, bytes]) -> str:
    """Write the evaluation as one HTML page without outside parts.

    Parameters
    ----------
    evaluation : mapping
        Of `recontact.model.training.learn`.
    plots : mapping of str to bytes
        PNG images by name (`recontact.evaluation.plots.plots`).
    """
    targets = list(dict.fromkeys(row["target"] for row in evaluation["figures"]))
    parts = [_head(evaluation), *(_target(evaluation, plots, target) for target in targets)]
    if "importance" in plots:
        parts.append(f"<h2>What drives the scores</h2>{_image('importance', plots['importance'])}")
    parts.append(_how(evaluation))
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>recontact: how good are the models</title><style>{STYLE}</style>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def words(evaluation: Mapping[str, Any]) -> list[str]:
    """Say in one sentence a target what following up a tenth of the contacts finds."""
    figures = evaluation["figures"]
    targets = list(dict.fromkeys(row["target"] for row in figures))
    return [_sentence(figures, target, _last_moment(figures, target)) for target in targets]


def _sentence(figures: list[dict[str, Any]], target: str, moment: str) -> str:
    rows = {
        model: find(figures, target=target, moment=moment, history="all", model=model)
        for model in (OURS, RULE)
    }
    ours, rule = (_tenth(row) for row in rows.values())
    what = OUTCOMES[target][1]
    if ours["recall"] is None:
        return f"No test contact {what}, so nothing can be said."
    return (
        f"Of the tenth of contacts with the highest risk, {_percent(ours['precision'])} {what}; "
        f"the rule's tenth: {_percent(rule['precision'])}; "
        f"all contacts: {_percent(rows[OURS]['base_rate'])}. "
        f"Following them up would reach {_percent(ours['recall'])} of all that {what} "
        f"(scored {MOMENTS[moment]})."
    )


def _tenth(row: Mapping[str, Any]) -> dict[str, Any]:
    return next(dict(at) for at in row["capacity"] if at["share"] == 0.10)


def _last_moment(figures: list[dict[str, Any]], target: str) -> str:
    there = {row["moment"] for row in figures if row["target"] == target}
    return [moment for moment in MOMENTS if moment in there][-1]


def _head(evaluation: Mapping[str, Any]) -> str:
    test = evaluation["test"]
    return (
        "<h1>How good are the models?</h1>"
        f"<p class=sub>Tested on {test['contacts']:,} contacts of {test['customers']:,} customers, "
        f"{test['from'][:10]} to {test['to'][:10]}, later than all that they learnt from. "
        f"Policy {escape(evaluation['policy_digest'])}.</p>"
    )


def _target(evaluation: Mapping[str, Any], plots: Mapping[str, bytes], target: str) -> str:
    figures = [row for row in evaluation["figures"] if row["target"] == target]
    moment = _last_moment(figures, target)
    parts = [
        f"<h2>{OUTCOMES[target][0]}</h2>",
        f"<p class=big>{_sentence(figures, target, moment)}</p>",
        *(_image(kind, plots[f"{kind}_{target}"]) for kind in PLOTS if f"{kind}_{target}" in plots),
        "<h3>By how well the customer is known</h3>",
        _table(row for row in figures if row["moment"] == moment),
        "<h3>By when the score is asked for</h3>",
        _table((row for row in figures if row["history"] == "all"), by="moment"),
        "<h3>By how many contacts are followed up</h3>",
        _capacity(find(figures, moment=moment, history="all", model=OURS)),
    ]
    return "".join(parts)


def _image(name: str, png: bytes) -> str:
    caption = escape(PLOTS[name.partition("_")[0]])
    data = b64encode(png).decode()
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f"<div class=scroll><img alt='{caption}' src='data:image/png;base64,{data}'></div></figure>"
    )


def _table(rows: Iterable[Mapping[str, Any]], by: str = "history") -> str:
    """Write a block of models for each stratum or moment, narrow enough for a phone."""
    names = HISTORIES if by == "history" else MOMENTS
    body, block = [], ""
    for row in rows:
        if row[by] != block:
            block = row[by]
            counts = f"{row['rows']:,} contacts, {row['positives']:,} cases"
            body.append(f"<tr><th colspan=5>{names[block]}: {counts}</th></tr>")
        cells = "".join(f"<td>{_number(row, name)}</td>" for name, _ in FIGURES)
        kind = "ours" if row["model"] == OURS else "other"
        body.append(f"<tr class={kind}><td>{MODELS[row['model']]}</td>{cells}</tr>")
    return _framed(("", *(title for _, title in FIGURES)), "".join(body))


def _capacity(row: Mapping[str, Any]) -> str:
    head = ("followed up", "contacts", "of them cases", "of all cases")
    body = "".join(
        f"<tr><td>highest {at['share']:.0%}</td><td>{at['flagged']:,}</td>"
        f"<td>{_percent(at['precision'])}</td><td>{_percent(at['recall'])}</td></tr>"
        for at in row["capacity"]
    )
    return _framed(head, body)


def _framed(head: Iterable[str], body: str) -> str:
    titles = "".join(f"<th>{title}</th>" for title in head)
    return f"<div class=scroll><table><tr>{titles}</tr>{body}</table></div>"


def _how(evaluation: Mapping[str, Any]) -> str:
    train = evaluation["training"]
    return (
        "<h2>How this was measured</h2>"
        f"<p>Learnt from {train['contacts']:,} contacts, {train['from'][:10]} to "
        f"{train['to'][:10]}; {evaluation['gap_s'] / 86400:.3g} days before the test are left "
        "out, since their outcome was not known when it began. Each contact is scored on what "
        "was known at its own instant. ROC AUC: the chance that a case is ranked above another "
        "contact (0.5 is a coin). Average precision: how pure the top of the list is. Brier and "
        "calibration error: how far probabilities are from what came (0 is best; the rule gives "
        "none). Contacts whose outcome was known already are left out.</p>"
        f"<details><summary>The policy</summary><pre>{escape(evaluation['policy'])}</pre></details>"
        f"<p class=sub>Data {escape(evaluation['data_digest'][:16])}.</p>"
    )


def _number(row: Mapping[str, Any], name: str) -> str:
    if row[name] is not None:
        return f"{row[name]:.3f}"
    return f"<span title='{escape(row['undefined'] or 'not a probability')}'>&ndash;</span>"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def scoreboard(evaluation: Mapping[str, Any]) -> list[str]:
    """Give the headline figures as lines of text for a terminal."""
    test = evaluation["test"]
    head = (
        f"tested on {test['contacts']:,} later contacts, {test['from'][:10]} to {test['to'][:10]}"
    )
    figures = evaluation["figures"]
    ours = [row for row in figures if row["model"] == OURS and row["history"] == "all"]
    lines = [_line(figures, row) for row in ours]
    return [f"{head}; ROC AUC / average precision", *lines, *words(evaluation)]


def _line(figures: list[dict[str, Any]], row: Mapping[str, Any]) -> str:
    place = {k: row[k] for k in ("target", "moment", "history")}
    cells = []
    for model, name in ((OURS, "ours"), (LOGISTIC, "logistic"), (RULE, "rule")):
        other = find(figures, **place, model=model)
        pair = "/".join("-" if other[k] is None else f"{other[k]:.3f}" for k in HEADLINE)
        cells.append(f"{name} {pair}")
    return f"  {row['target']:<11}{row['moment']:<8}" + "   ".join(cells)
