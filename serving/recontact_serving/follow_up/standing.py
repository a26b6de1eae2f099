"""Where the work on a contact of the list stands, and how each action changes that."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, NamedTuple

from recontact.durations import DAY
from recontact_serving.follow_up.follow_ups import lapses_at
from recontact_serving.storage.clock import micros
from recontact_serving.web.problems import ProblemError, problem

Action = Literal["claim", "release", "assign", "snooze", "resolve", "disagree", "note", "undo"]
BACK_FOR = DAY  # what comes back on the list stays for so long at least

Row = Mapping[Any, Any]  # of the database, or a plain one


@dataclass(frozen=True)
class Standing:
    """What people did about a contact so far.

    Attributes
    ----------
    state : str
        `open`, `claimed`, `snoozed`, `resolved`, `lapsed` or `held_out`.
    owner : str or None
        Who has it.
    outcome : str or None
        What came of it, once it is resolved.
    disputed : bool
        Whether somebody said that the flag is wrong.
    changes_at : int or None
        When the state changes by itself.
    """

    state: str
    owner: str | None = None
    outcome: str | None = None
    disputed: bool = False
    changes_at: int | None = None

    @classmethod
    def of(cls, row: Row) -> "Standing":
        """Read it from a row of the list."""
        return cls(
            row["state"], row["owner"], row["outcome"], bool(row["disputed"]), row["changes_at"]
        )

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)


class Doing(NamedTuple):
    """An action: by whom, when, and what goes with it.

    Attributes
    ----------
    who : str
        The person's name, or the key's.
    for_others : bool
        Whether what others have may be taken from them.
    at : int
        The present instant.
    details : mapping
        Until when, to whom, with which outcome ....
    lapses_at : int
        When nobody need look at the contact any more.
    """

    who: str
    for_others: bool
    at: int
    details: Row
    lapses_at: int


def of_row(row: Row, who: str, for_others: bool, at: dt.datetime, details: Row) -> Doing:
    """Put an action on a row together."""
    ends = lapses_at(row["at"], row["scored_at"], row["closes_at"])
    return Doing(who, for_others, micros(at), details, ends)


def settled(before: Standing, at: int, ends: int) -> Standing:
    """Give what it is by now: a snooze is over, or nobody took it in time.

    Parameters
    ----------
    before : Standing
        As it was left.
    at : int
        The present instant.
    ends : int
        When nobody need look at the contact any more.

    Examples
    --------
    >>> settled(Standing("open", changes_at=5), 5, 5).state
    'lapsed'
    >>> settled(Standing("snoozed", "lea", changes_at=5), 7, 5)
    Standing(state='claimed', owner='lea', outcome=None, disputed=False, changes_at=None)
    """
    if before.changes_at is None or before.changes_at > at:
        return before
    if before.state == "open":
        return replace(before, state="lapsed", changes_at=None)
    return _back(before, at, ends)


def after(before: Standing, action: str, doing: Doing) -> Standing:
    """Give where the work stands after an action.

    Raises
    ------
    ProblemError
        409: somebody else has it, or it is done.
    """
    if before.state == "held_out":
        raise conflict(before, "it is held out: left untouched on purpose, to judge the list by")
    return _STEPS[action](before, doing)


def conflict(standing: Standing, why: str) -> ProblemError:
    """Say that an action does not go, and who has the contact."""
    return ProblemError(problem(409, why, state=standing.state, owner=standing.owner))


def _claim(before: Standing, doing: Doing) -> Standing:
    mine_again = before.state == "snoozed" and before.owner == doing.who
    if not mine_again:
        _to_do(before)
        _taken_by_nobody(before, doing)
    return replace(before, state="claimed", owner=doing.who, changes_at=None)


def _release(before: Standing, doing: Doing) -> Standing:
    _to_do(before)
    if before.state not in {"claimed", "snoozed"}:
        raise conflict(before, "nobody has it")
    _not_others(before, doing)
    return _back(replace(before, owner=None), doing.at, doing.lapses_at)


def _assign(before: Standing, doing: Doing) -> Standing:
    _to_do(before)
    to = doing.details["to"]
    if before.state == "claimed" and before.owner == to:
        raise conflict(before, f"{to} has it already")
    return replace(before, state="claimed", owner=to, changes_at=None)


def _snooze(before: Standing, doing: Doing) -> Standing:
    _to_do(before)
    _not_others(before, doing)
    return replace(before, state="snoozed", changes_at=micros(doing.details["until"]))


def _resolve(before: Standing, doing: Doing) -> Standing:
    _to_do(before)
    _not_others(before, doing)
    owner = doing.who if before.owner is None else before.owner
    outcome = doing.details["outcome"]
    return replace(before, state="resolved", owner=owner, outcome=outcome, changes_at=None)


def _disagree(before: Standing, _: Doing) -> Standing:
    return replace(before, disputed=True)


def _note(before: Standing, _: Doing) -> Standing:
    return before


_STEPS: Mapping[str, Callable[[Standing, Doing], Standing]] = {
    "claim": _claim,
    "release": _release,
    "assign": _assign,
    "snooze": _snooze,
    "resolve": _resolve,
    "disagree": _disagree,
    "note": _note,
}


def _back(before: Standing, at: int, ends: int) -> Standing:
    """Bring it back on the list: to its owner, or for everybody."""
    if before.owner is not None:
        return replace(before, state="claimed", changes_at=None)
    return replace(before, state="open", changes_at=max(ends, at + BACK_FOR))


def _to_do(standing: Standing) -> None:
    if standing.state == "resolved":
        raise conflict(standing, "it is resolved already")


def _taken_by_nobody(standing: Standing, doing: Doing) -> None:
    if standing.owner is not None:
        raise conflict(standing, f"{_named(standing.owner, doing)} already")


def _not_others(standing: Standing, doing: Doing) -> None:
    if standing.owner not in {None, doing.who} and not doing.for_others:
        raise conflict(standing, _named(standing.owner, doing))


def _named(owner: str | None, doing: Doing) -> str:
    return "you have it" if owner == doing.who else f"{owner} has it"
