"""What people do about contacts of the list: forms of the pages, for one contact or for many."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from recontact_serving.follow_up import following_up, worklist
from recontact_serving.pages import done, snoozing
from recontact_serving.pages.addresses import inside
from recontact_serving.pages.list_rows import row_of
from recontact_serving.pages.rendering import render
from recontact_serving.pages.zones import zone_of
from recontact_serving.people.access import Access
from recontact_serving.people.forms import checked_form
from recontact_serving.people.security import page
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import micros, now
from recontact_serving.web.problems import ProblemError

Action = Literal["claim", "release", "assign", "snooze", "resolve", "note", "undo"]
Text = Annotated[str, Field(max_length=2000)]
MOST = 200  # contacts of one form
TOLD = frozenset({409, 422})  # told where the form was; others are pages of their own


class WorkForm(BaseModel):
    """What the forms send; each action takes its own."""

    token: Text = ""
    next: Text = "/"
    when: Text = ""  # the choice of until when to snooze
    until: Text = ""
    outcome: Text = ""
    reason: Text = ""
    text: Text = ""
    to: Text = ""

    def details(self, action: str, request: Request, present: dt.datetime) -> dict[str, Any]:
        """Give what an action needs to know."""
        if action == "snooze":
            zone = zone_of(request.cookies)
            return {"until": snoozing.until(self.when, self.until, zone, present)}
        named = {"resolve": "outcome", "disagree": "reason", "note": "text", "assign": "to"}
        return {named[action]: getattr(self, named[action]).strip()} if action in named else {}


class ManyForm(WorkForm):
    """The same for all contacts that were chosen."""

    action: Action
    contact_id: list[Text] = Field(default=[], max_length=MOST)


Worker = Annotated[Access, Depends(page("follow_up"))]
Assigner = Annotated[Access, Depends(page("assign"))]
Disputer = Annotated[Access, Depends(page("dispute"))]
Sent = Annotated[WorkForm, Form()]

router = APIRouter(include_in_schema=False)


@router.post("/work")
def work_on_many(
    request: Request, service: ServiceOf, access: Worker, form: Annotated[ManyForm, Form()]
) -> Response:
    """Do the same about all contacts that were chosen, and lead back."""
    told = _act(service, request, access, form, form.action, list(dict.fromkeys(form.contact_id)))
    return _back(request, form, told)


@router.post("/contacts/{contact_id:path}/disagree")
def dispute(
    contact_id: str, request: Request, service: ServiceOf, access: Disputer, form: Sent
) -> Response:
    """Say that a flag is wrong."""
    return _one(service, request, access, form, "disagree", contact_id)


@router.post("/contacts/{contact_id:path}/undo")
def undo(
    contact_id: str, request: Request, service: ServiceOf, access: Disputer, form: Sent
) -> Response:
    """Take back the last thing done; agents, what they said of a flag."""
    return _one(service, request, access, form, "undo", contact_id)


@router.post("/contacts/{contact_id:path}/assign")
def assign(
    contact_id: str, request: Request, service: ServiceOf, access: Assigner, form: Sent
) -> Response:
    """Give a contact to somebody."""
    return _one(service, request, access, form, "assign", contact_id)


@router.post("/contacts/{contact_id:path}/{action}")
def work(
    contact_id: str,
    action: Action,
    request: Request,
    service: ServiceOf,
    access: Worker,
    form: Sent,
) -> Response:
    """Do something about one contact."""
    return _one(service, request, access, form, action, contact_id)


def _one(
    service: Service, request: Request, access: Access, form: WorkForm, action: str, contact_id: str
) -> Response:
    """Act, then show the contact as it is now: in place for htmx, else by the page before."""
    told = _act(service, request, access, form, action, [contact_id])
    if "hx-request" not in request.headers:
        return _back(request, form, told)
    with service.database.read() as db:
        item = worklist.one(db, contact_id, access)
        message = done.message(db, told, access.name)
    row = item and row_of(item, access, zone_of(request.cookies), now())
    return render(
        "acted.html", request=request, access=access, row=row, message=message, next=form.next
    )


def _act(
    service: Service,
    request: Request,
    access: Access,
    form: WorkForm,
    action: str,
    contact_ids: Sequence[str],
) -> done.Done:
    """Act on contacts one by one, all at one instant, by which the page finds what was done.

    Each is done by itself: of many, those that somebody else has are left, and told.
    """
    checked_form(request, form.token)
    at = now()
    refused = []
    for contact_id in contact_ids:
        try:
            details = form.details(action, request, at)
            with service.database.write() as db:
                following_up.act(db, contact_id, action, details, access, at)
        except ProblemError as error:
            if len(contact_ids) == 1 and error.document["status"] not in TOLD:
                raise
            refused.append(done.Refused(contact_id, _why(error)))
    return done.of(micros(at), refused)


def _why(error: ProblemError) -> str:
    """Give what was wrong in words alone: on a page one sees which field it was."""
    wrong = error.document.get("errors")
    return str(wrong[0]["detail"] if wrong else error.document["detail"])


def _back(request: Request, form: WorkForm, told: done.Done) -> Response:
    response = RedirectResponse(inside(form.next), 303)
    done.tell(request, response, told)
    return response


assert set(get_args(Action)) | {"disagree"} == set(done.WORDS)  # noqa: S101 - each has its words
