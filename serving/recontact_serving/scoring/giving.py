"""Gives a score: what it needs, in time or without it, the answer, and the rows that keep it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from recontact.scoring import Asked
from recontact_serving.models.champions import Champion
from recontact_serving.people.access import Access
from recontact_serving.scoring import decisions, history, latest, timing
from recontact_serving.scoring.contacts import FOREIGN, foreign
from recontact_serving.scoring.reading import UnreadError
from recontact_serving.scoring.writer import Kept
from recontact_serving.service import Service
from recontact_serving.storage.clock import micros, now, text
from recontact_serving.web.problems import ProblemError, problem
from recontact_serving.web.schemas import ScoreRequest

NOT_KEPT = "log: the score is not kept yet, the database does not answer in time"


class Given(NamedTuple):
    """A score: the answer, its bytes, and the rows that keep it."""

    answer: dict[str, Any]
    sent: bytes
    kept: Kept

    def late(self) -> bytes:
        """Give the bytes of a score that could not be kept in time."""
        return orjson.dumps({**self.answer, "degraded": [*self.answer["degraded"], NOT_KEPT]})


async def give(service: Service, request: ScoreRequest, access: Access) -> Given:
    """Score a contact as it stands.

    Raises
    ------
    ProblemError
        There is no model, the key is not for this contact, or the request can't be right.
    """
    champion = service.champions.needed()
    received = now()
    at = request.instant(timing.asked(request, received))
    _check(service, request, access)
    contact = request.columns()
    stage = service.metrics.stage
    with stage("history"):
        try:
            past = await service.reader.history(champion.scorer, contact, at)
        except UnreadError:
            past = None
    with stage("score"):
        asked = Asked(contact, past, request.moment, at, request.explain)
        scored = await service.gathering.scored(champion.scorer, asked)
        answer = _answer(request, at, scored.answer, champion)
        answer["degraded"] += timing.doubts(request, at, received)
        sent = orjson.dumps(answer)
    scored_at = micros(received)
    score = latest.row(contact, answer, scored_at)
    kept = Kept(
        history.arrival(contact),
        score,
        decisions.row(contact, answer, sent, scored.features, request.explain, scored_at),
        scored.ahead
        and service.follow_ups.row(score, scored.ahead, answer["history"]["contacts_30d"]),
    )
    service.metrics.score(answer)
    return Given(answer, sent, kept)


def _check(service: Service, request: ScoreRequest, access: Access) -> None:
    """Refuse a contact of a program or team that the key is not for."""
    access.check(request.program, request.team)
    if access.programs is not None:
        with service.database.read() as db:
            if foreign(db, [request.contact_id], access):
                raise ProblemError(problem(403, FOREIGN))


def _answer(
    request: ScoreRequest, at: dt.datetime, found: Mapping[str, Any], champion: Champion
) -> dict[str, Any]:
    last = found["history"]["last_contact_at"]
    return {
        "contact_id": request.contact_id,
        "moment": request.moment,
        "at": text(at),
        **found,
        "history": {**found["history"], "last_contact_at": last and text(last)},
        "model": dict(champion.models),
        "policy": champion.policy,
        "degraded": [*found["degraded"], *champion.notes],
    }
