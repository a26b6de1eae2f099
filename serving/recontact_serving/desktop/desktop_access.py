"""Who may look at which call: a key of scope `score`, or a token of one agent or one call."""

import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select

from recontact_serving.desktop.calls import Call
from recontact_serving.desktop.desktop_tokens import PREFIX, Grant, read, secret_of
from recontact_serving.people.access import Access
from recontact_serving.people.keys import Scope
from recontact_serving.people.security import Bearer, machine
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.tables import keys
from recontact_serving.web.problems import ProblemError, problem

SCOPE: Scope = "score"
OVER = "the token is over or not known; make a new one with POST /v1/desktop-tokens"
NOT_YOURS = "this token is not for this call"
INSTEAD = "in a key's place: a token of `POST /v1/desktop-tokens`, for one agent or one call"

desktop_token = HTTPBearer(scheme_name="DesktopToken", auto_error=False, description=INSTEAD)
OrToken = Annotated[HTTPAuthorizationCredentials | None, Depends(desktop_token)]


@dataclass(frozen=True)
class Caller:
    """Whoever asks about calls.

    Attributes
    ----------
    access : Access
        Of which programs and teams.
    grant : Grant or None
        What a token allows; None for a key.
    """

    access: Access
    grant: Grant | None = None

    @property
    def until(self) -> float | None:
        """When the caller's token is over; None for a key."""
        return None if self.grant is None else self.grant.expires_at

    def may_see(self, call: Call) -> bool:
        """Tell whether a call is one of the caller's."""
        return self.access.allows(call.program, call.team) and self._is_own(call)

    def check_call(self, call: Call) -> None:
        """Refuse a call of others."""
        self.access.check(call.program, call.team)
        if not self._is_own(call):
            raise _refused()

    def check_contact(self, contact_id: str) -> None:
        """Refuse another call than that of a token, whether or not there is such a call."""
        if self.grant and self.grant.contact_id not in {None, contact_id}:
            raise _refused()

    def check_agent(self, agent_id: str) -> None:
        """Refuse to follow another agent than that of a token."""
        if self.grant and self.grant.agent_id != agent_id:
            raise _refused()

    def _is_own(self, call: Call) -> bool:
        grant = self.grant
        if grant is None or grant.contact_id == call.document["contact_id"]:
            return True
        return grant.agent_id in call.agents


class CallerNeeded:
    """Lets in who carries a key for scores, or a token of a desktop."""

    scope: Scope = SCOPE

    def __call__(self, request: Request, service: ServiceOf, _: Bearer, __: OrToken) -> Caller:
        """Give who asks."""
        header = request.headers.get("authorization")
        token = (header or "").partition(" ")[2].strip()
        if service.settings.auth and token.startswith(PREFIX):
            return _of_token(service, token)
        return Caller(service.gate.admit(header, self.scope))


CallerOf = Annotated[Caller, Depends(CallerNeeded())]
KeyHolder = Annotated[Access, Depends(machine(SCOPE))]  # a token is none


def _of_token(service: Service, token: str) -> Caller:
    """Read a token; it ends with its time, or when no key of its name is in force any more."""
    grant = read(token, secret_of(service.database), time.time())
    if grant is None or not _in_force(service, grant.key):
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise ProblemError(problem(401, OVER), challenge)
    programs, teams = (None if p is None else frozenset(p) for p in (grant.programs, grant.teams))
    return Caller(Access(grant.key, frozenset({SCOPE}), programs, teams), grant)


def _in_force(service: Service, name: str) -> bool:
    asked = select(keys.c.name).where(keys.c.name == name, keys.c.revoked_at.is_(None))
    with service.database.read() as db:
        return db.execute(asked.limit(1)).first() is not None


def _refused() -> ProblemError:
    return ProblemError(problem(403, NOT_YOURS))
