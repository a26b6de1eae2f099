"""People sign in and out: a form, a session, and nothing that another site could make happen."""

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import IntegrityError

from recontact_serving.pages.addresses import inside
from recontact_serving.pages.rendering import render
from recontact_serving.people import accounts, attempts, sessions
from recontact_serving.people.forms import (
    FORM_COOKIE,
    SESSION_COOKIE,
    check_form,
    checked_form,
    cookie,
    delete_cookie,
    form_token,
    set_cookie,
)
from recontact_serving.people.roles import home
from recontact_serving.people.security import Refused, SignInNeeded, signed_in
from recontact_serving.service import Service, ServiceOf

FORM_S = 3600
TOO_OFTEN = "Too many tries. Wait {} seconds, then try again."
WRONG = "That name and password do not belong together."

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


async def lead_there(_: Request, error: Exception) -> Response:
    """Send a browser without a session to the form."""
    assert isinstance(error, SignInNeeded)  # noqa: S101 - the handler's registration says so
    return RedirectResponse(error.location, 303)


async def show_refusal(request: Request, error: Exception) -> Response:
    """Say in words that this page is not for somebody of this role."""
    assert isinstance(error, Refused)  # noqa: S101 - the handler's registration says so
    access = error.access
    start = home(access.scopes)
    return render("refused.html", 403, request=request, access=access, home=start)


@router.get("/sign-in")
def show_form(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002 - the query's name
    """Show the form."""
    return show(request, next)


@router.post("/sign-in")
def sign_in(
    request: Request,
    service: ServiceOf,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1000)],
    token: Annotated[str, Form(max_length=200)],
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - the form's name
) -> Response:
    """Begin a session, or show the form again."""
    # of a browser that was given no form nobody can know the token
    secret = cookie(request, FORM_COOKIE) or secrets.token_urlsafe(32)
    check_form(request, secret, token)
    wait = _try(service, name, address_of(request))
    if wait:
        return show(request, next, TOO_OFTEN.format(wait), name, 429, {"Retry-After": str(wait)})
    if not _is_right(request, service, name, password):
        return show(request, next, WRONG, name, 401)
    return begin(request, service, name, next)


def _try(service: Service, name: str, address: str) -> int:
    """Count a try; return the seconds to wait for one."""
    with service.database.write() as db:
        wait = attempts.begin(db, name, address)
    if wait:
        log.warning("sign-in held up", user=_known(service, name), address=address, wait_s=wait)
    return wait


def _is_right(request: Request, service: Service, name: str, password: str) -> bool:
    with service.database.read() as db:
        right = accounts.check_password(db, name, password)
    if not right:
        known = _known(service, name)
        log.warning("sign-in failed", user=known, address=address_of(request))
        return False
    with service.database.write() as db:
        attempts.forget(db, name, address_of(request))
        accounts.renew(db, name, password)
    return True


def _known(service: Service, name: str) -> str | None:
    """Give a name to be logged; what nobody is called may be a password in the wrong field."""
    with service.database.read() as db:
        return name if accounts.is_there(db, name) else None


def address_of(request: Request) -> str:
    """Give where a request came from, as the proxy says that is believed."""
    return request.client.host if request.client else ""


def begin(
    request: Request, service: Service, name: str, next_page: str, gone: str = WRONG
) -> Response:
    """Begin a session, in place of the one that this browser has, and lead on.

    Who was removed in this instant is told `gone`, as somebody whom nobody ever knew.
    """
    try:
        with service.database.write() as db:
            sessions.end(db, cookie(request, SESSION_COOKIE))
            session = sessions.begin(db, name, service.settings.session_idle)
    except IntegrityError:  # a session is somebody's
        log.warning("sign-in failed", user=None, address=address_of(request))
        return show(request, next_page, gone, name, 401)
    log.info("signed in", user=name, address=address_of(request))
    response = RedirectResponse(inside(next_page), 303)
    age_s = int(sessions.LONGEST.total_seconds())
    set_cookie(request, response, SESSION_COOKIE, session, age_s)
    delete_cookie(request, response, FORM_COOKIE)
    return response


@router.post("/sign-out")
def sign_out(
    request: Request,
    service: ServiceOf,
    token: Annotated[str, Form(max_length=200)],
    everywhere: Annotated[bool, Form()] = False,
) -> Response:
    """End the session, or all sessions of this person."""
    checked_form(request, token)
    access = signed_in(request, service)
    with service.database.write() as db:
        if everywhere and access is not None:
            accounts.end_sessions(db, access.name)
        sessions.end(db, cookie(request, SESSION_COOKIE))
    log.info("signed out", user=access.name if access else None)
    response = RedirectResponse("/sign-in", 303)
    delete_cookie(request, response, SESSION_COOKIE)
    return response


def show(
    request: Request,
    next_page: str,
    error: str = "",
    name: str = "",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Show the form to sign in."""
    secret = cookie(request, FORM_COOKIE) or secrets.token_urlsafe(32)
    values: dict[str, Any] = {"token": form_token(secret), "next": inside(next_page)}
    values |= {"error": error, "name": name}
    values["elsewhere"] = request.app.state.service.settings.oidc is not None
    response = render("sign_in.html", status, request=request, **values)
    response.headers.update(headers or {})
    set_cookie(request, response, FORM_COOKIE, secret, FORM_S)
    return response
