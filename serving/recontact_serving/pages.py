"""`GET /`: the managers' list."""

from dataclasses import replace
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from recontact_serving import at_risk, worklist
from recontact_serving.access import Access
from recontact_serving.rendering import render
from recontact_serving.schemas import Band
from recontact_serving.security import page as page_for
from recontact_serving.service import ServiceOf

ROWS = 50
BANDS = ("high", "medium", "low", "already")
NAMES = {"repeated": "Comes back", "escalation": "Escalates"}

Reader = Annotated[Access, Depends(page_for("read"))]

router = APIRouter(include_in_schema=False)


@router.get("/")
def at_risk_page(request: Request, service: ServiceOf, access: Reader) -> HTMLResponse:
    """Show the list, cut to what the address asks for."""
    asked = replace(_asked(request), programs=access.programs, teams=access.teams)
    page = at_risk.read(service, asked)
    with service.database.read() as db:
        found, choices = worklist.count(db, asked), worklist.choices(db, access)
    return render(
        "at_risk.html",
        request=request,
        access=access,
        asked=asked,
        filtered=bool(_filters(asked)),
        items=page.items,
        found=found,
        choices=choices,
        bands=BANDS,
        names=NAMES,
        next_page=_address("/", asked, page.cursor) if page.cursor else None,
        first_page=_address("/", asked) if asked.cursor else None,
        csv=_address("/v1/at-risk.csv", asked),
        trouble=service.champions.trouble,
    )


def _asked(request: Request) -> worklist.Asked:
    """Read the filters of the address; one that is empty or unknown is no filter."""
    query = request.query_params
    band = query.get("band")
    given: dict[str, Any] = {n: query.get(n) or None for n in (*worklist.FILTERS, "cursor")}
    return worklist.Asked(
        **given,
        band=band if band in get_args(Band) else None,
        limit=ROWS,
    )


def _filters(asked: worklist.Asked) -> dict[str, str]:
    names = (*worklist.FILTERS, "band")
    return {name: getattr(asked, name) for name in names if getattr(asked, name)}


def _address(path: str, asked: worklist.Asked, cursor: str | None = None) -> str:
    query: dict[str, Any] = _filters(asked) | ({"cursor": cursor} if cursor else {})
    return f"{path}?{urlencode(query)}" if query else path
