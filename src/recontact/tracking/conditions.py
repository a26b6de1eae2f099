"""What a model has to show before it may be served: the conditions of the promotion gate."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from recontact.evaluation.bootstrap import Draws, Part, interval, paired_mean
from recontact.evaluation.figures import OURS
from recontact.evaluation.metrics import Floats, calibration_error, roc_auc
from recontact.model.latency import BUDGET_MS
from recontact.tracking.calibrated import by_chance
from recontact.tracking.tested import SCORE, by_moment

REPLICATES = 400
COIN = 0.5
CALIBRATION_LIMIT = 0.02  # of the calibration error, at each moment


@dataclass(frozen=True)
class Condition:
    """One condition, what was measured, and whether it holds.

    Attributes
    ----------
    name : str
        One of `rule`, `champion`, `calibration`, `latency`, `leaks`, `shuffled`, `policy` and
        `learnt`.
    passed : bool
        Whether it holds.
    text : str
        The same in words.
    figure : str
        What was measured, empty where nothing was.
    challenger, against : float or None
        The challenger's figure, and what it is held against.
    difference, low, high : float or None
        Challenger less the other, with its 95 % interval.
    contacts : int or None
        On how many contacts.
    checked : bool
        Whether it could be looked at; what was not does not speak against a model.
    """

    name: str
    passed: bool
    text: str
    figure: str = ""
    challenger: float | None = None
    against: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    contacts: int | None = None
    checked: bool = True

    def as_json(self) -> dict[str, Any]:
        """Give it ready for JSON."""
        return asdict(self)


def beats(name: str, rows: pa.Table, model: str, who: str) -> Condition:
    """Tell whether our model ranks the same contacts better than another, by more than chance.

    The figure is the ROC AUC, meaned over the moments. Its difference holds by more than
    chance where the 95 % interval, the customers drawn again for both models at once, lies
    above 0 (Efron, 1979, "Bootstrap methods").

    Parameters
    ----------
    name : str
        The condition's.
    rows : pyarrow.Table
        Test scores of one target (`recontact.tracking.tested`).
    model : str
        Whose scores ours are held against.
    who : str
        The same in words.
    """
    parts = _parts(rows, model)
    contacts = len(set(rows["contact_id"].to_pylist()))
    if not parts:
        return Condition(
            name, False, f"no contact with the outcome and one without to beat {who} on"
        )
    found = paired_mean(parts, replicates=REPLICATES)
    ours, theirs = (
        float(np.mean([roc_auc(part.outcome, score) for part, score in pairs]))
        for pairs in ([(p, p.ours) for p in parts], [(p, p.theirs) for p in parts])
    )
    passed = found.low is not None and found.low > 0
    interval_ = "" if found.low is None else f" [{found.low:+.4f}, {found.high:+.4f}]"
    said = "beats" if passed else "does not beat"
    text = (
        f"{said} {who} by more than chance: ROC AUC {ours:.4f}, {who} {theirs:.4f}, "
        f"difference {ours - theirs:+.4f}{interval_}"
    )
    gap = (ours - theirs, found.low, found.high)
    return Condition(name, passed, text, "roc_auc", ours, theirs, *gap, contacts)


def calibrated(rows: pa.Table) -> Condition:
    """Tell whether the probabilities are as often right as they say, at each moment.

    The calibration error may be 0.02, or what chance alone gives to honest probabilities on so
    many customers in 99 of 100 cases, where that is more.
    """
    found = []
    for moment, own in by_moment(rows).items():
        outcome, score = _floats(own, "outcome"), _floats(own, SCORE + OURS)
        error = calibration_error(outcome, score)
        limit = max(CALIBRATION_LIMIT, by_chance(outcome, score, _customers(own)))
        found.append((float("inf") if error is None else error, limit, moment, len(own)))
    error, limit, moment, contacts = max(found, key=lambda one: one[0] - one[1])
    passed = error <= limit
    why = "" if limit == CALIBRATION_LIMIT else ", what chance alone may give to so few"
    text = (
        f"{'is' if passed else 'is not'} calibrated: calibration error {error:.4f} at {moment}, "
        f"at most {limit:.4f}{why}"
    )
    gap = error - limit
    return Condition(
        "calibration", passed, text, "calibration_error", error, limit, gap, contacts=contacts
    )


def quick(tags: Mapping[str, str]) -> Condition:
    """Tell whether a score with its explanation kept the budget when the model was trained."""
    if not tags.get("latency_ms"):
        return Condition("latency", False, "its latency was not measured: train again")
    took = float(tags["latency_ms"])
    passed = took <= BUDGET_MS
    text = (
        f"{'keeps' if passed else 'does not keep'} the latency budget: one score with its "
        f"explanation took {took:.2f} ms (median), at most {BUDGET_MS:g} ms"
    )
    return Condition("latency", passed, text, "latency_ms", took, BUDGET_MS, took - BUDGET_MS)


def leakless(tags: Mapping[str, str]) -> Condition:
    """Tell whether the leak check found nothing when the model was trained."""
    said = tags.get("leak_check", "")
    if not said:
        return Condition("leaks", False, "its data had no leak check: train again")
    passed = said.startswith("passed")
    verb = "passes" if passed else "does not pass"
    return Condition("leaks", passed, f"{verb} the leak check: {said.partition(': ')[2]}")


def unshuffled(tags: Mapping[str, str]) -> Condition:
    """Tell whether nothing was found in shuffled outcomes when the model was trained.

    Where the check was left out or could not be done, this is said and nothing is refused.

    Examples
    --------
    >>> one = unshuffled({"shuffled_check": "not done: too few cases"})
    >>> one.passed, one.checked, one.text
    (True, False, 'was not checked with shuffled outcomes: too few cases')
    """
    said, _, why = tags.get("shuffled_check", "not done: left out in training").partition(": ")
    if said not in ("passed", "failed"):
        text = f"was not checked with shuffled outcomes: {why}"
        return Condition("shuffled", True, text, checked=False)
    auc = float(tags["shuffled_roc_auc"])
    passed = said == "passed"
    found = "nothing, as it should" if passed else "them in later contacts: something saw outcomes"
    text = f"taught shuffled outcomes finds {found}: ROC AUC {auc:.4f}, where {COIN} is a coin"
    return Condition("shuffled", passed, text, "roc_auc", auc, COIN, auc - COIN)


def mean_interval(rows: pa.Table) -> tuple[float, float] | None:
    """Give the 95 % interval of our ROC AUC, meaned over the moments."""
    parts = _parts(rows, OURS)
    if not parts:
        return None
    draws = Draws.of(np.concatenate([part.customer for part in parts]), replicates=REPLICATES)
    areas = [draws.areas(p.outcome, p.ours, p.customer).roc_auc for p in parts]
    return interval(np.mean(areas, axis=0))


def _parts(rows: pa.Table, model: str) -> list[Part]:
    """Take both models' scores moment by moment, where both outcomes came."""
    parts = []
    for own in by_moment(rows).values():
        outcome = _floats(own, "outcome")
        if 0 < outcome.sum() < len(outcome):
            scores = (_floats(own, SCORE + OURS), _floats(own, SCORE + model))
            parts.append(Part(outcome, *scores, _customers(own)))
    return parts


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows[name].cast(pa.float64()).to_numpy(), dtype=np.float64)


def _customers(rows: pa.Table) -> Any:
    return np.asarray(rows["customer"].cast(pa.int64()).to_numpy(), dtype=np.int64)
