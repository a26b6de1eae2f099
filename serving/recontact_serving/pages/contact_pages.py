"""`GET /contacts/{contact_id}`: one contact; `GET /mine`: an agent's own contacts."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from recontact.policy import Policy
from recontact_serving.follow_up import worklist
from recontact_serving.follow_up.settling import settle
from recontact_serving.pages import done, timeline
from recontact_serving.pages.list_rows import OUTCOMES, STATES, row_of, rows_of
from recontact_serving.pages.rendering import render
from recontact_serving.pages.snoozing import offered
from recontact_serving.pages.zones import zone_of
from recontact_serving.people import colleagues
from recontact_serving.people.access import Access
from recontact_serving.people.security import page
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import now
from recontact_serving.web.problems import ProblemError, problem

MOST = 100  # of an agent's own contacts

Reader = Annotated[Access, Depends(page("read"))]
Owner = Annotated[Access, Depends(page("own"))]

router = APIRouter(include_in_schema=False)


@router.get("/mine")
def mine(request: Request, service: ServiceOf, access: Owner) -> Response:
    """Show somebody's own contacts, with what was seen in them."""
    told, state = done.told(request), request.query_params.get("state")
    zone = zone_of(request.cookies)
    settle(service.database, now())
    with service.database.read() as db:
        items = worklist.page(db, _own(access, state)).items if access.agent_id else []
        values: dict[str, Any] = {"told": done.message(db, told, access.name)}
    values |= {"rows": rows_of(items, access, zone), "states": STATES, "state": state}
    response = render("mine.html", request=request, access=access, **values)
    done.forget(request, response)
    return response


@router.get("/contacts/{contact_id:path}/forms")
def forms(contact_id: str, request: Request, service: ServiceOf, access: Reader) -> Response:
    """Give the forms of what can be done about a contact, to stand in its row of the list."""
    zone = zone_of(request.cookies)
    with service.database.read() as db:
        item = worklist.one(db, contact_id, access)
        if item is None:
            raise ProblemError(problem(404, f"there is no contact {contact_id} that you may see"))
        people = colleagues.for_row(db, item["program"], item["team"])
    values: dict[str, Any] = {"row": row_of(item, access, zone, now()), "people": people}
    values |= {"snoozes": offered(zone, now()), "outcome_words": OUTCOMES}
    return render("forms.html", request=request, access=access, **values)


@router.get("/contacts/{contact_id:path}")
def contact(contact_id: str, request: Request, service: ServiceOf, access: Reader) -> Response:
    """Show a contact: what is around it, what was scored, what was done, and what can be done."""
    told, zone = done.told(request), zone_of(request.cookies)
    policy = _policy(service)
    with service.database.read() as db:
        values = timeline.read(db, contact_id, access, policy)
        item = values["item"]
        people = colleagues.for_row(db, item["program"], item["team"]) if item else []
        values["told"] = done.message(db, told, access.name)
    values |= {"row": item and row_of(item, access, zone, now()), "people": people}
    values |= {"snoozes": offered(zone, now()), "outcome_words": OUTCOMES, "policy": policy}
    response = render("contact.html", request=request, access=access, **values)
    done.forget(request, response)
    return response


def _own(access: Access, state: str | None) -> worklist.Asked:
    """Ask for the contacts that somebody handled: one id may be of two people in two programs."""
    state = state if state in worklist.STATES else None
    return worklist.Asked(
        agent_id=access.agent_id,
        state=state,
        limit=MOST,
        programs=access.programs,
        teams=access.teams,
    )


def _policy(service: Service) -> Policy | None:
    """Return the policy that the models in use were trained under."""
    champion = service.champions.current()
    return getattr(champion.scorer, "policy", None) if champion else None
