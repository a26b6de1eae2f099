"""`/password`: people change their own password."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response

from recontact.errors import UserError
from recontact_serving.pages.rendering import render
from recontact_serving.people import accounts, attempts, passwords, sessions
from recontact_serving.people.access import Access
from recontact_serving.people.forms import checked_form
from recontact_serving.people.security import page
from recontact_serving.people.sign_in import TOO_OFTEN, address_of, begin
from recontact_serving.service import Service, ServiceOf

WRONG = "That is not your password of now."
DIFFERENT = "The new password and its repetition differ."
NOBODY = "The service asks nobody for a password (RECONTACT_AUTH=off)."
ELSEWHERE = "You sign in elsewhere; your password is changed there."

Own = Annotated[Access, Depends(page("account"))]
Password = Annotated[str, Form(max_length=1000)]

log = structlog.get_logger()
router = APIRouter(include_in_schema=False)


@router.get("/password")
def show_form(request: Request, service: ServiceOf, access: Own) -> HTMLResponse:
    """Show the form."""
    return _form(request, service, access, _hindrance(service, access))


@router.post("/password")
def change(
    request: Request,
    service: ServiceOf,
    access: Own,
    token: Annotated[str, Form(max_length=200)],
    password: Password,
    new: Password,
    again: Password,
) -> Response:
    """Change the password; all sessions end but this one, which begins anew."""
    checked_form(request, token)
    error, status = _changed(request, service, access, password, new, again)
    if error:
        return _form(request, service, access, error, status)
    log.info("password changed", user=access.name)
    return begin(request, service, access.name, "/password?changed=1")


def _changed(
    request: Request, service: Service, access: Access, password: str, new: str, again: str
) -> tuple[str, int]:
    """Change the password; return what is against it, and its status."""
    hindrance, address = _hindrance(service, access), address_of(request)
    if hindrance or new != again:
        return hindrance or DIFFERENT, 422
    with service.database.write() as db:
        wait = attempts.begin(db, access.name, address)
    if wait:
        return TOO_OFTEN.format(wait), 429
    with service.database.read() as db:
        right = accounts.check_password(db, access.name, password)
    if not right:
        log.warning("password not changed", user=access.name, address=address)
        return WRONG, 403
    try:
        with service.database.write() as db:
            attempts.forget(db, access.name, address)
            accounts.set_password(db, access.name, new)
    except UserError as error:
        return f"{str(error.what).capitalize()}: {error.mend}.", 422
    return "", 303


def _hindrance(service: Service, access: Access) -> str:
    """Say why there is no password to change; empty where there is."""
    if not access.role:
        return NOBODY
    with service.database.read() as db:
        return "" if accounts.find_user(db, access.name).local else ELSEWHERE


def _form(
    request: Request, service: Service, access: Access, error: str, status: int = 200
) -> HTMLResponse:
    changed = "changed" in request.query_params and not error
    with service.database.read() as db:
        open_now = sessions.counts(db, service.settings.session_idle).get(access.name, 0)
    values = {"error": error, "changed": changed, "open_now": open_now}
    values["shortest"] = passwords.SHORTEST
    return render("password.html", status, request=request, access=access, **values)
