"""The model card: what a model is, what it may be used for, how good it is."""

from collections.abc import Mapping
from typing import Any

from recontact.evaluation.figures import HISTORIES, OURS, RULE
from recontact.model.bundle import Bundle

WHAT = {
    "repeated": "that the customer contacts again about the same issue within the window",
    "escalation": "that this contact, or a later one about the same issue, escalates",
}


def card(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """Write the card of one model as Markdown.

    Parameters
    ----------
    bundle : Bundle
        The model.
    evaluation : mapping
        Of the same training (`recontact.model.training.learn`).
    """
    facts, test, train = bundle.facts, evaluation["test"], evaluation["training"]
    figures = [
        _row(row)
        for row in evaluation["figures"]
        if row["target"] == bundle.target and row["model"] in (OURS, RULE)
    ]
    known = "\n".join(f"- `{k}`: {v}" for k, v in sorted(bundle.known_from.items()))
    return f"""# Model card: recontact-{bundle.target}

**What it says**: the probability {WHAT[bundle.target]}.

**Meant for**: choosing which contacts to follow up, and warning an agent during one.
It is a flag on a risk, not a judgement of a customer or an agent: it must not decide on
people's pay, standing or service.

**Learnt from**: {train["contacts"]:,} contacts of {train["customers"]:,} customers,
{train["from"]} to {train["to"]}; {facts["training_rows"]:,} rows over the moments
{", ".join(bundle.moments)}, {facts["training_positives"]:,} with the outcome.
Data digest {evaluation["data_digest"]}.

**Kind**: {facts["trees"]} boosted trees (LightGBM {facts["versions"]["lightgbm"]}),
probabilities calibrated for each moment on later rows, seed {facts["seed"]}.

**Bands**: medium from {bundle.cuts.medium:.3f}, high from {bundle.cuts.high:.3f};
when it was made, the highest tenth was high and the next fifth medium.

**Tested on**: {test["contacts"]:,} later contacts, {test["from"]} to {test["to"]},
{evaluation["gap_s"] / 86400:.3g} days after the last one learnt from.

| moment | contacts | model | rows | cases | ROC AUC | average precision |
| --- | --- | --- | ---: | ---: | ---: | ---: |
{chr(10).join(figures)}

**Limits**: it knows what is usual for this centre and policy, and only as long as these stay;
customers seen for the first time are hardest. Contacts that were followed up may have been
kept from repeating, which the labels cannot tell.

**Policy** ({bundle.policy_digest}):

```yaml
{bundle.policy.strip()}
```

**Known from which moment**:

{known}
"""


def _row(row: Mapping[str, Any]) -> str:
    figures = " | ".join(
        "-" if row[k] is None else f"{row[k]:.3f}" for k in ("roc_auc", "average_precision")
    )
    where = f"{row['moment']} | {HISTORIES[row['history']]} | {row['model']}"
    return f"| {where} | {row['rows']:,} | {row['positives']:,} | {figures} |"
