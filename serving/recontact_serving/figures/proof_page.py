"""What the page "Does it work?" shows."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from recontact.clusters import share
from recontact.durations import DAY
from recontact.evaluation.costs import Costs
from recontact.lots import lot
from recontact.proof import Effect, effect, missing, saved, within
from recontact_serving.figures import fcr_figures, proof_cases, proof_plots
from recontact_serving.figures.fcr_asked import Asked as FcrAsked
from recontact_serving.figures.fcr_words import in_words
from recontact_serving.figures.proof_cases import Part, Trial
from recontact_serving.follow_up.holdout import last_period
from recontact_serving.pages.charts import written
from recontact_serving.pages.list_rows import OUTCOMES
from recontact_serving.people.access import Access
from recontact_serving.storage.clock import instant, micros, now

DAYS = 90
MOST_DAYS = 730
NAMES = {"repeated": "Came back", "escalated": "Escalated"}
Values = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What an address asks for.

    Attributes
    ----------
    part : Part
        Of which contacts.
    days : int
        How far back.
    costs : Costs
        What things cost.
    """

    part: Part
    days: int
    costs: Costs

    @classmethod
    def read(cls, query: Mapping[str, str], access: Access, costs: Costs) -> "Asked":
        """Read an address; what is empty or can't be read is as if it were not there.

        Examples
        --------
        >>> query = {"repeat": "9.5", "escalation": "-1"}
        >>> asked = Asked.read(query, Access("", frozenset()), Costs())
        >>> asked.costs.repeat, asked.costs.escalation, asked.days
        (9.5, 25.0, 90)
        """
        names = ("repeat", "escalation", "follow_up")
        read = {name: _number(query.get(name)) for name in names}
        given: dict[str, Any] = {n: value for n, value in read.items() if value is not None}
        days = query.get("days", "")
        return cls(
            Part(access, query.get("program") or None, query.get("team") or None),
            min(MOST_DAYS, max(1, int(days[:9]))) if days.isdecimal() else DAYS,
            replace(costs, **given),
        )


def _number(text: str | None) -> float | None:
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def page_data(db: Connection, asked: Asked, usual: int) -> Values:
    """Give all that the template needs.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    asked : Asked
        What is asked for, and by whom.
    usual : int
        Follow-ups that a team can do in a day, where nobody has set another number.
    """
    note = fcr_figures.note(db)
    access = asked.part.access
    limits = FcrAsked(programs=access.programs, teams=access.teams)
    found: Values = {
        "asked": asked,
        "choices": fcr_figures.choices(db, limits),
        "note": note,
        "policy": in_words(note.policy) if note else [],
        "as_of": instant(note.as_of) if note else None,
        "week": _week(db, asked, usual),
        "names": NAMES,
        "trial": None,
    }
    period = last_period(db)
    if period is None:
        return found
    trial = proof_cases.trial(db, asked.part, period, micros(now()) - asked.days * DAY)
    share = period.holdout.share
    return found | {
        "trial": _trial(trial, asked.costs, share),
        "held_share": share,
        "since": instant(period.since),
        "until": None if period.until is None else instant(period.until),
    }


def _trial(trial: Trial, costs: Costs, held_out: float) -> Values:
    cases = trial.cases.only(trial.matured)
    lacking = missing(cases)
    fell = lot(trial.cases, held_out) if len(trial.cases.customer) else None
    found = {
        "contacts": len(trial.cases.customer),
        "waiting": int((~trial.matured).sum()),
        "lacking": lacking,
        "lot": fell,
        "first": instant(trial.first) if trial.first else None,
        "last": instant(trial.last) if trial.last else None,
    }
    if lacking:
        return found
    effects = {name: effect(cases, name) for name in NAMES}
    worth = saved(cases, costs)
    return found | {
        "effects": effects,
        "claims": {name: _claim(one) for name, one in effects.items()},
        "saved": worth,
        "plots": {
            "arms": proof_plots.arms(effects, NAMES),
            "prevented": proof_plots.prevented(effects),
            "money": proof_plots.money(worth, costs.unit),
        },
        "treated": int(cases.treated[~cases.held].sum()),
        "treated_held": int(cases.treated[cases.held].sum()),
        "listed": int((~cases.held).sum()),
    }


def _claim(found: Effect) -> str:
    """Tell which way the interval points: `fewer`, `more`, or neither."""
    if found.difference is None or found.difference.low <= 0 <= found.difference.high:
        return "open"
    return "fewer" if found.difference.high < 0 else "more"


def _week(db: Connection, asked: Asked, usual: int) -> Values | None:
    """Tell how good the list of the last week was, and what was done about it."""
    week = proof_cases.last_week(db, asked.part)
    if week is None:
        return None
    rows = week.rows
    places: dict[tuple[str, int], int] = {}
    group = np.array(
        [places.setdefault((row.team, row.at // DAY), len(places)) for row in rows], dtype=np.int64
    )
    capacity_of = proof_cases.capacity_of(db, usual)
    capacity = np.array([capacity_of[team] for team, _ in places], dtype=np.int64)
    cost = np.array([row.cost for row in rows], dtype=float)
    listed = np.array([row.state != "held_out" for row in rows], dtype=bool)
    top = within(cost, group, capacity, listed)
    treated = proof_cases.worked(db, rows)
    done = np.array([row.contact_id in treated for row in rows], dtype=bool)
    customer = proof_cases.customers(rows)
    lines = {
        "Within the day's capacity": top & listed,
        "Of these, followed up": top & listed & done,
        "Of these, not followed up": top & listed & ~done,
        "Held out, as high on the list": top & ~listed,
        "All contacts that were scored": np.ones(len(rows), dtype=bool),
    }
    hits = {
        name: np.array([bool(getattr(row, name)) for row in rows], dtype=bool) for name in NAMES
    }
    told = Counter(row.outcome for row in rows if row.outcome)
    return {
        "first": written(week.first),
        "last": written(week.last),
        "days": week.last - week.first + 1,
        "lines": [
            (words, {name: share(hit[chosen], customer[chosen]) for name, hit in hits.items()})
            for words, chosen in lines.items()
        ],
        "worked": int((done & listed).sum()),
        "outcomes": [(words, told[name]) for name, words in OUTCOMES.items()],
        "resolved": sum(told.values()),
        "disputed": sum(bool(row.disputed) for row in rows),
    }
