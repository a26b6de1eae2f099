"""`POST /v1/score` and `/v1/scores`: score contacts as they stand and record their arrival."""

import asyncio
import codecs
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from recontact_serving.people.access import Access
from recontact_serving.people.security import key_first, machine
from recontact_serving.scoring.giving import Given, give
from recontact_serving.service import Service, ServiceOf, service_of
from recontact_serving.web.problems import (
    SEND_JSON,
    ProblemError,
    answer_to,
    documented,
    invalid_item,
    is_json,
    problem,
)
from recontact_serving.web.schemas import Item, Score, ScoreRequest, ScoreRequests, Scores, name_of

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
ERRORS = documented(400, 401, 403, 413, 415, 422, 429, 500, 503)
JSON = "application/json"

Sender = Annotated[Access, Depends(machine("score"))]


class Quick(APIRoute):
    """A route whose body is checked and answered without FastAPI's own steps in between.

    They cost as much as all the rest of a score. What the function below declares is what the
    OpenAPI document says of it.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the function that answers."""
        return _score


class Shortcut:
    """Answers a score before an application looks for a route, which takes a tenth of its time.

    Parameters
    ----------
    service : Service
        Gives the score.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._route = next(route for route in quick.routes if isinstance(route, Quick))

    @staticmethod
    def takes(scope: Scope) -> bool:
        """Tell whether a request asks for a score."""
        if scope["type"] != "http":
            return False
        return (scope["method"], scope["path"]) == ("POST", "/v1/score")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["route"] = self._route
        request = Request(scope, receive)
        try:
            response = await _given(self._service, request)
        except Exception as error:  # noqa: BLE001 - as of any route, all are answered
            response = await answer_to(request, error)
        await response(scope, receive, send)


async def _score(request: Request) -> Response:
    return await _given(await service_of(request), request)


async def _given(service: Service, request: Request) -> Response:
    access = service.gate.admit(request.headers.get("authorization"), "score")
    given = await give(service, _checked(request, await request.body()), access)
    within = service.settings.time_limit_ms / 1000
    kept = await service.writer.keep([given.kept], within)
    return Response(given.sent if kept else given.late(), media_type=JSON)


def _checked(request: Request, body: bytes) -> ScoreRequest:
    if not is_json(request):
        raise ProblemError(problem(415, SEND_JSON))
    try:
        return ScoreRequest.model_validate_json(body.removeprefix(codecs.BOM_UTF8))
    except ValidationError as error:
        raise ProblemError(invalid_item(error)) from None


quick = APIRouter(prefix="/v1", tags=["scores"], route_class=Quick)
router = APIRouter(prefix="/v1", tags=["scores"], route_class=key_first("score"))


@quick.post("/score", response_model=Score, responses=ERRORS)
async def score(
    request: Annotated[ScoreRequest, Body(examples=[EXAMPLE])], access: Sender
) -> Response:
    """Score one contact as it stands, and record its arrival facts."""
    raise NotImplementedError  # `Quick` answers


@router.post("/scores", response_model=Scores, responses=ERRORS)
async def score_several(
    body: Annotated[ScoreRequests, Body(examples=[{"requests": [EXAMPLE]}])],
    service: ServiceOf,
    access: Sender,
) -> Response:
    """Score several contacts in order; each gets its score or its problem."""
    service.champions.needed()
    access.charge(max(0, len(body.requests) - 1))
    results = await _several(service, body.requests, access)
    return Response(b'{"results":[' + b",".join(results) + b"]}", media_type=JSON)


async def _several(service: Service, items: list[Item], access: Access) -> list[bytes]:
    """Score in order; a customer's second contact sees that the first one began."""
    results: list[Given | bytes] = []
    waiting: list[Given] = []
    customers: set[tuple[str | None, str | None]] = set()
    late: set[int] = set()
    for item in items:
        try:
            request = ScoreRequest.model_validate(item)
            who = (request.program, request.customer_id)
            if who in customers:
                late |= await _kept(service, waiting)
                waiting, customers = [], set()
            given = await give(service, request, access)
        except ValidationError as error:
            results.append(_problem(item, invalid_item(error)))
        except ProblemError as error:
            results.append(_problem(item, error.document))
        else:
            results.append(given)
            waiting.append(given)
            customers.add(who)
        await asyncio.sleep(0)  # others get their turn
    late |= await _kept(service, waiting)
    return [one if isinstance(one, bytes) else _sent(one, late) for one in results]


async def _kept(service: Service, waiting: list[Given]) -> set[int]:
    """Keep scores; tell which are not kept in time."""
    if not waiting:
        return set()
    within = service.settings.time_limit_ms / 1000
    kept = await service.writer.keep([given.kept for given in waiting], within)
    return set() if kept else {id(given) for given in waiting}


def _sent(given: Given, late: set[int]) -> bytes:
    return given.late() if id(given) in late else given.sent


def _problem(item: Item, found: dict[str, Any]) -> bytes:
    return orjson.dumps({**found, "contact_id": name_of(item)})
