"""A day of one agent, taken from the contacts that the service knows, to be played to it again.

Each call is asked about as it was known at its own instants, so that playing it gives the scores
that were given then, and adds nothing to the history.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, select

from recontact.contacts import SCHEMA
from recontact_serving.scoring.history import facts
from recontact_serving.storage.clock import instant, text
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import LAST, scores, versions

LOOKED_AT = 3_000  # the latest finished contacts, among which the fullest day is taken
MOST = 40  # calls of a day
NEVER_SENT = ("known_at", "interaction_id", "csat", "nps", "ces", "survey_resolved")
AT_START = ("contact_id", "customer_id", "program", "channel", "direction", "queue", "site")
DESKTOP = ("agent_id", "reason")  # what the agent's desktop knows besides when it rings

Call = dict[str, Any]


def fullest_day(database: Database) -> dict[str, Any] | None:
    """Take the day of an agent that has the most calls among the latest; None without any.

    Returns
    -------
    dict or None
        `agent_id`, `date`, and `calls`: of each its `contact_id`, `facts` to show, and the score
        `requests` of its start, middle and wrap-up.
    """
    days: dict[tuple[str, dt.date], list[Call]] = {}
    with database.read() as db:
        for row in db.execute(_latest()).mappings():
            known = facts(row)
            if known.get("agent_id") and (known.get("channel") or "voice") == "voice":
                day = (known["agent_id"], instant(row["started_at"]).date())
                days.setdefault(day, []).append(_call(row, known))
    if not days:
        return None
    agent_id, date = max(days, key=lambda day: (len(days[day]), day[1], day[0]))
    in_turn = sorted(days[agent_id, date], key=lambda call: call["requests"][0]["started_at"])
    return {"agent_id": agent_id, "date": date.isoformat(), "calls": in_turn[:MOST]}


def _latest() -> Any:
    finished = versions.c.known_at.is_not(None) & (versions.c.valid_to == LAST)
    known = (versions.c.customer_id != "") & versions.c.ended_at.is_not(None)
    # beside one that is over already, the panel would say so while it rings
    over = select(scores.c.contact_id).where(scores.c.moment == "wrapup")
    known &= versions.c.contact_id.not_in(over)
    return (
        select(versions)
        .where(finished & known)
        .order_by(versions.c.started_at.desc())
        .limit(LOOKED_AT)
    )


def _call(row: RowMapping, known: Mapping[str, Any]) -> Call:
    """Make of a contact what its desktop would have asked, moment by moment."""
    began, ended = instant(row["started_at"]), instant(row["ended_at"])
    columns = {**known, **{name: row[name] or None for name in AT_START[:3]}}
    ours = {k: v for k, v in columns.items() if k in SCHEMA.names and k not in NEVER_SENT}
    others = {k: v for k, v in columns.items() if k not in SCHEMA.names}
    at_start = {k: ours[k] for k in (*AT_START, *DESKTOP) if ours.get(k) is not None}
    base = {"started_at": text(began)} | ({"attributes": others} if others else {})
    live = {k: ours[k] for k in ("team", "wait_s") if ours.get(k) is not None}
    middle = text(began + (ended - began) / 2)
    done = {k: v for k, v in ours.items() if v is not None}
    return {
        "contact_id": row["contact_id"],
        "facts": at_start,
        "requests": [
            {**base, **at_start, "moment": "start", "at": text(began)},
            {**base, **at_start, **live, "moment": "live", "at": middle},
            {**base, **done, "moment": "wrapup", "ended_at": text(ended), "at": text(ended)},
        ],
    }
