"""`POST /v1/contacts`: finished or corrected contacts, into the history."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from recontact_serving import history
from recontact_serving.clock import now
from recontact_serving.problems import documented, invalid_item
from recontact_serving.schemas import Contact, Contacts, Taken, name_of
from recontact_serving.security import machine
from recontact_serving.service import Service, ServiceOf

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

router = APIRouter(prefix="/v1", tags=["contacts"], dependencies=[Depends(machine)])


@router.post(
    "/contacts", response_model=Taken, responses=documented(400, 401, 403, 413, 415, 422, 500, 503)
)
def take_contacts(
    body: Annotated[Contacts, Body(examples=[{"contacts": [EXAMPLE]}])], service: ServiceOf
) -> JSONResponse:
    """Take finished or corrected contacts into the history.

    Sending a contact again changes nothing. One without `known_at` gets the time of receipt.
    """
    good, rejected = _sorted_out(body.contacts)
    counts = _record(service, good)
    service.metrics.contacts(
        accepted=counts.accepted, unchanged=counts.unchanged, rejected=len(rejected)
    )
    return JSONResponse({**counts._asdict(), "rejected": rejected})


def _sorted_out(
    items: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    good, rejected = [], []
    for index, item in enumerate(items):
        try:
            good.append(Contact.model_validate(item).columns())
        except ValidationError as error:
            problem = invalid_item(error)
            rejected.append({"index": index, "contact_id": name_of(item), "problem": problem})
    return good, rejected


def _record(service: Service, contacts: list[dict[str, Any]]) -> history.Recorded:
    received, total = now(), history.Recorded(0, 0)
    for i in range(0, len(contacts), AT_ONCE):
        with service.database.write() as db:
            counts = history.record(db, contacts[i : i + AT_ONCE], received)
        total = history.Recorded(
            total.accepted + counts.accepted, total.unchanged + counts.unchanged
        )
    return total
