"""One call as the service knows it: scores, facts, what the agent did and what is left to do."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Table, select

from recontact_serving.desktop.wrapup_check import wrapup_check
from recontact_serving.storage.clock import instant, micros, text
from recontact_serving.storage.database import put
from recontact_serving.storage.tables import LAST, agent_actions, scores, versions

MOMENTS = ("start", "live", "wrapup")
OUTCOMES = ("repeated", "escalation")
OF_THE_CONTACT = ("program", "customer_id", "agent_id", "team", "queue")


@dataclass(frozen=True)
class Call:
    """A call, and what says who may look at it.

    Attributes
    ----------
    program, team : str or None
        Of its latest score.
    agents : frozenset of str
        Everybody who was on it when it was scored.
    document : dict
        What the API answers with.
    """

    program: str | None
    team: str | None
    agents: frozenset[str]
    document: dict[str, Any]


def read_calls(db: Connection, contact_ids: Sequence[str]) -> dict[str, Call]:
    """Read calls by contact; one that was never scored is left out.

    Parameters
    ----------
    db : sqlalchemy.Connection
        An open connection.
    contact_ids : sequence of str
        The contacts, at most some hundred.

    Returns
    -------
    dict of str to Call
    """
    scored: dict[str, list[RowMapping]] = {}
    by_key = scores.c.moment.in_(MOMENTS)  # else no index leads to a contact
    for row in _rows(db, scores, contact_ids, by_key):
        scored.setdefault(row["contact_id"], []).append(row)
    last = versions.c.valid_to == LAST
    facts = {row["contact_id"]: row for row in _rows(db, versions, scored, last)}
    sent = {row["contact_id"]: _actions(row) for row in _rows(db, agent_actions, scored)}
    return {name: _call(rows, facts.get(name), sent.get(name)) for name, rows in scored.items()}


def keep_actions(
    db: Connection, call: Call, actions: Mapping[str, Any], sent_at: dt.datetime
) -> None:
    """Keep what an agent did about a call; the same again changes nothing, `sent_at` neither."""
    found = call.document
    old = found["actions"]
    if old is not None and all(old[name] == actions[name] for name in ("probed", "promised")):
        return
    promised = actions["promised"]
    row = {
        "contact_id": found["contact_id"],
        **{name: found[name] or "" for name in ("program", "customer_id")},
        "agent_id": found["agent_id"],
        "sent_at": micros(sent_at),
        "probed": actions["probed"],
        "promised": None if promised is None else json.dumps(promised, ensure_ascii=False),
    }
    put(db, agent_actions, [row])


def _rows(db: Connection, table: Table, contact_ids: Any, *where: Any) -> Sequence[RowMapping]:
    if not contact_ids:
        return []
    chosen = table.c.contact_id.in_(list(contact_ids))
    return db.execute(select(table).where(chosen, *where)).mappings().all()


def _call(
    scored: Sequence[RowMapping], facts: RowMapping | None, actions: dict[str, Any] | None
) -> Call:
    """Put a call together; the latest score is the one of the latest instant."""
    in_turn = sorted(scored, key=lambda row: (row["at"], MOMENTS.index(row["moment"])))
    latest = in_turn[-1]
    answers = {row["moment"]: _answer(row) for row in in_turn}
    reason = json.loads(facts["payload"]).get("reason") if facts else None
    document = {
        "contact_id": latest["contact_id"],
        **{name: _last(in_turn, name) for name in OF_THE_CONTACT},
        "reason": reason,
        "started_at": text(instant(latest["started_at"])),
        "moment": latest["moment"],
        "scores": {moment: answers.get(moment) for moment in MOMENTS},
        "check": wrapup_check(reason, actions, answers[latest["moment"]]["next_issues"]),
        "actions": actions,
    }
    agents = frozenset(row["agent_id"] for row in scored if row["agent_id"])
    return Call(document["program"], document["team"], agents, document)


def _last(in_turn: Sequence[RowMapping], name: str) -> str | None:
    """Give the latest value that is known."""
    known = [row[name] for row in in_turn if row[name]]
    return known[-1] if known else None


def _answer(row: RowMapping) -> dict[str, Any]:
    """Give the answer to the score request again."""
    outcomes = {
        outcome: {"probability": row[f"{outcome}_probability"], "band": row[f"{outcome}_band"]}
        for outcome in OUTCOMES
    }
    named = {"contact_id": row["contact_id"], "moment": row["moment"]}
    return {**named, "at": text(instant(row["at"])), **outcomes, **orjson.loads(row["answer"])}


def _actions(row: RowMapping) -> dict[str, Any]:
    return {
        "probed": row["probed"],
        "promised": row["promised"] and json.loads(row["promised"]),
        "sent_at": text(instant(row["sent_at"])),
    }
