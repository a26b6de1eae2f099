"""The evaluation as one page that needs nothing else: plain words, plots, tables."""

import re
from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

from recontact.evaluation import afterwards, sections
from recontact.evaluation.words import OUTCOMES, targets
from recontact.report.html import paragraph, section

METHODS = """
Each contact is scored on what was known at its own instant. Contacts whose outcome was known
already are left out.

ROC AUC: the chance that a case is ranked above another contact (0.5 is a coin). Average precision:
how pure the top of the list is. Brier and calibration error: how far probabilities are from what
came (0 is best; a rule gives none). Among equal scores a random choice is expected.

Intervals at 95 % come from drawing the test customers again, all contacts of each together, {times}
times; two models are compared on the same draws. They tell how far chance may go, not what a new
month may bring.

The reason's usual rate, the logistic regression and scikit-learn's boosted trees learnt from the
same training contacts, the latter two from at most 100,000 rows.
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
    parts = [
        *(sections.outcome(evaluation, plots, target) for target in targets(evaluation)),
        *(_unlearnt(target, why) for target, why in evaluation.get("constant", {}).items()),
        afterwards.when(evaluation, plots),
        afterwards.next_issues(evaluation, plots),
        sections.drivers(evaluation, plots),
        _how(evaluation),
    ]
    body = "".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>recontact: how good are the models</title><style>{_style()}</style></head>"
        f'<body>{_head(evaluation)}{_contents(body)}<main id="main">{body}</main></body></html>\n'
    )


def _style() -> str:
    """Read the look that all reports share, and what pictures need."""
    places = ("recontact.report", "recontact.evaluation")
    return "".join(
        resources.files(place).joinpath("page.css").read_text(encoding="utf-8") for place in places
    )


def _head(evaluation: Mapping[str, Any]) -> str:
    test = evaluation["test"]
    told = (
        f"Tested on {test['contacts']:,} contacts of {test['customers']:,} customers, "
        f"{test['from'][:10]} to {test['to'][:10]}, later than all that they learnt from."
    )
    return (
        '<header><a class="skip" href="#main">Skip to the figures</a>'
        f"<h1>How good are the models?</h1>{paragraph(told)}"
        f"{paragraph('Policy ' + evaluation['policy_digest'] + '.', 'policy')}</header>"
    )


def _contents(body: str) -> str:
    """Link to each section."""
    links = "".join(
        f'<li><a href="#{anchor}">{heading}</a></li>'
        for anchor, heading in re.findall(r'<section id="([^"]+)"><h2>(.*?)</h2>', body)
    )
    return f'<nav aria-label="Contents"><ul>{links}</ul></nav>'


def _unlearnt(target: str, why: str) -> str:
    told = f"Nothing was learnt, so every contact has the same risk: {why}"
    return section(target, OUTCOMES[target][0], paragraph(told))


def _how(evaluation: Mapping[str, Any]) -> str:
    train = evaluation["training"]
    learnt = (
        f"Learnt from {train['contacts']:,} contacts, {train['from'][:10]} to "
        f"{train['to'][:10]}; {evaluation['gap_s'] / 86400:.3g} days before the test are left "
        "out, since their outcome was not known when it began."
    )
    times = evaluation.get("intervals", {}).get("replicates", 0)
    methods = METHODS.format(times=times).strip().split("\n\n")
    rules = f'<pre tabindex="0" aria-label="policy">{escape(evaluation["policy"])}</pre>'
    return section(
        "how",
        "How this was measured",
        paragraph(learnt),
        *map(paragraph, methods),
        sections.folded("The policy", rules),
        paragraph(f"Data {evaluation['data_digest'][:16]}.", "soft"),
    )
