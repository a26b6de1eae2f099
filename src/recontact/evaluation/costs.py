"""What following up is worth, under costs that the user sets."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from recontact.errors import UserError
from recontact.evaluation.bootstrap import Draws, interval
from recontact.evaluation.metrics import Floats, ranked
from recontact.evaluation.trials import PROBABILITIES, Ints, Trial

PER = 1000  # contacts that a value is stated for


@dataclass(frozen=True)
class Costs:
    """What things cost, all in one unit; as they come, the cost of a follow-up is 1.

    The defaults are examples to be replaced, not measurements.

    Attributes
    ----------
    repeat : float
        A contact that had to be made again.
    escalation : float
        An escalation.
    follow_up : float
        Following up one contact.
    prevented : float
        Share of the cases that a follow-up prevents, 0 to 1.
    unit : str
        What the costs are in.

    Examples
    --------
    >>> round(Costs(repeat=8, follow_up=2, prevented=0.5).cut("repeated"), 3)
    0.5
    """

    repeat: float = 8.0
    escalation: float = 25.0
    follow_up: float = 1.0
    prevented: float = 0.4
    unit: str = "follow-ups"

    def __post_init__(self) -> None:
        for name in ("repeat", "escalation", "follow_up", "prevented"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise UserError(f"costs: {name}: not a number: {value!r}")
            if value < 0 or not isfinite(value):
                raise UserError(f"costs: {name}: not a number from 0 up: {value!r}")
        if self.prevented > 1:
            raise UserError(f"costs: prevented: {self.prevented} is above 1", "give a share: 0.4")

    @classmethod
    def read(cls, path: str | Path) -> "Costs":
        """Read costs from a YAML file; what it does not name keeps its default.

        Raises
        ------
        UserError
            The file can't be read, names something unknown or holds no numbers.
        """
        try:
            given = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError(f"{path}: not readable as YAML: {error}", _MEND) from error
        names = [field.name for field in fields(cls)]
        if not isinstance(given, dict):
            raise UserError(f"{path}: not a mapping of costs", _MEND)
        for name in given:
            if name not in names:
                raise UserError(f"{path}: unknown cost '{name}'", f"one of: {', '.join(names)}")
        try:
            return cls(**given)
        except UserError as error:
            raise UserError(f"{path}: {error.what}", error.mend) from error

    def gain(self, target: str) -> float:
        """Give what following up a contact that has the outcome saves, before its own cost."""
        return self.prevented * (self.repeat if target == "repeated" else self.escalation)

    def cut(self, target: str) -> float | None:
        """Give the probability from which a follow-up is worth its cost; None: never."""
        gain = self.gain(target)
        return self.follow_up / gain if gain and self.follow_up <= gain else None


_MEND = "for example:\n  repeat: 8\n  escalation: 25\n  follow_up: 1\n  prevented: 0.4"


def values(
    trials: Iterable[Trial], costs: Costs, draws: Draws | None = None
) -> list[dict[str, Any]]:
    """Value following up by each model, by nobody's choice, and not at all.

    Parameters
    ----------
    trials : iterable of Trial
        Outcomes and scores.
    costs : Costs
        What things cost.
    draws : Draws, optional
        Of all customers, for intervals.

    Returns
    -------
    list of dict
        One a target, moment and `choice`: `nobody`, `everybody` and each model. Of a model of
        probabilities, `value` is what following up from the `cut` on (which the costs set, not
        the test) is worth for a thousand contacts, and `share` how many that are. `best_value`,
        `best_share` and `best_cut` are those of the cut that would have been best, which is
        known only afterwards; for a rule that gives no probability there are only these.

    Examples
    --------
    >>> outcome = np.array([1.0, 0.0, 0.0, 0.0])
    >>> trial = Trial("repeated", "start", outcome, outcome, {"recontact": outcome * 0.9})
    >>> [(row["choice"], round(row["value"])) for row in values([trial], Costs())]
    [('nobody', 0), ('everybody', -200), ('recontact', 550)]
    """
    return [row for trial in trials for row in _of(trial, costs, draws)]


def as_json(costs: Costs) -> dict[str, Any]:
    """Give the costs as they are written, with the cut that they set for each target."""
    return {**asdict(costs), "cuts": {t: costs.cut(t) for t in ("repeated", "escalation")}}


def _of(trial: Trial, costs: Costs, draws: Draws | None) -> Iterable[dict[str, Any]]:
    place = {"target": trial.target, "moment": trial.moment}
    worth = costs.gain(trial.target) * trial.outcome - costs.follow_up
    cut = costs.cut(trial.target)
    everybody = np.ones(len(trial.outcome))
    places = trial.customers if draws is None else draws.places(trial.customers)
    yield place | {"choice": "nobody"} | _value(0 * everybody, worth, draws, places)
    yield place | {"choice": "everybody"} | _value(everybody, worth, draws, places)
    for model, score in trial.scores.items():
        found: dict[str, Any] = {"cut": None, "value": None, "share": None, "interval": None}
        if model in PROBABILITIES:
            chosen = everybody * 0 if cut is None else (score >= cut).astype(np.float64)
            found = {"cut": cut} | _value(chosen, worth, draws, places)
        yield place | {"choice": model} | found | _best(trial, model, costs)


def _value(chosen: Floats, worth: Floats, draws: Draws | None, places: Ints) -> dict[str, Any]:
    if not len(chosen):
        return {"share": None, "value": None, "interval": None}
    reach = None
    if draws is not None:
        columns = [chosen * worth, np.ones(len(chosen))]
        total, there = draws.sums(columns, places)
        with np.errstate(invalid="ignore", divide="ignore"):  # nothing drawn is NaN: no bound
            reach = interval(PER * total / there)
    return {
        "share": float(chosen.mean()),
        "value": float(PER * (chosen * worth).mean()),
        "interval": reach,
    }


def _best(trial: Trial, model: str, costs: Costs) -> dict[str, Any]:
    """Find the cut that would have been worth most; to follow up nobody is worth nothing."""
    line = trial.line(model)
    ranks = ranked(line.outcome, line.score)
    value = costs.gain(trial.target) * ranks.hits - costs.follow_up * ranks.flagged
    if not len(value) or value.max() <= 0:
        return {"best_value": 0.0, "best_share": 0.0, "best_cut": None}
    k = int(np.argmax(value))
    return {
        "best_value": float(PER * value[k] / len(line.score)),
        "best_share": float(ranks.flagged[k] / len(line.score)),
        "best_cut": float(line.score[int(ranks.flagged[k]) - 1]),
    }
