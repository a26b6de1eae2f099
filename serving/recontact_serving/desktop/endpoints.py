"""What agents' desktops get: a call as it is known, its way on, and a place for what was done."""

import time
from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Request, Response
from fastapi.responses import JSONResponse

from recontact_serving.desktop import calls, desktop_schemas
from recontact_serving.desktop.call_watching import CallWatching, Watch
from recontact_serving.desktop.desktop_access import Caller, CallerOf, KeyHolder
from recontact_serving.desktop.desktop_schemas import Actions, Token, TokenRequest
from recontact_serving.desktop.desktop_tokens import Grant, secret_of, sign
from recontact_serving.desktop.event_stream import EventStream
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import instant, now, text
from recontact_serving.web.fields import Id
from recontact_serving.web.problems import ProblemError, documented, problem

NEVER_SCORED = "there is no score of this contact"
ERRORS = documented(401, 403, 404, 422, 429, 500, 503)
BODY_ERRORS = ERRORS | documented(400, 413, 415)
STREAM = {
    200: {
        "description": "`score` events; the data of each is a call as `GET /v1/calls/{contact_id}` "
        "gives it, its id goes into `Last-Event-ID`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    **documented(401, 403, 422, 429, 500, 503),
}
ASKED = {"probed": True, "promised": None}
PROMISED = {
    "probed": True,
    "promised": {"what": "a call back", "owner": "Ada", "due_at": "2026-03-03T10:00:00Z"},
}

ContactId = Annotated[Id, Path(max_length=200)]
AgentId = Annotated[Id, Path(max_length=200)]
LastSeen = Annotated[
    int | None, Header(alias="Last-Event-ID", ge=0, description="id of the last event seen")
]

router = APIRouter(prefix="/v1", tags=["desktops"])


@router.put(
    "/calls/{contact_id:path}/actions", response_model=desktop_schemas.Call, responses=BODY_ERRORS
)
def send_actions(
    contact_id: ContactId,
    actions: Annotated[Actions, Body(examples=[ASKED, PROMISED])],
    service: ServiceOf,
    caller: CallerOf,
) -> JSONResponse:
    """Keep what the agent did about a call, in place of what was sent before; give the call."""
    found = _call(service, caller, contact_id)
    with service.database.write() as db:
        calls.keep_actions(db, found, actions.model_dump(mode="json"), now())
    return JSONResponse(_call(service, caller, contact_id).document)


@router.get("/calls/{contact_id:path}/events", response_class=Response, responses=STREAM)
def follow_call(
    request: Request,
    contact_id: ContactId,
    service: ServiceOf,
    caller: CallerOf,
    since: LastSeen = None,
) -> Response:
    """Follow a call by server-sent events, from now on or from what was seen last."""
    _check_call(service, caller, contact_id)
    watch = Watch(caller.may_see, contact_id=contact_id)
    return EventStream(watching(request), watch, since, caller.until)


@router.get("/calls/{contact_id:path}", response_model=desktop_schemas.Call, responses=ERRORS)
def call(contact_id: ContactId, service: ServiceOf, caller: CallerOf) -> JSONResponse:
    """Give a call as the service knows it: its scores, what is left to do, what was done."""
    return JSONResponse(_call(service, caller, contact_id).document)


@router.get("/agents/{agent_id:path}/events", response_class=Response, responses=STREAM)
def follow_agent(
    request: Request, agent_id: AgentId, caller: CallerOf, since: LastSeen = None
) -> Response:
    """Follow whichever call an agent is on, by server-sent events."""
    caller.check_agent(agent_id)
    watch = Watch(caller.may_see, agent_id=agent_id)
    return EventStream(watching(request), watch, since, caller.until)


@router.post("/desktop-tokens", status_code=201, response_model=Token, responses=BODY_ERRORS)
def make_token(
    asked: Annotated[TokenRequest, Body(examples=[{"agent_id": "a-7"}])],
    service: ServiceOf,
    access: KeyHolder,
) -> JSONResponse:
    """Make a token that a browser may hold: for one agent's calls or one call, for some hours."""
    until = int(time.time() + asked.hours * 3600)
    programs, teams = (None if p is None else sorted(p) for p in (access.programs, access.teams))
    grant = Grant(access.name, asked.agent_id, asked.contact_id, programs, teams, until)
    token = {
        "token": sign(secret_of(service.database), grant),
        "expires_at": text(instant(until * 1_000_000)),
        "agent_id": asked.agent_id,
        "contact_id": asked.contact_id,
    }
    return JSONResponse(token, 201, {"Cache-Control": "no-store"})


def watching(request: Request) -> CallWatching:
    """Return who follows calls at this worker."""
    found = request.app.state.call_watching
    assert isinstance(found, CallWatching)  # noqa: S101 - create_app put it there
    return found


def _call(service: Service, caller: Caller, contact_id: str) -> calls.Call:
    """Read a call that the caller may see."""
    found = _check_call(service, caller, contact_id)
    if found is None:
        raise ProblemError(problem(404, NEVER_SCORED))
    return found


def _check_call(service: Service, caller: Caller, contact_id: str) -> calls.Call | None:
    """Refuse a call that the caller may not see; one that is not known yet may be followed."""
    caller.check_contact(contact_id)
    with service.database.read() as db:
        found = calls.read_calls(db, [contact_id]).get(contact_id)
    if found is not None:
        caller.check_call(found)
    return found
