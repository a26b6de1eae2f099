"""`/sign-in/oidc` leads to the identity provider, `/sign-in/callback` is where it leads back."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from recontact.errors import UserError
from recontact_serving.pages.addresses import inside
from recontact_serving.people import elsewhere
from recontact_serving.people.forms import cookie, delete_cookie, set_cookie
from recontact_serving.people.oidc import BAD, OVER, Begun, Provider, SignInError
from recontact_serving.people.oidc_settings import Mapped
from recontact_serving.people.sign_in import address_of, begin, show
from recontact_serving.service import Service, ServiceOf

COOKIE = "recontact_oidc"  # the secret of one sign-in, and where it leads
COOKIE_S = 600
LONGEST_NAME = 100
NO_ROLE = (
    "You are known, but none of your groups has a role here. Whoever runs this service can "
    "give one of them a role."
)
REFUSED = "The identity provider did not let you in ({})."


def router_of(provider: Provider) -> APIRouter:
    """Give the routes of sign-in by a provider."""
    router = APIRouter(prefix="/sign-in", include_in_schema=False)

    @router.get("/oidc")
    def lead_away(request: Request, next: str = "/") -> Response:  # noqa: A002 - the query's name
        """Lead to the provider."""
        begun = Begun.new()
        try:
            response = RedirectResponse(provider.address(begun), 303)
        except SignInError as error:
            return _refused(request, error, 503)
        kept = urlsafe_b64encode(inside(next).encode()).decode()
        set_cookie(request, response, COOKIE, f"{begun.secret}.{kept}", COOKIE_S)
        return response

    @router.get("/callback")
    def come_back(request: Request, service: ServiceOf) -> Response:
        """Begin a session for whom the provider names."""
        begun, next_page = _kept(request)
        try:
            claims = _claims(request, provider, begun)
            name = _known(service, claims, provider.settings.mapped)
        except SignInError as error:
            response: Response = _refused(request, error, 403)
        else:
            response = begin(request, service, name, next_page, OVER)
        delete_cookie(request, response, COOKIE)
        return response

    return router


def _claims(request: Request, provider: Provider, begun: Begun) -> Mapping[str, Any]:
    """Check what the browser brings back, then ask the provider."""
    query = request.query_params
    if not begun.secret or not _same(query.get("state", ""), begun.state):
        raise SignInError(OVER, "the state is of no sign-in of this browser")
    if "error" in query:
        kind = "".join(c for c in query["error"] if c.isalnum() or c == "_")[:50]
        raise SignInError(REFUSED.format(kind), f"the provider says {kind}")
    if query.get("iss", provider.settings.issuer) != provider.settings.issuer:
        raise SignInError(BAD, "the answer is of another issuer")
    return provider.claims(begun, query.get("code", ""))


def _known(service: Service, claims: Mapping[str, Any], mapped: Mapped) -> str:
    """Keep what the provider says of a person; return the name."""
    subject = f"{claims['iss']} {claims['sub']}"
    grant = mapped.grant(claims)
    try:
        with service.database.write() as db:
            if grant is None:
                elsewhere.shut_out(db, subject)
            else:
                agent_id = str(claims.get(mapped.agent_id) or "") if mapped.agent_id else ""
                rights = (grant.role, grant.programs, grant.teams, agent_id or None)
                return elsewhere.known(db, subject, _name(claims, mapped), *rights)
    except UserError as error:
        raise SignInError(f"{error.what[0].upper()}{error.what[1:]}.", error.what) from error
    raise SignInError(NO_ROLE, "none of the groups has a role")


def _name(claims: Mapping[str, Any], mapped: Mapped) -> str:
    """Name a person by the claim for it, else by e-mail address, else by the subject."""
    names = (claims.get(claim) for claim in (mapped.name, "email", "sub"))
    return next(str(name) for name in names if name)[:LONGEST_NAME]


def _kept(request: Request) -> tuple[Begun, str]:
    """Read what was kept when the sign-in began."""
    secret, _, after = cookie(request, COOKIE).partition(".")
    try:
        return Begun(secret), inside(urlsafe_b64decode(after).decode())
    except ValueError:
        return Begun(""), "/"


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def _refused(request: Request, error: SignInError, status: int) -> Response:
    structlog.get_logger().warning("sign-in failed", why=error.why, address=address_of(request))
    return show(request, "/", error.said, status=status)
