"""`POST /v1/contacts`: finished or corrected contacts, into the history."""

import math
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from sqlalchemy import Connection, select

from recontact_serving.people.gate import Access
from recontact_serving.people.security import key_first, machine
from recontact_serving.scoring import history, timing
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import now
from recontact_serving.storage.tables import versions
from recontact_serving.web.problems import ProblemError, documented, invalid_item, problem
from recontact_serving.web.schemas import Contact, Contacts, Taken, name_of

A_REQUEST = 1000  # so many contacts count as one request towards how often a key may ask
AT_ONCE = 500  # contacts kept in one transaction: scores wait no longer than for these
EXAMPLE = {
    "contact_id": "c-1001",
    "customer_id": "u-17",
    "started_at": "2026-03-01T09:30:00Z",
    "ended_at": "2026-03-01T09:38:20Z",
    "queue": "billing",
    "agent_id": "a-7",
    "reason": "billing > dispute",
    "escalated": False,
}

ERRORS = documented(400, 401, 403, 413, 415, 422, 429, 500, 503)
FOREIGN = "this contact_id is of a program that the key is not for"

Sender = Annotated[Access, Depends(machine("ingest"))]
Fields = dict[str, Any]

router = APIRouter(prefix="/v1", tags=["contacts"], route_class=key_first("ingest"))
log = structlog.get_logger()


@router.post("/contacts", response_model=Taken, responses=ERRORS)
def take_contacts(
    body: Annotated[Contacts, Body(examples=[{"contacts": [EXAMPLE]}])],
    service: ServiceOf,
    access: Sender,
) -> JSONResponse:
    """Take finished or corrected contacts into the history.

    Sending a contact again changes nothing. One without `known_at` gets the time of receipt.
    """
    access.charge(max(0, math.ceil(len(body.contacts) / A_REQUEST) - 1))
    good, rejected = _sorted_out(body.contacts, access)
    counts = _record(service, good, access, rejected)
    service.metrics.contacts(
        accepted=counts.accepted, unchanged=counts.unchanged, rejected=len(rejected)
    )
    in_turn = [rejected[index] for index in sorted(rejected)]
    return JSONResponse({**counts._asdict(), "rejected": in_turn})


def _sorted_out(items: list[Fields], access: Access) -> tuple[dict[int, Fields], dict[int, Fields]]:
    """Tell, by their place in the request, good contacts from those that are refused."""
    good, rejected = {}, {}
    for index, item in enumerate(items):
        try:
            contact = Contact.model_validate(item)
            access.check(contact.program, contact.team)
        except ValidationError as error:
            rejected[index] = _rejected(index, name_of(item), invalid_item(error))
        except ProblemError as error:
            rejected[index] = _rejected(index, contact.contact_id, error.document)
        else:
            good[index] = contact.columns()
    return good, rejected


def _record(
    service: Service, contacts: dict[int, Fields], access: Access, rejected: dict[int, Fields]
) -> history.Recorded:
    received, total = now(), history.Recorded(0, 0)
    order = list(contacts)
    early = sum(timing.ahead(one.get("known_at"), received) for one in contacts.values())
    if early:  # it says when it can be used, so it is taken; a clock may be wrong
        log.warning("contacts of which known_at lies ahead", contacts=early)
    for begin in range(0, len(order), AT_ONCE):
        places = order[begin : begin + AT_ONCE]
        with service.database.write() as db:
            others = foreign(db, [contacts[i]["contact_id"] for i in places], access)
            own = [i for i in places if contacts[i]["contact_id"] not in others]
            counts = history.record(db, [contacts[i] for i in own], received)
        for i in set(places) - set(own):
            rejected[i] = _rejected(i, contacts[i]["contact_id"], problem(403, FOREIGN))
        total = history.Recorded(
            total.accepted + counts.accepted, total.unchanged + counts.unchanged
        )
    return total


def foreign(db: Connection, contact_ids: list[str], access: Access) -> set[str]:
    """Find the contacts that another program knows under these names: they stay as they are."""
    if access.programs is None:
        return set()
    named = versions.c.contact_id.in_(contact_ids)
    others = versions.c.program.not_in(sorted(access.programs))
    return set(db.execute(select(versions.c.contact_id).where(named, others)).scalars())


def _rejected(index: int, contact_id: str | None, why: Fields) -> Fields:
    return {"index": index, "contact_id": contact_id, "problem": why}
