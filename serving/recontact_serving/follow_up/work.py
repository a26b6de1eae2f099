"""`/v1/at-risk/{contact_id}`: one contact of the list, and what is done about it."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from recontact_serving.follow_up import following_up, worklist
from recontact_serving.follow_up.settling import settle
from recontact_serving.follow_up.work_schemas import (
    Disagreement,
    FollowUp,
    Note,
    Nothing,
    Resolution,
    SeveralWorks,
    To,
    Until,
    Work,
    Worked,
)
from recontact_serving.people.access import Access
from recontact_serving.people.security import machine_or_person
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import now
from recontact_serving.web.fields import Id
from recontact_serving.web.problems import (
    ProblemError,
    documented,
    invalid_item,
    problem,
)
from recontact_serving.web.schemas import AtRisk, Item, name_of

READ_ERRORS = documented(401, 403, 404, 422, 429, 500, 503)
ERRORS = documented(400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503)
BULK_ERRORS = documented(400, 401, 403, 413, 415, 422, 429, 500, 503)
EXAMPLE = {
    "requests": [
        {"contact_id": "c-1001", "action": "claim"},
        {"contact_id": "c-1002", "action": "resolve", "outcome": "solved"},
    ]
}

ContactId = Annotated[Id, Path(max_length=200, openapi_examples={"one": {"value": "c-1001"}})]
Reader = Annotated[Access, Depends(machine_or_person("read"))]
Worker = Annotated[Access, Depends(machine_or_person("follow_up"))]
Disputer = Annotated[Access, Depends(machine_or_person("dispute", "follow_up"))]
Assigner = Annotated[Access, Depends(machine_or_person("assign"))]
Optional = Annotated[Nothing | None, Body()]

router = APIRouter(prefix="/v1/at-risk", tags=["at risk"])


@router.post("/bulk", response_model=Worked, responses=BULK_ERRORS)
def work_on_several(
    body: Annotated[SeveralWorks, Body(examples=[EXAMPLE])], service: ServiceOf, access: Worker
) -> JSONResponse:
    """Do something about up to 200 contacts, each by itself; each gets its row or its problem."""
    access.charge(max(0, len(body.requests) - 1))
    return JSONResponse({"results": _several(service, body.requests, access)})


@router.post("/{contact_id:path}/claim", response_model=AtRisk, responses=ERRORS)
def claim(
    contact_id: ContactId, service: ServiceOf, access: Worker, _: Optional = None
) -> JSONResponse:
    """Take a contact; of several who try at once, one gets it and the others 409."""
    return _act(service, contact_id, "claim", {}, access)


@router.post("/{contact_id:path}/release", response_model=AtRisk, responses=ERRORS)
def release(
    contact_id: ContactId, service: ServiceOf, access: Worker, _: Optional = None
) -> JSONResponse:
    """Give a contact back, for others to take."""
    return _act(service, contact_id, "release", {}, access)


@router.post("/{contact_id:path}/undo", response_model=AtRisk, responses=ERRORS)
def undo(
    contact_id: ContactId, service: ServiceOf, access: Disputer, _: Optional = None
) -> JSONResponse:
    """Take back the last thing done: one's own, of the last 10 minutes, with nothing since."""
    return _act(service, contact_id, "undo", {}, access)


@router.post("/{contact_id:path}/assign", response_model=AtRisk, responses=ERRORS)
def assign(
    contact_id: ContactId,
    body: Annotated[To, Body(examples=[{"to": "lea"}])],
    service: ServiceOf,
    access: Assigner,
) -> JSONResponse:
    """Give a contact to somebody, even one that somebody else has."""
    return _act(service, contact_id, "assign", body.model_dump(), access)


@router.post("/{contact_id:path}/snooze", response_model=AtRisk, responses=ERRORS)
def snooze(
    contact_id: ContactId,
    body: Annotated[Until, Body(examples=[{"until": "2026-03-02T09:00:00Z"}])],
    service: ServiceOf,
    access: Worker,
) -> JSONResponse:
    """Put a contact off; then it comes back by itself, to whoever has it."""
    return _act(service, contact_id, "snooze", body.model_dump(), access)


@router.post("/{contact_id:path}/resolve", response_model=AtRisk, responses=ERRORS)
def resolve(
    contact_id: ContactId,
    body: Annotated[Resolution, Body(examples=[{"outcome": "solved"}])],
    service: ServiceOf,
    access: Worker,
) -> JSONResponse:
    """Say what came of it; it leaves the list."""
    return _act(service, contact_id, "resolve", body.model_dump(), access)


@router.post("/{contact_id:path}/disagree", response_model=AtRisk, responses=ERRORS)
def disagree(
    contact_id: ContactId,
    body: Annotated[Disagreement, Body(examples=[{"reason": "it was paid"}])],
    service: ServiceOf,
    access: Disputer,
) -> JSONResponse:
    """Say why the flag is wrong; the contact stays where it is, for a lead to decide."""
    return _act(service, contact_id, "disagree", body.model_dump(), access)


@router.post("/{contact_id:path}/note", response_model=AtRisk, responses=ERRORS)
def note(
    contact_id: ContactId,
    body: Annotated[Note, Body(examples=[{"text": "no answer"}])],
    service: ServiceOf,
    access: Worker,
) -> JSONResponse:
    """Write something down for others."""
    return _act(service, contact_id, "note", body.model_dump(), access)


@router.get("/{contact_id:path}", response_model=FollowUp, responses=READ_ERRORS)
def one(contact_id: ContactId, service: ServiceOf, access: Reader) -> JSONResponse:
    """Give one contact of the list, with all that was done about it."""
    settle(service.database, now())
    with service.database.read() as db:
        found = worklist.one(db, contact_id, access)
        log = following_up.acted(db, contact_id)
    if found is None:
        raise ProblemError(problem(404, following_up.NOT_THERE))
    return JSONResponse({**found, "log": log})


def _act(
    service: Service, contact_id: str, action: str, details: dict[str, Any], access: Access
) -> JSONResponse:
    with service.database.write() as db:
        return JSONResponse(following_up.act(db, contact_id, action, details, access, now()))


def _several(
    service: Service, items: Sequence[dict[str, Any]], access: Access
) -> list[dict[str, Any]]:
    """Act in one transaction; what is refused has changed nothing."""
    asked: list[Work | dict[str, Any]] = [_read(item) for item in items]
    results: list[dict[str, Any]] = [one if isinstance(one, dict) else {} for one in asked]
    wanted = [(one.contact_id, place) for place, one in enumerate(asked) if isinstance(one, Work)]
    with service.database.write() as db:
        for _, place in sorted(wanted):  # in one order, so that no two wait in a ring
            work = asked[place]
            assert isinstance(work, Work)  # noqa: S101 - chosen so
            try:
                results[place] = following_up.act(
                    db, work.contact_id, work.action, work.details(), access, now()
                )
            except ProblemError as error:
                results[place] = {**error.document, "contact_id": work.contact_id}
    return results


def _read(item: Item) -> Work | dict[str, Any]:
    try:
        return Work.model_validate(item)
    except ValidationError as error:
        return {**invalid_item(error), "contact_id": name_of(item)}
