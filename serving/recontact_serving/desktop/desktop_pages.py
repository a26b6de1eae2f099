"""`GET /desktop`: the agents' panel, and a page that plays a day with it."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from recontact_serving.desktop.desktop_day import fullest_day
from recontact_serving.pages.rendering import render
from recontact_serving.people.security import signed_in
from recontact_serving.service import ServiceOf
from recontact_serving.settings import Settings
from recontact_serving.web.problems import ProblemError, problem

NOT_HERE = (
    "the day is played on a service without keys only (RECONTACT_AUTH=off, or `recontact demo`): "
    "what it plays would become history here"
)

router = APIRouter(include_in_schema=False)


@router.get("/desktop")
def panel(request: Request, service: ServiceOf) -> HTMLResponse:
    """Show the panel; it holds nothing before a token, or a service without keys, lets it ask."""
    settings = service.settings
    page = render(
        "desktop.html",
        origins=settings.desktop_origins,
        open=not settings.auth,
        agent_id=request.query_params.get("agent", ""),
        contact_id=request.query_params.get("contact", ""),
    )
    page.headers["Content-Security-Policy"] = policy(settings, embedded=True)
    return page


@router.get("/desktop/day")
def day(request: Request, service: ServiceOf) -> HTMLResponse:
    """Play an agent's day; only where no real history could be spoilt."""
    if service.settings.auth:
        raise ProblemError(problem(404, NOT_HERE))
    access = signed_in(request, service)  # of an open service: everybody
    played = fullest_day(service.database)
    page = render("desktop_day.html", request=request, access=access, day=played)
    page.headers["Content-Security-Policy"] = policy(service.settings, embedded=False)
    return page


def policy(settings: Settings, *, embedded: bool) -> str:
    """Say what a page with our script may do, and who may embed it.

    Examples
    --------
    >>> policy(Settings(desktop_origins=("https://crm.example",)), embedded=True)[-37:]
    '; frame-ancestors https://crm.example'
    """
    ancestors = " ".join(settings.desktop_origins) if embedded else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors " + (ancestors or "'none'")
    )
