"""A challenger beside the champion: every condition of the promotion gate."""

from dataclasses import dataclass
from typing import Any

from recontact.errors import UserError
from recontact.evaluation.figures import CHAMPION, RULE
from recontact.tracking.conditions import Condition, beats, calibrated, leakless, quick, unshuffled
from recontact.tracking.registry import NAMES, Version, champion, pair
from recontact.tracking.store import Store, open_store
from recontact.tracking.tested import beside, of_target, read


@dataclass(frozen=True)
class Weighed:
    """A challenger beside the champion, condition by condition.

    Attributes
    ----------
    challenger : Version
        Who wants the alias.
    holder : Version or None
        Who has it.
    conditions : list of Condition
        All that were looked at; none where the challenger has the alias already.
    """

    challenger: Version
    holder: Version | None
    conditions: list[Condition]

    @property
    def unchanged(self) -> bool:
        """Whether the challenger has the alias already."""
        return bool(self.holder and self.holder.version == self.challenger.version)

    @property
    def objections(self) -> list[str]:
        """What speaks against it, in words; nothing where it may become champion."""
        return [f"it {one.text}" for one in self.conditions if not one.passed]

    def as_json(self) -> dict[str, Any]:
        """Give it ready for JSON."""
        return {
            "name": self.challenger.name,
            "version": self.challenger.version,
            "champion": self.holder.version if self.holder else None,
            "policy_digest": self.challenger.policy_digest,
            "unchanged": self.unchanged,
            "passed": not self.objections,
            "conditions": [one.as_json() for one in self.conditions],
        }


def weigh(ref: str, *, only: str | None = None, uri: str | None = None) -> dict[str, Weighed]:
    """Hold both models of one training against the champions and the gate; change nothing.

    Parameters
    ----------
    ref : str
        A version of `recontact-repeated`, or the id of a run.
    only : {"repeated", "escalation"}, optional
        One model only.
    uri : str, optional
        The MLflow store (`open_store`).

    Returns
    -------
    dict of str to Weighed
        By target.

    Raises
    ------
    UserError
        There is no such version.
    """
    return weigh_in(open_store(uri), ref, only)


def weigh_in(store: Store, ref: str, only: str | None = None) -> dict[str, Weighed]:
    """Hold the models of one training against the gate, in a store that is open."""
    both = pair(store, ref)
    chosen = {target: both[target] for target in wanted(only)}
    found = {}
    for target, version in chosen.items():
        holder = champion(store, NAMES[target])
        same = holder is not None and holder.version == version.version
        conditions = [] if same else _conditions(store, target, version, holder)
        found[target] = Weighed(version, holder, conditions)
    return found


def wanted(only: str | None) -> tuple[str, ...]:
    """Give the targets that are meant: both, or the one that is named.

    Examples
    --------
    >>> wanted(None), wanted("repeated")
    (('repeated', 'escalation'), ('repeated',))
    """
    if only is not None and only not in NAMES:
        raise UserError(f"there is no model of '{only}'", f"name one of: {', '.join(NAMES)}")
    return tuple(NAMES) if only is None else (only,)


def _conditions(
    store: Store, target: str, version: Version, holder: Version | None
) -> list[Condition]:
    """Look at every condition of the gate."""
    if holder and holder.policy_digest != version.policy_digest:
        text = f"follows policy {version.policy_digest}, the champion {holder.policy_digest}"
        other = [Condition("policy", False, text)]
        holder = None  # what follows another policy foretells something else
    else:
        other = []
    why = version.tags.get("constant", "")
    if why:
        return [*other, _unlearnt(why, holder)]
    kept = read(store, version)
    rows = None if kept is None else of_target(kept, target)
    if rows is None or not len(rows):
        return [*other, Condition("rule", False, "kept no test scores to compare: train again")]
    later, against = rows, []
    if holder and holder.tags.get("constant"):
        text = "was learnt, the champion is the base rate alone"
        against = [Condition("champion", True, text)]
    elif holder:
        theirs = read(store, holder)
        both = beside(
            version, rows, holder, theirs if theirs is None else of_target(theirs, target)
        )
        who = f"champion {holder.version}"
        if both is None:
            text = f"was never tested on contacts that {who} was tested on, too"
            against = [Condition("champion", False, text)]
        else:
            later, against = both, [beats("champion", both, CHAMPION, who)]
    rule = beats("rule", later, RULE, "the rule")
    trained = [look(version.tags) for look in (quick, leakless, unshuffled)]
    return [*other, rule, *against, calibrated(rows), *trained]


def _unlearnt(why: str, holder: Version | None) -> Condition:
    """Weigh a base rate: it may stand where nothing was learnt before either."""
    if holder is None or holder.tags.get("constant"):
        return Condition("learnt", True, f"is the base rate alone: {why}")
    text = f"is the base rate alone, champion {holder.version} was learnt: {why}"
    return Condition("learnt", False, text)
