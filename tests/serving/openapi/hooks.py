"""What a JSON schema can't say of requests, so that valid ones can be made.

Each rule here is one that the description of the field tells in words.
"""

import base64
import datetime as dt
import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

# Instants lie between 1970 and 2200, and a contact has started before it is scored.
INSTANTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2025, 1, 1))  # noqa: DTZ001 - UTC below
schemathesis.openapi.format("date-time", INSTANTS.map(lambda at: at.isoformat() + "Z"))

# The cursor of a page is one that the page before gave.
PLACES = st.tuples(st.floats(0, 1), st.text("abc-0123456789", min_size=1, max_size=30))
schemathesis.openapi.format(
    "cursor", PLACES.map(lambda p: base64.urlsafe_b64encode(json.dumps(p).encode()).decode())
)


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """Put the instants of a contact in order: neither its end nor its score is before its start.

    And where the score is to be of the present, it has started. A snooze ends in the days ahead.
    """
    body = case.body
    if isinstance(body, dict):
        if _is_instant(body.get("until")):
            body["until"] = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
        start = body.get("started_at")
        if (
            _is_instant(start)
            and start > f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
            and "at" not in body
        ):
            body["started_at"] = "2025-01-01T00:00:00Z"
        names = [n for n in ("started_at", "at", "ended_at") if _is_instant(body.get(n))]
        in_order = sorted((body[n] for n in names), key=dt.datetime.fromisoformat)
        body.update(zip(names, in_order, strict=True))


def _is_instant(value: Any) -> bool:
    try:
        return dt.datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False
