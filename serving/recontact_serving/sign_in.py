"""People sign in and out: a form, a session, and nothing that another site could make happen."""

import secrets
from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from recontact_serving import accounts, sessions
from recontact_serving.forms import (
    FORM_COOKIE,
    SESSION_COOKIE,
    check_form,
    checked_form,
    cookie,
    delete_cookie,
    form_token,
    set_cookie,
    token_of,
)
from recontact_serving.rendering import render
from recontact_serving.roles import home
from recontact_serving.security import Refused, SignInNeeded
from recontact_serving.service import Service, ServiceOf

FORM_S = 3600
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
    values = {"access": access, "token": token_of(request), "home": home(access.scopes)}
    return render("refused.html", 403, request=request, **values)


@router.get("/sign-in")
def show_form(request: Request, next: str = "/") -> HTMLResponse:  # noqa: A002 - the query's name
    """Show the form."""
    return _form(request, next)


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
    check_form(request, cookie(request, FORM_COOKIE), token)
    with service.database.read() as db:
        right = accounts.check_password(db, name, password)
    if not right:
        return _form(request, next, WRONG, name, 401)
    with service.database.write() as db:
        accounts.renew(db, name, password)
    return begin(request, service, name, next)


def begin(request: Request, service: Service, name: str, next_page: str) -> Response:
    """Begin a session, in place of the one that this browser has, and lead on."""
    with service.database.write() as db:
        sessions.end(db, cookie(request, SESSION_COOKIE))
        session = sessions.begin(db, name, service.settings.session_idle)
    log.info("signed in", user=name)
    response = RedirectResponse(_inside(next_page), 303)
    age_s = int(sessions.LONGEST.total_seconds())
    set_cookie(request, response, SESSION_COOKIE, session, age_s)
    delete_cookie(request, response, FORM_COOKIE)
    return response


@router.post("/sign-out")
def sign_out(
    request: Request, service: ServiceOf, token: Annotated[str, Form(max_length=200)]
) -> Response:
    """End the session."""
    checked_form(request, token)
    with service.database.write() as db:
        sessions.end(db, cookie(request, SESSION_COOKIE))
    response = RedirectResponse("/sign-in", 303)
    delete_cookie(request, response, SESSION_COOKIE)
    return response


def _form(
    request: Request, next_page: str, error: str = "", name: str = "", status: int = 200
) -> HTMLResponse:
    secret = cookie(request, FORM_COOKIE) or secrets.token_urlsafe(32)
    values = {"token": form_token(secret), "next": _inside(next_page), "error": error, "name": name}
    response = render("sign_in.html", status, **values)
    set_cookie(request, response, FORM_COOKIE, secret, FORM_S)
    return response


def _inside(address: str) -> str:
    """Keep to our own pages: an address of elsewhere leads to the first page.

    Examples
    --------
    >>> _inside("/?team=a"), _inside("//evil.example"), _inside("https://evil.example")
    ('/?team=a', '/', '/')
    """
    own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if own and address.isprintable() else "/"
