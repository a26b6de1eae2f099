"""The log of every score that was given, by which each can be given again."""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

import orjson

from recontact_serving.storage.tables import decisions

Row = Mapping[str, Any]
OURS = {"recontact": metadata.version("recontact")}  # beside the models' versions: it has the words
COLUMNS = tuple(name for name in decisions.columns.keys() if name != "seq")  # noqa: SIM118 - not a dict


def row(
    contact: Row, answer: Row, sent: bytes, features: Sequence[Any], explain: str, scored_at: int
) -> dict[str, Any]:
    """Give the row of a score.

    Parameters
    ----------
    contact : mapping
        What was scored.
    answer : mapping
        What was answered, and `sent` the bytes of it.
    features : sequence
        What gives it again (`recontact.scoring.Scored`).
    explain : str
        Which reasons were asked for.
    scored_at : int
        When, in microseconds.
    """
    return {
        "scored_at": scored_at,
        "contact_id": answer["contact_id"],
        "program": contact.get("program") or "",
        "customer_id": contact.get("customer_id") or "",
        "agent_id": contact.get("agent_id"),
        "moment": answer["moment"],
        "explain": explain,
        "models": orjson.dumps(answer["model"] | OURS).decode(),
        "features": orjson.dumps(features).decode(),
        "answer": sent.decode(),
    }
