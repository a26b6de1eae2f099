"""A model shows that it gives the numbers that it gave in training, before it may score anyone."""

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from recontact.features.figures import Figures
from recontact.model.bundle import Bundle
from recontact.model.bundle_json import as_json
from recontact.model.trees import names
from recontact.next_issues import NextIssues
from recontact.policy import Policy
from recontact.scoring import Scorer

CLOSE = 1e-9  # machines add up in another order
MADE = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
CONTACT = {"contact_id": "self-test", "customer_id": "nobody", "started_at": MADE}


def self_test(bundle: Bundle) -> None:
    """Score made-up rows and a made-up contact, and compare.

    Parameters
    ----------
    bundle : Bundle
        A model as it was loaded.

    Raises
    ------
    ValueError
        What is wrong with it.
    """
    if any(not math.isfinite(number) for number in _numbers(as_json(bundle))):
        raise ValueError("it holds numbers that are none")
    if Policy.from_text(bundle.policy).digest != bundle.policy_digest:
        raise ValueError("its policy is not of the digest that it names")
    if _written(bundle.model) != names(bundle.encoding.features):
        raise ValueError("its trees were taught other features, or in another order")
    _calibration(bundle)
    _as_expected(bundle)
    _whole_way(bundle)


def missing_features(bundle: Bundle, scorer: Scorer) -> set[str]:
    """Give the features that a model asks for and that a scorer would not compute."""
    row = scorer.look(CONTACT, [], moment="start", at=MADE).row
    return {*bundle.encoding.features} - {*row}


def warm_up(scorer: Scorer) -> None:
    """Score a made-up contact at each moment, so that all is compiled and read before a real one.

    Raises
    ------
    ValueError
        A model asks for features that would not be computed, or an answer makes no sense.
    """
    for target, bundle in scorer.bundles.items():
        lacking = missing_features(bundle, scorer)
        if lacking:
            raise ValueError(f"the model of '{target}' asks for {', '.join(sorted(lacking))}")
    for moment in ("start", "live", "wrapup"):
        contact = CONTACT | ({"ended_at": MADE} if moment == "wrapup" else {})
        found = scorer.score(contact, [], moment=moment, at=MADE, explain="always")
        chances = [found[target]["probability"] for target in scorer.bundles]
        chances += [issue["probability"] for issue in found["next_issues"]]
        if not all(0.0 <= chance <= 1.0 for chance in chances):
            raise ValueError(f"it gives {chances} for a contact at its {moment}")


def _written(model: str) -> list[str]:
    """Give the names of the features that stand in the trees' text."""
    lines = (line for line in model.splitlines() if line.startswith("feature_names="))
    return next(lines, "").removeprefix("feature_names=").split(" ")


def _calibration(bundle: Bundle) -> None:
    lines = [(c.raw, c.true) for c in bundle.calibrators.values()]
    for raw, true in lines:
        if (
            len(raw) != len(true)
            or len(raw) < 2
            or min(np.diff(raw)) <= 0
            or min(np.diff(true)) < 0
        ):
            raise ValueError("its calibration does not rise")
    cuts = bundle.cuts
    if not lines or not 0.0 < cuts.medium <= cuts.high <= 1.0:
        raise ValueError("its bands are in no order, or it has no calibration")


def _as_expected(bundle: Bundle) -> None:
    """Compare with what LightGBM itself gave in training, and the explanations with the scores."""
    kept = bundle.expected
    if kept is None:
        raise ValueError("it keeps no numbers to be tested by; train again (recontact train)")
    rows = kept.matrix
    if rows.ndim != 2 or rows.shape[1] != len(bundle.encoding.features) or not len(rows):
        raise ValueError("what it is to be tested by has other columns than it")
    raw = bundle.explainer.raw(rows)
    _close("scores", raw, kept.raw)
    _close("probabilities", bundle.predict_rows(rows, list(kept.moments)), kept.probabilities)
    _close("explanations", bundle.contributions_rows(rows).sum(axis=1), raw, 1e-6)


def _close(what: str, found: Any, wanted: Any, near: float = CLOSE) -> None:
    wanted = np.asarray(wanted, dtype=np.float64)
    if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=near, atol=near):
        raise ValueError(f"its {what} are not those that it gave in training")


def _whole_way(bundle: Bundle) -> None:
    """Score as the service does; both outcomes by the one model that there is."""
    bundles = {"repeated": bundle, "escalation": bundle}
    warm_up(Scorer(bundles, Figures.none(), NextIssues({}, {})))


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one)
