"""People sign in and out: a form, a session, and nothing that another site could make happen."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from recontact_serving import accounts
from recontact_serving.rendering import render
from recontact_serving.security import (
    FORM_COOKIE,
    SESSION_COOKIE,
    SignInNeeded,
    check_form,
    form_token,
    set_cookie,
)
from recontact_serving.service import ServiceOf

FORM_S = 3600
WRONG = "That name and password do not belong together."

router = APIRouter(include_in_schema=False)


async def lead_there(_: Request, error: Exception) -> Response:
    """Send a browser without a session to the form."""
    assert isinstance(error, SignInNeeded)  # noqa: S101 - the handler's registration says so
    return RedirectResponse(error.location, 303)


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
    check_form(request.cookies.get(FORM_COOKIE), token)
    with service.database.read() as db:
        right = accounts.check_password(db, name, password)
    if not right:
        return _form(request, next, WRONG, name, 401)
    with service.database.write() as db:
        session = accounts.begin_session(db, name)
    response = RedirectResponse(_inside(next), 303)
    set_cookie(request, response, SESSION_COOKIE, session, int(accounts.SESSION.total_seconds()))
    response.delete_cookie(FORM_COOKIE)
    return response


@router.post("/sign-out")
def sign_out(
    request: Request, service: ServiceOf, token: Annotated[str, Form(max_length=200)]
) -> Response:
    """End the session."""
    session = request.cookies.get(SESSION_COOKIE)
    check_form(session, token)
    with service.database.write() as db:
        accounts.end_session(db, session or "")
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _form(
    request: Request, next_page: str, error: str = "", name: str = "", status: int = 200
) -> HTMLResponse:
    secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
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
