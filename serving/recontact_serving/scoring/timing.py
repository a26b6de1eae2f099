"""The instants of a score request: which one is the present, and which of them are doubtful.

Refused is only what could not be scored. All else has a meaning in the contacts table, which the
batch gives it too, and is scored so; but the answer says it.
"""

import datetime as dt

from recontact_serving.storage.clock import text
from recontact_serving.web.problems import ProblemError, invalid
from recontact_serving.web.schemas import ScoreRequest

CLOCK_SKEW = dt.timedelta(minutes=1)  # a desktop's clock may be ahead of the service's
LONG = dt.timedelta(days=1)  # whoever scores a contact so long after its start might know its end


def asked(request: ScoreRequest, received: dt.datetime) -> dt.datetime:
    """Return the request's `at`, by default the present; clocks may differ a little.

    Raises
    ------
    ProblemError
        422: the contact has not started yet.
    """
    if request.at is not None:
        return request.at
    if request.started_at - received > CLOCK_SKEW:
        wrong = {
            "loc": ("started_at",),
            "msg": "lies after the present instant, and there is no at",
        }
        raise ProblemError(invalid([wrong]))
    return max(request.started_at, received)


def doubts(request: ScoreRequest, at: dt.datetime, received: dt.datetime) -> list[str]:
    """Say what is doubtful about the instants of a wrap-up that was scored as of `at`, its end.

    What comes with the wrap-up counts by one rule, as in training: where `known_at` is not too
    long after the end. A record that comes too late is told by the scorer, who knows how long.
    """
    if request.moment != "wrapup":
        return []
    found = []
    if request.ended_at is None and at - request.started_at > LONG:
        found.append(f"ended_at: not given, over a day after the start, so taken as {text(at)}")
    if request.known_at is not None:
        if request.known_at < (request.ended_at or request.started_at):
            found.append("known_at: before the contact's own end, and taken as at the end")
        if ahead(request.known_at, received):
            found.append("known_at: after the present instant")
    return found


def ahead(known_at: dt.datetime | None, received: dt.datetime) -> bool:
    """Tell whether a record says that it becomes available only after it came."""
    return known_at is not None and known_at - received > CLOCK_SKEW
