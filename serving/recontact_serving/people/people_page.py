"""`/people`: who may sign in, as what and for what; for admins."""

from collections.abc import Callable
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from recontact.errors import UserError
from recontact_serving.pages.rendering import render
from recontact_serving.people import accounts, passwords, sessions
from recontact_serving.people.access import Access
from recontact_serving.people.accounts import Person
from recontact_serving.people.forms import checked_form
from recontact_serving.people.roles import ROLES
from recontact_serving.people.security import page
from recontact_serving.service import Service, ServiceOf
from recontact_serving.web.problems import ProblemError, problem

WORDS = {
    "agent": "sees the own contacts, and may say that a flag is wrong",
    "lead": "works the list, gives contacts to others, sees FCR",
    "manager": "what a lead does, and sees whether it works",
    "analyst": "sees list, FCR and proof; changes nothing",
    "admin": "everything, and people",
}
assert set(WORDS) == set(ROLES)  # noqa: S101 - each role is told
YOURSELF = "You can't remove yourself; another admin can."

Admin = Annotated[Access, Depends(page("people"))]
Name = Annotated[str, Form(max_length=200)]
Token = Annotated[str, Form(max_length=200)]
Lines = Annotated[str, Form(max_length=20_000)]
Password = Annotated[str, Form(max_length=1000)]

log = structlog.get_logger()
router = APIRouter(prefix="/people", include_in_schema=False)


class Rights:
    """What the form says that a person may do."""

    def __init__(
        self,
        role: Annotated[str, Form(max_length=20)],
        programs: Lines = "",
        teams: Lines = "",
        agent_id: Annotated[str, Form(max_length=200)] = "",
    ) -> None:
        self.role = role
        self.programs = _lines(programs)
        self.teams = _lines(teams)
        self.agent_id = agent_id.strip() or None


RightsOf = Annotated[Rights, Depends()]


@router.get("")
def show_people(request: Request, service: ServiceOf, access: Admin) -> HTMLResponse:
    """List the people, with a form to add one."""
    return _people(request, service, access)


@router.get("/change")
def show_person(request: Request, service: ServiceOf, access: Admin, name: str) -> HTMLResponse:
    """Show one person, with forms to change what there is to change."""
    return _person(request, service, access, name)


@router.post("/add")
def add(
    request: Request,
    service: ServiceOf,
    access: Admin,
    token: Token,
    name: Name,
    password: Password,
    rights: RightsOf,
) -> Response:
    """Add a person."""
    checked_form(request, token)

    def do(db: Connection) -> None:
        accounts.add_user(
            db,
            name.strip(),
            password,
            rights.role,
            programs=rights.programs,
            teams=rights.teams,
            agent_id=rights.agent_id,
        )

    error = _done(service, access, "person added", name.strip(), do)
    again = {"name": name.strip(), **vars(rights)}
    return _people(request, service, access, error, again) if error else _to_people()


@router.post("/change")
def change(
    request: Request,
    service: ServiceOf,
    access: Admin,
    token: Token,
    name: Name,
    rights: RightsOf,
    password: Password = "",
) -> Response:
    """Change what a person may do, and the password where one is given."""
    checked_form(request, token)

    def do(db: Connection) -> None:
        accounts.set_rights(db, name, rights.role, rights.programs, rights.teams, rights.agent_id)
        if password:
            accounts.set_password(db, name, password)

    error = _done(service, access, "person changed", name, do)
    return _person(request, service, access, name, error) if error else _to_people()


@router.post("/remove")
def remove(
    request: Request, service: ServiceOf, access: Admin, token: Token, name: Name
) -> Response:
    """Remove a person; nobody removes themselves."""
    checked_form(request, token)

    def do(db: Connection) -> None:
        if name == access.name:
            raise UserError(YOURSELF)
        accounts.remove_user(db, name)

    error = _done(service, access, "person removed", name, do)
    return _person(request, service, access, name, error) if error else _to_people()


@router.post("/end-sessions")
def end_sessions(
    request: Request, service: ServiceOf, access: Admin, token: Token, name: Name
) -> Response:
    """Sign a person out everywhere."""
    checked_form(request, token)

    def do(db: Connection) -> None:
        accounts.end_sessions(db, name)

    _done(service, access, "sessions ended", name, do)
    return _to_people()


def _done(
    service: Service, access: Access, what: str, name: str, do: Callable[[Connection], None]
) -> str:
    """Do something about a person; return what is against it, empty for nothing."""
    try:
        with service.database.write() as db:
            do(db)
    except UserError as error:
        said = f"{error.what}: {error.mend}." if error.mend else error.what
        return said[0].upper() + said[1:]
    log.info(what, user=name, by=access.name)
    return ""


def _people(
    request: Request,
    service: Service,
    access: Access,
    error: str = "",
    again: dict[str, Any] | None = None,
) -> HTMLResponse:
    with service.database.read() as db:
        people = accounts.list_users(db)
        open_now = sessions.counts(db, service.settings.session_idle)
    shown = {"people": people, "open_now": open_now, "again": again, **_said(error)}
    return render("people.html", 422 if error else 200, request=request, access=access, **shown)


def _person(
    request: Request, service: Service, access: Access, name: str, error: str = ""
) -> HTMLResponse:
    with service.database.read() as db:
        person = _found(db, name)
        open_now = sessions.counts(db, service.settings.session_idle).get(name, 0)
    shown = {"person": person, "open_now": open_now, **_said(error)}
    return render("person.html", 422 if error else 200, request=request, access=access, **shown)


def _found(db: Connection, name: str) -> Person:
    try:
        return accounts.find_user(db, name)
    except UserError as error:
        raise ProblemError(problem(404, error.what)) from None


def _said(error: str) -> dict[str, Any]:
    return {"error": error, "roles": WORDS, "shortest": passwords.SHORTEST}


def _to_people() -> Response:
    return RedirectResponse("/people", 303)


def _lines(text: str) -> list[str] | None:
    r"""Read one name a line; none is no limit.

    Examples
    --------
    >>> _lines("acme\r\n\r\n north "), _lines(" ")
    (['acme', 'north'], None)
    """
    return [line.strip() for line in text.splitlines() if line.strip()] or None
