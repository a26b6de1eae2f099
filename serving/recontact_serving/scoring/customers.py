"""`DELETE /v1/customers/{customer_id}`: one customer, erased everywhere."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from recontact_serving.people.gate import Access
from recontact_serving.people.security import key_first, machine
from recontact_serving.service import ServiceOf
from recontact_serving.storage.erasing import erase
from recontact_serving.web.fields import Id, Text
from recontact_serving.web.problems import ProblemError, documented, problem
from recontact_serving.web.schemas import ErasedCustomer

ERRORS = documented(401, 403, 422, 429, 500, 503)
SOME_TEAMS = "this key is for some teams only; erase with one that is not"
SOME_PROGRAMS = "this key is for some programs only: say which in the query, `program=`"

Sender = Annotated[Access, Depends(machine("ingest"))]
Program = Annotated[Text | None, Query(description="only as a customer of it; default: of all")]

router = APIRouter(prefix="/v1", tags=["customers"], route_class=key_first("ingest"))


@router.delete("/customers/{customer_id:path}", response_model=ErasedCustomer, responses=ERRORS)
def erase_customer(
    customer_id: Id, service: ServiceOf, access: Sender, program: Program = None
) -> JSONResponse:
    """Erase a customer: contacts, scores, rows of the log, and whatever else names them.

    It tells how many rows of each table went; erasing again finds none. What was deleted may be
    readable in the database's files until they are rewritten (`recontact erase`).
    """
    _check(access, program)
    return JSONResponse({"erased": erase(service.database, customer_id, program)})


def _check(access: Access, program: str | None) -> None:
    """Refuse what would reach beyond the key's programs and teams."""
    if access.teams is not None:
        raise ProblemError(problem(403, SOME_TEAMS))
    if access.programs is not None and program is None:
        raise ProblemError(problem(403, SOME_PROGRAMS))
    access.check(program, None)
