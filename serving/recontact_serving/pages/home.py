"""`GET /`: the managers' list, what changes on it while it is shown, and saved views of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from recontact_serving.follow_up import capacity
from recontact_serving.follow_up.ordering import BadCursorError
from recontact_serving.follow_up.settling import settle
from recontact_serving.pages import contact_pages, done, list_page, live, views, work_pages
from recontact_serving.pages.addresses import address, inside, tidied
from recontact_serving.pages.list_page import Looked
from recontact_serving.pages.list_rows import OUTCOMES, STATES
from recontact_serving.pages.rendering import render
from recontact_serving.pages.snoozing import offered
from recontact_serving.pages.zones import zone_of
from recontact_serving.people import colleagues
from recontact_serving.people.access import Access
from recontact_serving.people.forms import checked_form
from recontact_serving.people.security import page
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import now
from recontact_serving.web.problems import ProblemError, invalid, problem

Reader = Annotated[Access, Depends(page("read"))]
Planner = Annotated[Access, Depends(page("capacity"))]
Text = Annotated[str, Form(max_length=2000)]

router = APIRouter(include_in_schema=False)
router.include_router(work_pages.router)
router.include_router(contact_pages.router)


@router.get("/")
def at_risk_page(request: Request, service: ServiceOf, access: Reader) -> Response:
    """Show the list, cut to what the address asks for."""
    looked = _looked(request, service, access)
    told = done.told(request)
    settle(service.database, now())
    with service.database.read() as db:
        with _cursor_of_a_list():
            data = list_page.page_data(db, looked)
        data["told"] = done.message(db, told, access.name)
        data["people"] = colleagues.around(db, access)
    data |= {"looked": looked, "states": STATES, "outcome_words": OUTCOMES}
    data |= {"snoozes": offered(looked.zone, now()), "trouble": service.champions.trouble}
    response = render("at_risk.html", request=request, access=access, **data)
    done.forget(request, response)
    return response


@router.post("/changes")
def changes(
    request: Request, service: ServiceOf, access: Reader, there: Annotated[live.Shown, Form()]
) -> Response:
    """Tell what has changed of the rows that a page shows; 204 for nothing."""
    checked_form(request, there.token)
    looked = _looked(request, service, access)
    settle(service.database, now())
    with service.database.read() as db, _cursor_of_a_list():
        found = live.look(db, looked, there)
    if found is None:
        return Response(status_code=204)
    return render("changes.html", request=request, access=access, **found)


@router.post("/views")
def save_view(
    request: Request, service: ServiceOf, access: Reader, name: Text, token: Text, query: Text = ""
) -> Response:
    """Keep the filters by a name."""
    checked_form(request, token)
    kept = tidied(query, access)
    with service.database.write() as db:
        views.save(db, access.name, name, kept)
    return RedirectResponse(f"/?{kept}", 303)


@router.post("/views/delete")
def delete_view(
    request: Request,
    service: ServiceOf,
    access: Reader,
    name: Text,
    token: Text,
    next: Text = "/",  # noqa: A002 - the form's name
) -> Response:
    """Delete a view."""
    checked_form(request, token)
    with service.database.write() as db:
        views.remove(db, access.name, name)
    return RedirectResponse(inside(next), 303)


@router.post("/capacity")
def set_capacity(
    request: Request,
    service: ServiceOf,
    access: Planner,
    team: Annotated[str, Form(max_length=200)],
    token: Text,
    per_day: Text,
) -> Response:
    """Set how many follow-ups a team can do in a day."""
    checked_form(request, token)
    with service.database.read() as db:
        theirs = team and capacity.is_theirs(db, access, team)
    if not theirs:
        raise ProblemError(problem(404, f"there is no team {team} that you may see"))
    number = _number(per_day)
    with service.database.write() as db:
        capacity.keep(db, team, number)
    return RedirectResponse(address("/", {"team": team}), 303)


@contextmanager
def _cursor_of_a_list() -> Iterator[None]:
    try:
        yield
    except BadCursorError as error:
        wrong = {"loc": ("query", "cursor"), "msg": "none that a list gave"}
        raise ProblemError(invalid([wrong])) from error


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 6 or int(text) > capacity.MOST:
        detail = f"give how many follow-ups a day: 0 to {capacity.MOST:,}"
        raise ProblemError(problem(422, detail))
    return int(text)


def _looked(request: Request, service: Service, access: Access) -> Looked:
    zone = zone_of(request.cookies)
    return Looked.at(request.query_params, access, zone, service.settings.capacity)
