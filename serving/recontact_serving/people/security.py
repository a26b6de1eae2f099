"""Who may ask for what: keys for machines, sessions for people, and the headers of every page."""

from collections.abc import Callable, Coroutine
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote

import structlog
from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import SQLAlchemyError

from recontact.errors import UserError
from recontact_serving.people import accounts, keys, sessions
from recontact_serving.people.access import Access
from recontact_serving.people.forms import (
    HEADER,
    SAFE,
    SESSION_COOKIE,
    check_origin,
    checked_form,
    cookie,
)
from recontact_serving.people.gate import OPEN
from recontact_serving.people.roles import Scope, home
from recontact_serving.service import Service, ServiceOf, service_of
from recontact_serving.settings import Settings
from recontact_serving.storage.database import Database
from recontact_serving.web.problems import SEND_JSON, ProblemError, is_json, problem

OPEN_ROUTES = frozenset(  # whoever asks gets these; every other route has a scope
    {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-out"),
        ("GET", "/sign-in/oidc"),
        ("GET", "/sign-in/callback"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/openapi.json"),
        ("GET", "/desktop"),  # the panel holds nothing before a token lets it ask
        ("GET", "/desktop/day"),  # not there where keys are asked for
        ("GET", "/static"),
    }
)
BY_ITSELF = "X-Recontact-By-Itself"  # sent by what asks without anybody there
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

log = structlog.get_logger()

bearer = HTTPBearer(auto_error=False, description="an API key, made with `recontact keys add`")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
cookie_of_session = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="Session",
    auto_error=False,
    description=f"who has signed in on the pages; over https it is `__Host-{SESSION_COOKIE}`",
)
InSession = Annotated[str | None, Depends(cookie_of_session)]
FORM = {
    "type": "apiKey",
    "in": "header",
    "name": HEADER,
    "description": "the token that the forms of the session's pages carry",
}


def check_settings(settings: Settings, database: Database | None) -> None:
    """Refuse to start a service that would be open to strangers or closed to everyone.

    A database that is None is still to be made: nobody is in it.

    Raises
    ------
    UserError
        Keys are switched off where others could reach the service, or there is none; or what
        sign-in needs is not installed.
    """
    if settings.oidc is not None:
        from recontact_serving.people import oidc  # noqa: PLC0415 - few need it

        oidc.check_installed()
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


def describe(document: dict[str, Any]) -> None:
    """Say in an OpenAPI document that in a session, what changes something needs a form's token."""
    document["components"]["securitySchemes"]["Form"] = FORM
    for ways in document["paths"].values():
        for method, operation in ways.items():
            for one in operation.get("security", ()):
                if "Session" in one and method.upper() not in SAFE:
                    one["Form"] = []


class SignInNeeded(Exception):  # noqa: N818 - not an error: the browser is led to the form
    """The page needs a session, or is not where this person begins."""

    def __init__(self, request: Request, location: str = "") -> None:
        query = f"?{request.url.query}" if request.url.query else ""
        back = request.url.path + query if request.method in SAFE else "/"
        self.location = location or f"/sign-in?next={quote(back)}"


class Refused(Exception):  # noqa: N818 - an answer as good as any
    """A person may not see or do this; `need` is the scope that is lacking."""

    def __init__(self, access: Access, need: str) -> None:
        self.access = access
        self.need = need


class Machine:
    """Lets requests in with a key for a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    async def __call__(self, request: Request, service: ServiceOf, _: Bearer) -> Access:
        """Give what the key may do."""
        admitted = getattr(request.state, "access", None)
        return admitted or service.gate.admit(request.headers.get("authorization"), self.scope)


class MachineOrPerson:
    """Lets requests in with a key for a scope, or in a session of somebody who has it.

    What changes something needs, in a session, the token of its forms in a header. Keys, which
    have fewer scopes than people, may need another one.
    """

    def __init__(self, scope: Scope, of_key: keys.Scope | None = None) -> None:
        self.scope = scope
        self.of_key = of_key or scope

    async def __call__(
        self, request: Request, service: ServiceOf, _: Bearer, __: InSession
    ) -> Access:
        """Give what the key or the person may do."""
        header = request.headers.get("authorization")
        by_key = (header or "").lower().startswith("bearer")  # a proxy may ask for another kind
        if not by_key and cookie(request, SESSION_COOKIE):
            access = await run_in_threadpool(signed_in, request, service)
            if access is not None:
                self._check(request, service, access)
                return access
        if not service.settings.auth and request.method not in SAFE:
            check_origin(request)
        return service.gate.admit(header, self.of_key)

    def _check(self, request: Request, service: Service, access: Access) -> None:
        if not access.may(self.scope):
            service.metrics.refused("scope")
            log.warning("refused", user=access.name, need=self.scope)
            detail = f"your role, {access.role}, is not for `{self.scope}`"
            raise ProblemError(problem(403, detail))
        if request.method not in SAFE:
            checked_form(request, request.headers.get(HEADER))


class Page:
    """Lets people in who have signed in and whose role has a scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __call__(self, request: Request, service: ServiceOf) -> Access:
        """Give what the person may do; without a session, lead to the form."""
        access = signed_in(request, service)
        if access is None:
            raise SignInNeeded(request)
        if not access.may(self.scope):
            if request.url.path == "/" and request.method in SAFE:
                raise SignInNeeded(request, home(access.scopes))
            service.metrics.refused("scope")
            log.warning("refused", user=access.name, need=self.scope)
            raise Refused(access, self.scope)
        return access


@cache
def machine(scope: keys.Scope) -> Machine:
    """Give the dependency that lets requests in with a key for a scope."""
    return Machine(scope)


@cache
def machine_or_person(scope: Scope, of_key: keys.Scope | None = None) -> MachineOrPerson:
    """Give the dependency that lets requests in with such a key, or in a session."""
    return MachineOrPerson(scope, of_key)


@cache
def page(scope: Scope) -> Page:
    """Give the dependency of pages: who has signed in, and may do this."""
    return Page(scope)


@cache
def key_first(scope: keys.Scope) -> type[APIRoute]:
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


def signed_in(request: Request, service: Service) -> Access | None:
    """Return who is signed in, None for nobody; without keys, everybody may do everything."""
    if not service.settings.auth:
        return OPEN
    token = cookie(request, SESSION_COOKIE)
    if not token:
        return None
    with service.database.read() as db:
        found = sessions.find(db, token, service.settings.session_idle)
    if found is not None and found.stale and BY_ITSELF not in request.headers:
        _keep_up(service, token)
    return None if found is None else found.access


def _keep_up(service: Service, token: str) -> None:
    """Note that a session is in use; a database that is busy keeps nobody from a page."""
    try:
        with service.database.write() as db:
            sessions.keep_up(db, token)
    except SQLAlchemyError as error:
        log.warning("the use of a session can't be written", error=type(error).__name__)
