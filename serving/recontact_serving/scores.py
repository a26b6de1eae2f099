"""`POST /v1/score` and `/v1/scores`: score contacts as they stand and record their arrival."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from recontact_serving import history, worklist
from recontact_serving.champions import Champion
from recontact_serving.clock import now, text
from recontact_serving.problems import ProblemError, documented, invalid, invalid_item
from recontact_serving.schemas import Score, ScoreRequest, ScoreRequests, Scores, name_of
from recontact_serving.security import machine
from recontact_serving.service import Service, ServiceOf

CLOCK_SKEW = dt.timedelta(minutes=1)  # a desktop's clock may be ahead of the service's
EXAMPLE = {
    "contact_id": "c-1001",
    "customer_id": "u-17",
    "moment": "wrapup",
    "started_at": "2026-03-01T09:30:00Z",
    "ended_at": "2026-03-01T09:38:20Z",
    "queue": "billing",
    "agent_id": "a-7",
    "reason": "billing > dispute",
    "talk_s": 412,
}
ERRORS = documented(400, 401, 403, 413, 415, 422, 500, 503)

router = APIRouter(prefix="/v1", tags=["scores"], dependencies=[Depends(machine("score"))])


@router.post("/score", response_model=Score, responses=ERRORS)
async def score(
    request: Annotated[ScoreRequest, Body(examples=[EXAMPLE])], service: ServiceOf
) -> JSONResponse:
    """Score one contact as it stands, and record its arrival facts."""
    return JSONResponse(score_one(service, request))


@router.post("/scores", response_model=Scores, responses=ERRORS)
def score_several(
    body: Annotated[ScoreRequests, Body(examples=[{"requests": [EXAMPLE]}])], service: ServiceOf
) -> JSONResponse:
    """Score several contacts in order; each gets its score or its problem."""
    service.champions.needed()
    return JSONResponse({"results": [_score_or_problem(service, item) for item in body.requests]})


def score_one(service: Service, request: ScoreRequest) -> dict[str, Any]:
    """Score a contact and keep, before answering, that it started and what was answered."""
    champion = service.champions.needed()
    stage = service.metrics.stage
    received = now()
    at = request.instant(_asked(request, received))
    contact = request.columns()
    with stage("history"), service.database.read() as db:
        others = history.of_customer(db, contact, at)
    with stage("score"):
        found = champion.scorer.score(
            contact, others, moment=request.moment, at=at, explain=request.explain
        )
    answer = _answer(request, at, found, champion)
    with stage("write"), service.database.write() as db:
        history.arrive(db, contact)
        worklist.keep(db, contact, answer, received)
    service.metrics.score(answer)
    return answer


def _asked(request: ScoreRequest, received: dt.datetime) -> dt.datetime:
    """Return the request's `at`, by default the present; clocks may differ a little."""
    if request.at is not None:
        return request.at
    if request.started_at - received > CLOCK_SKEW:
        wrong = {
            "loc": ("started_at",),
            "msg": "lies after the present instant, and there is no at",
        }
        raise ProblemError(invalid([wrong]))
    return max(request.started_at, received)


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
    }


def _score_or_problem(service: Service, item: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return score_one(service, ScoreRequest.model_validate(item))
    except ValidationError as error:
        found = invalid_item(error)
    except ProblemError as error:
        found = error.document
    return {**found, "contact_id": name_of(item)}
