"""The model card: what a model is, what it may be used for, how good it is."""

from collections.abc import Mapping
from typing import Any

from recontact.evaluation import card_figures
from recontact.features.declared import Feature
from recontact.features.measures import ISSUE, Past, own_columns
from recontact.features.moments import MOMENTS
from recontact.model.bundle import Bundle
from recontact.model.latency import BUDGET_MS, size

LEAST = 0.001  # a share of the gain that is told
WHAT = {
    "repeated": "that the customer contacts again about the same issue within the window",
    "escalation": "that this contact, or a later one about the same issue, escalates",
}
SECTIONS = (
    "What it says",
    "Meant for",
    "Not meant for",
    "Data",
    "Policy",
    "Moments",
    "Features",
    "Kind",
    "Figures",
    "Calibration",
    "Slices",
    "Limits",
    "Cost of a score",
    "How to go back",
)


def card(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    """Write the card of one model as Markdown.

    The same model and evaluation give the same text; the time of a score, which differs from
    machine to machine, is in it only where the evaluation has measured it.

    Parameters
    ----------
    bundle : Bundle
        The model.
    evaluation : mapping
        Of the same training (`recontact.model.training.learn`); what it lacks is left out.
    """
    if "constant" in bundle.facts:
        parts = {name: _PARTS[name](bundle, evaluation) for name in SECTIONS if name in _ALWAYS}
        parts["Kind"] = _unlearnt(bundle)
    else:
        parts = {name: part(bundle, evaluation) for name, part in _PARTS.items()}
    told = "\n\n".join(f"## {name}\n\n{parts[name]}" for name in SECTIONS if parts.get(name))
    return f"# Model card: recontact-{bundle.target}\n\n{told}\n"


def template() -> str:
    """Write the card's form: what stands under each heading.

    `models/model_card.md` is this text, and a test keeps it so.
    """
    head = "# Model card: recontact-TARGET\n\n*What `recontact train` fills in for each model.*\n"
    told = "\n\n".join(f"## {name}\n\n{FORM[name]}" for name in SECTIONS)
    return f"{head}\n{told}\n"


FORM = {
    "What it says": "The probability of what, under which policy's words.",
    "Meant for": "What it may be used for: a flag on a risk.",
    "Not meant for": "What it must not decide.",
    "Data": "Contacts and customers learnt from and tested on, from when to when, the days left "
    "out between them, the digest of the data.",
    "Policy": "In full, with its digest.",
    "Moments": "When a score may be asked for.",
    "Features": "From which moment each is known, the weightiest first among those.",
    "Kind": "Trees, calibration, bands, seed, versions, what else it tells; or, where nothing "
    "could be learnt, why.",
    "Figures": "On later contacts, beside the one-line rule, by moment: each with its 95 % "
    "interval, customers drawn again.",
    "Calibration": "How far probabilities are from rates, at each moment.",
    "Slices": "The same by history, and by other columns where they were looked at.",
    "Limits": "What it can't know, and where it is weak.",
    "Cost of a score": "What an explanation walks through, and how long it took where that was "
    "measured.",
    "How to go back": "The command, and what happened before.",
}


def _says(bundle: Bundle, _: Mapping[str, Any]) -> str:
    return f"The probability {WHAT[bundle.target]}."


def _meant(_: Bundle, __: Mapping[str, Any]) -> str:
    return (
        "Choosing which contacts to follow up, and warning an agent during one.\n"
        "It is a flag on a risk, not a judgement of a person."
    )


def _not_meant(_: Bundle, __: Mapping[str, Any]) -> str:
    return (
        "Deciding on anybody's pay, standing, service or price; comparing agents (that is what\n"
        "`recontact report` is for, with the mix of contacts taken out); contacts of another\n"
        "centre, or under another policy."
    )


def _data(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    train, test = evaluation["training"], evaluation["test"]
    facts, until = bundle.facts, evaluation.get("until")
    known = f" What started or became known after {until} was left out." if until else ""
    return (
        f"Learnt from {_span(train)}: {facts['training_rows']:,} rows over the moments,\n"
        f"{facts['training_positives']:,} with the outcome. Tested on {_span(test)},\n"
        f"which began at least {evaluation['gap_s'] / 86400:.3g} days after the last one learnt "
        f"from had ended.{known}\n\nDigest of the data: `{evaluation['data_digest']}`."
        f"{_leaks(evaluation)}"
    )


def _leaks(evaluation: Mapping[str, Any]) -> str:
    found = evaluation.get("leak_check")
    return f"\nLeak check: {found['verdict']}; {found['text']}." if found else ""


def _span(part: Mapping[str, Any]) -> str:
    return (
        f"{part['contacts']:,} contacts of {part['customers']:,} customers, "
        f"{str(part['from'])[:10]} to {str(part['to'])[:10]}"
    )


def _policy(bundle: Bundle, _: Mapping[str, Any]) -> str:
    return f"Digest `{bundle.policy_digest}`.\n\n```yaml\n{bundle.policy.strip()}\n```"


def _moments(bundle: Bundle, _: Mapping[str, Any]) -> str:
    when = {"start": "as it begins", "live": "while it goes on", "wrapup": "as it ends"}
    told = "\n".join(f"- `{moment}`: {when[moment]}" for moment in bundle.moments)
    delay = f"{bundle.wrapup_delay_s / 60:g}"
    return f"{told}\n\nA record that comes within {delay} minutes of the end is known at `wrapup`."


def _features(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    share = evaluation.get("importance", {}).get(bundle.target, {})
    since = {feature.name: _since(feature, bundle) for feature in bundle.features}
    names = [name for name in bundle.encoding.features if name != "moment"]
    lines = []
    for moment in MOMENTS:
        own = [n for n in names if since.get(n, bundle.known_from.get(n, "start")) == moment]
        own.sort(key=lambda name: (-share.get(name, 0.0), name))
        weighed = [f" {share[n]:.1%}" if share.get(n, 0.0) >= LEAST else "" for n in own]
        shown = ", ".join(f"`{n}`{weight}" for n, weight in zip(own, weighed, strict=True))
        if own:
            lines.append(f"- known from `{moment}`: {shown}")
    said = "Behind each its share of the gain of all splits, from 0.1 % up."
    return f"{said}\n\n" + "\n".join(lines)


def _since(feature: Feature, bundle: Bundle) -> str:
    """Tell from which moment on a feature says something, by what this model was told is known."""
    measure = feature.measure
    issue = {"reason"} if isinstance(measure, Past) and measure.same == ISSUE else set()
    moments = [bundle.known_from.get(name, "wrapup") for name in own_columns(measure) | issue]
    return max(moments, key=MOMENTS.index, default="start")


def _kind(bundle: Bundle, _: Mapping[str, Any]) -> str:
    facts = bundle.facts
    versions = ", ".join(f"{name} {number}" for name, number in sorted(facts["versions"].items()))
    return (
        f"{facts['trees']:,} boosted trees (LightGBM); probabilities calibrated for each moment\n"
        f"on {facts['validation_rows']:,} later rows. Bands: medium from {bundle.cuts.medium:.3f}, "
        f"high from {bundle.cuts.high:.3f}:\nwhen it was made, the highest tenth was high and the "
        f"next fifth medium. Seed {facts['seed']}; {versions}.{_more(bundle)}"
    )


def _more(bundle: Bundle) -> str:
    """Tell what else the model carries."""
    found = ["when re-contacts come"] if bundle.when else []
    found += ["what the next contacts are probably about"] if bundle.next_issues else []
    return f"\nIt also tells {' and '.join(found)}." if found else ""


def _unlearnt(bundle: Bundle) -> str:
    chance = bundle.predict_one({"moment": bundle.moments[0]})
    return (
        f"**There is no model.** Every contact gets the same probability, {chance:.5f}, in the\n"
        f"band low: how often it happened. Why nothing was learnt: {bundle.facts['constant']}."
    )


def _cost(bundle: Bundle, evaluation: Mapping[str, Any]) -> str:
    found = size(bundle)
    took = evaluation.get("latency", {}).get(bundle.target)
    text = (
        f"An explanation walks {found['trees']:,} trees with {found['leaves']:,} leaves, the "
        f"deepest of depth {found['depth']}: {found['steps']:,} steps\n(leaves times depth "
        f"squared, summed). The budget is {BUDGET_MS:g} ms a score with its explanation."
    )
    if took:
        text += f"\nMeasured when it was trained: {took['median_ms']:.2f} ms at the median."
    return text


def _back(_: Bundle, __: Mapping[str, Any]) -> str:
    return (
        "`recontact rollback --why TEXT` gives the alias back to the champion before;\n"
        "`recontact models --history` tells who became champion when, by whom and why."
    )


_PARTS = {
    "What it says": _says,
    "Meant for": _meant,
    "Not meant for": _not_meant,
    "Data": _data,
    "Policy": _policy,
    "Moments": _moments,
    "Features": _features,
    "Kind": _kind,
    "Figures": card_figures.figures,
    "Calibration": card_figures.calibration,
    "Slices": card_figures.slices,
    "Limits": card_figures.limits,
    "Cost of a score": _cost,
    "How to go back": _back,
}
_ALWAYS = (
    "What it says",
    "Meant for",
    "Not meant for",
    "Data",
    "Policy",
    "Moments",
    "How to go back",
)
