"""The latest score of each contact at each moment."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson

from recontact_serving.storage.clock import micros
from recontact_serving.storage.tables import scores

Contact = Mapping[str, Any]
OUTCOMES = ("repeated", "escalation")
COLUMNS = tuple(scores.columns.keys())
TOLD = (*OUTCOMES, "reasons", "next_issues", "history", "model", "policy", "degraded")


def row(contact: Contact, answer: Mapping[str, Any], scored_at: int) -> dict[str, Any]:
    """Give the row of a score; it takes the place of the contact's earlier one at the moment."""
    return {
        "moment": answer["moment"],
        "contact_id": answer["contact_id"],
        **{f"{o}_{part}": answer[o][part] for o in OUTCOMES for part in ("probability", "band")},
        "program": contact.get("program") or "",
        "customer_id": contact.get("customer_id") or "",
        **{name: contact.get(name) for name in ("agent_id", "queue", "team")},
        "started_at": micros(contact["started_at"]),
        "at": micros(dt.datetime.fromisoformat(answer["at"])),
        "scored_at": scored_at,
        "answer": orjson.dumps({name: answer[name] for name in TOLD}).decode(),
    }
