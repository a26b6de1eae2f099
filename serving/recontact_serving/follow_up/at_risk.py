"""`GET /v1/at-risk` and `/v1/at-risk.csv`: the list for programs and for spreadsheets."""

import csv
import io
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from recontact_serving.follow_up import worklist
from recontact_serving.follow_up.ordering import BadCursorError, Sort
from recontact_serving.follow_up.settling import settle
from recontact_serving.people.gate import Access
from recontact_serving.people.security import machine_or_person
from recontact_serving.scoring.latest import OUTCOMES
from recontact_serving.service import Service, ServiceOf
from recontact_serving.storage.clock import now
from recontact_serving.web.fields import Text
from recontact_serving.web.problems import ProblemError, documented, invalid
from recontact_serving.web.schemas import AtRiskList, Band, Listed

MOST = 1000
AT_ONCE = 200  # rows of a file
LONGEST_TURN_S = 0.1
ERRORS = documented(401, 403, 422, 429, 500, 503)
LINKS = {
    "next page": {
        "operationId": "at_risk_v1_at_risk_get",
        "parameters": {"cursor": "$response.body#/cursor"},
    },
    "call": {
        "operationId": "call_v1_calls__contact_id__get",
        "parameters": {"contact_id": "$response.body#/items/0/contact_id"},
    },
    "actions": {
        "operationId": "send_actions_v1_calls__contact_id__actions_put",
        "parameters": {"contact_id": "$response.body#/items/0/contact_id"},
    },
}
COLUMNS = (
    *("contact_id", "customer_id", "program", "queue", "team", "agent_id", "started_at", "at"),
    *("repeated_probability", "repeated_band", "escalation_probability", "escalation_band"),
    *("reasons", "next_issue"),
    *("cost", "due_at", "closes_at", "state", "owner", "until", "outcome", "disputed"),
    *("called_again_at", "called_again_reason"),
)
AGAIN = ("at", "reason")
NEXT = "of the page before, to go on where it ended"
WIDE = "\uff1d\uff0b\uff0d\uff20"  # the same signs, as Chinese and Japanese keyboards write them
FORMULA = tuple("=+-@\t\r\n" + WIDE)  # what spreadsheets take for the beginning of a formula

Cursor = Annotated[
    str, Field(max_length=1000, json_schema_extra={"format": "cursor"}, description=NEXT)
]
Reader = Annotated[Access, Depends(machine_or_person("read"))]

router = APIRouter(prefix="/v1", tags=["at risk"])


class Filters(BaseModel):
    """Which part of the list is asked for, and in which order."""

    model_config = ConfigDict(extra="forbid")

    team: Text | None = None
    queue: Text | None = None
    program: Text | None = None
    agent_id: Text | None = None
    customer_id: Text | None = None
    band: Band | None = Field(default=None, description="either outcome has this band")
    state: Listed | None = Field(default=None, description="default: open and claimed")
    owner: Text | None = Field(default=None, description="who has claimed it")
    sort: Sort | None = Field(default=None, description="default: worst first, by cost")
    cursor: Cursor | None = None

    def asked(self, access: Access) -> worklist.Asked:
        """Return what is asked of the list, by somebody who may see so much of it."""
        asked = worklist.Asked(**self.model_dump(exclude={"limit"}))
        return replace(asked, programs=access.programs, teams=access.teams)


class AtRiskQuery(Filters):
    """The same, a page at a time."""

    limit: int = Field(default=50, ge=1, le=MOST)


class CsvQuery(Filters):
    """The same, all of it."""

    limit: int | None = Field(default=None, ge=1, description="default: all")


@router.get("/at-risk", response_model=AtRiskList, responses={200: {"links": LINKS}, **ERRORS})
def at_risk(
    query: Annotated[AtRiskQuery, Query()], service: ServiceOf, access: Reader
) -> JSONResponse:
    """List what is to be followed up, worst first: contacts by their latest score at wrap-up.

    Worst is what it will cost most not to follow up: the chance of each outcome that has not
    happened yet, by what it costs, by how often a follow-up prevents it.
    """
    page = read(service, replace(query.asked(access), limit=query.limit))
    return JSONResponse({"items": page.items, "cursor": page.cursor})


@router.get(
    "/at-risk.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **ERRORS},
)
def at_risk_csv(
    query: Annotated[CsvQuery, Query()], service: ServiceOf, access: Reader
) -> Response:
    """Give the whole list as CSV that is safe to open in a spreadsheet.

    Rows are sent as they are read. Where that fails on the way, the answer is broken off: a file
    that came to its end is whole.
    """
    name = {"Content-Disposition": 'attachment; filename="at-risk.csv"'}
    parts = csv_of(service, query.asked(access), query.limit)
    return StreamingResponse(parts, media_type="text/csv", headers=name)


def read(service: Service, asked: worklist.Asked) -> worklist.Page:
    """Read a page of the list as of now; a cursor that is none is the client's mistake."""
    settle(service.database, now())
    try:
        with service.database.read() as db:
            return worklist.page(db, asked)
    except BadCursorError:
        wrong = {"loc": ("query", "cursor"), "msg": "take it from the page before"}
        raise ProblemError(invalid([wrong])) from None


def csv_of(service: Service, asked: worklist.Asked, most: int | None) -> Iterator[str]:
    """Write the list as CSV, no cell of which a spreadsheet takes for a formula, in parts.

    The first rows are read at once, so that what can't be asked is told before a file begins.
    """
    left = sys.maxsize if most is None else most
    first = read(service, replace(asked, limit=min(left, AT_ONCE)))
    return chain([_lines([COLUMNS])], _parts(service, asked, first, left))


def _parts(
    service: Service, asked: worklist.Asked, page: worklist.Page, left: int
) -> Iterator[str]:
    while page.items:
        began = time.monotonic()
        yield _lines([safe(value) for value in _cells(item)] for item in page.items)
        left -= len(page.items)
        if page.cursor is None or left <= 0:
            return
        further = replace(asked, limit=min(left, AT_ONCE), cursor=page.cursor)
        with service.database.read() as db:
            page = worklist.page(db, further)
        time.sleep(min(time.monotonic() - began, LONGEST_TURN_S))  # scores get as long


def _lines(rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def safe(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> safe("=1+1"), safe("billing"), safe(0.5)
    ("'=1+1", 'billing', 0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _cells(item: Mapping[str, Any]) -> list[Any]:
    flat = {
        **item,
        **{
            f"{outcome}_{part}": item[outcome][part]
            for outcome in OUTCOMES
            for part in ("probability", "band")
        },
        "reasons": "; ".join(worklist.told(item)),
        "next_issue": item["next_issues"][0]["reason"] if item["next_issues"] else None,
        **{f"called_again_{part}": (item["called_again"] or {}).get(part) for part in AGAIN},
    }
    return [flat[name] for name in COLUMNS]
