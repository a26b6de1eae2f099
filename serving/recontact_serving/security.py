"""Who may ask for what: keys for machines, sessions for people, and the headers of every page."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from recontact.errors import UserError
from recontact_serving import accounts
from recontact_serving.database import Database
from recontact_serving.gate import Access
from recontact_serving.keys import Scope
from recontact_serving.problems import SEND_JSON, ProblemError, is_json, problem
from recontact_serving.service import Service, ServiceOf, service_of
from recontact_serving.settings import Settings

SESSION_COOKIE = "recontact_session"
FORM_COOKIE = "recontact_form"  # ties the sign-in form to the browser that was given it
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

bearer = HTTPBearer(auto_error=False, description="an API key, made with `recontact keys add`")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def check_settings(settings: Settings, database: Database | None) -> None:
    """Refuse to start a service that would be open to strangers or closed to everyone.

    A database that is None is still to be made: nobody is in it.

    Raises
    ------
    UserError
        Keys are switched off where others could reach the service, or there is none.
    """
    if not settings.auth:
        if not settings.on_loopback:
            raise UserError(
                f"RECONTACT_AUTH=off is for this machine alone, not for host {settings.host}",
                mend="take RECONTACT_AUTH away, or listen on 127.0.0.1",
            )
        return
    if database is not None:
        with database.read() as db:
            if not accounts.nobody_may_enter(db):
                return
    raise UserError(
        "nobody could use the service: there is neither a key nor a user",
        mend="make one with `recontact keys add NAME` or `recontact users add NAME` "
        "(to try it out on this machine alone, set RECONTACT_AUTH=off)",
    )


class SignInNeeded(Exception):  # noqa: N818 - not an error: the browser is led to the form
    """The page needs a session."""

    def __init__(self, request: Request) -> None:
        query = f"?{request.url.query}" if request.url.query else ""
        self.location = f"/sign-in?next={quote(request.url.path + query)}"


Check = Callable[..., Awaitable[Access]]


@cache
def machine(scope: Scope) -> Check:
    """Give the dependency that lets requests in with a key for a scope; it tells what they may."""

    async def check(request: Request, service: ServiceOf, _: Bearer) -> Access:
        admitted = getattr(request.state, "access", None)
        return admitted or service.gate.admit(request.headers.get("authorization"), scope)

    return check


@cache
def key_first(scope: Scope) -> type[APIRoute]:
    """Give the class of routes that look at the key before they read the body.

    So nobody without a key makes the service read, let alone parse, megabytes. What is not JSON
    is not read either.
    """

    class KeyFirst(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def admitted(request: Request) -> Response:
                gate = (await service_of(request)).gate
                request.state.access = gate.admit(request.headers.get("authorization"), scope)
                if request.method in {"POST", "PUT"} and not is_json(request):
                    raise ProblemError(problem(415, SEND_JSON))
                return await answer(request)

            return admitted

    return KeyFirst


@cache
def machine_or_person(scope: Scope) -> Check:
    """Give the dependency that lets requests in with such a key, or of a session."""

    async def check(request: Request, service: ServiceOf, _: Bearer) -> Access:
        if SESSION_COOKIE in request.cookies:
            user = await run_in_threadpool(signed_in, request, service)
            if user is not None:
                return Access(user, frozenset({scope}))
        return service.gate.admit(request.headers.get("authorization"), scope)

    return check


def person(request: Request, service: ServiceOf) -> str:
    """Let people in who have signed in; return the name."""
    user = signed_in(request, service)
    if user is not None:
        return user
    if not service.settings.auth:
        return ""
    raise SignInNeeded(request)


Person = Annotated[str, Depends(person)]


def signed_in(request: Request, service: Service) -> str | None:
    """Return who is signed in, None for nobody."""
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        return None
    with service.database.read() as db:
        return accounts.session_user(db, token)


def form_token(secret: str) -> str:
    """Derive what a form must carry from the cookie that only its browser has.

    Examples
    --------
    >>> form_token("a") == form_token("b")
    False
    """
    return hashlib.sha256(f"recontact form {secret}".encode()).hexdigest()


def check_form(secret: str | None, token: str) -> None:
    """Refuse a form that another site made the browser send."""
    if not secret or not secrets.compare_digest(form_token(secret).encode(), token.encode()):
        raise ProblemError(problem(403, "the form is out of date; load the page again and resend"))


def set_cookie(request: Request, response: Response, name: str, value: str, age_s: int) -> None:
    """Set a cookie that scripts can't read and other sites can't send along."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        name, value, max_age=age_s, httponly=True, samesite="lax", secure=secure, path="/"
    )
