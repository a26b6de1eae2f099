"""Rows of the at-risk list: one for each contact that was scored at wrap-up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recontact.evaluation.costs import Costs
from recontact.scoring import Ahead
from recontact_serving.follow_up.holdout import Holdout
from recontact_serving.scoring.latest import OUTCOMES
from recontact_serving.storage.tables import follow_ups

Row = Mapping[str, Any]
COLUMNS = tuple(follow_ups.columns.keys())
SCORED = (
    *("contact_id", "program", "customer_id", "agent_id"),
    *(f"{o}_{part}" for o in OUTCOMES for part in ("probability", "band")),
    *("started_at", "at", "scored_at"),
)
DONE = (  # what people did, and what became of it: another score leaves it as it is
    *("state", "owner", "outcome", "disputed", "changes_at", "changed_at", "version"),
    *("repeated", "escalated"),
)
NEW: Row = {
    "owner": None,
    "outcome": None,
    "disputed": False,
    "version": 0,
    "repeated": None,
    "escalated": None,
}
AT_RISK = frozenset({"medium", "high"})


@dataclass(frozen=True)
class FollowUps:
    """Makes rows of the list.

    Attributes
    ----------
    costs : Costs
        What things cost.
    holdout : Holdout
        Draws those that are left untouched.
    shared_above : int
        A customer with more contacts in 30 days is a number of many (`of_many`).
    """

    costs: Costs
    holdout: Holdout
    shared_above: int = 0

    def row(self, score: Row, ahead: Ahead, contacts_30d: int | None = None) -> dict[str, Any]:
        """Give the row of a contact.

        Parameters
        ----------
        score : mapping
            The row of its score at wrap-up (`recontact_serving.scoring.latest`).
        ahead : Ahead
            What is known of the time after it.
        contacts_30d : int, optional
            How many other contacts the customer had in the 30 days before.
        """
        ended, scored_at = score["at"], score["scored_at"]
        nobody = of_many(contacts_30d, self.shared_above)
        held = self._held_out(score)
        return {
            **{name: score[name] for name in SCORED},
            **{name: score[name] or "" for name in ("queue", "team")},
            **NEW,
            "cost": 0.0 if nobody else expected_cost(score, self.costs),
            "due_at": None if ahead.due_us is None else ended + ahead.due_us,
            "closes_at": ended + ahead.window_us,
            "state": "held_out" if held else "open",
            "changes_at": None if held else lapses_at(ended, scored_at, ended + ahead.window_us),
            "changed_at": scored_at,
        }

    def _held_out(self, score: Row) -> bool:
        at_risk = any(score[f"{outcome}_band"] in AT_RISK for outcome in OUTCOMES)
        return at_risk and self.holdout.draws(
            score["program"], score["customer_id"], score["contact_id"]
        )


def of_many(contacts_30d: int | None, above: int) -> bool:
    """Tell whether a customer is a number of many: a switchboard, a payphone, a placeholder.

    Whoever calls it back does not reach the one who called.

    Parameters
    ----------
    contacts_30d : int or None
        Other contacts in the 30 days before.
    above : int
        With more contacts than these, this one with them; 0: nobody is.

    Examples
    --------
    >>> of_many(59, 60), of_many(60, 60), of_many(None, 60), of_many(500, 0)
    (False, True, False, False)
    """
    return bool(above) and (contacts_30d or 0) >= above


def expected_cost(score: Row, costs: Costs) -> float:
    """Give what a follow-up is expected to save, by which the list is sorted.

    What has already happened can't be averted any more.

    Examples
    --------
    >>> bands = {"repeated_band": "high", "escalation_band": "already"}
    >>> score = {**bands, "repeated_probability": 0.5, "escalation_probability": 1.0}
    >>> expected_cost(score, Costs(repeat=8, prevented=0.4))
    1.6
    """
    ahead = [outcome for outcome in OUTCOMES if score[f"{outcome}_band"] != "already"]
    return float(sum(costs.gain(outcome) * score[f"{outcome}_probability"] for outcome in ahead))


def lapses_at(at: int, scored_at: int, closes_at: int) -> int:
    """Tell when nobody need look at a contact any more: a window after its end, or its score.

    A contact that was scored long after its end is on the list for a window all the same.

    Examples
    --------
    >>> lapses_at(10, 12, 58), lapses_at(10, 500, 58)
    (60, 548)
    """
    return closes_at + max(0, scored_at - at)
