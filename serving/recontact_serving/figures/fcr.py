"""`GET /fcr`: first contact resolution over time, by group, and what comes next."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from recontact_serving.figures.fcr_asked import Asked
from recontact_serving.figures.fcr_page import page_data
from recontact_serving.pages.rendering import render
from recontact_serving.people.access import Access
from recontact_serving.people.security import page
from recontact_serving.service import ServiceOf

router = APIRouter(include_in_schema=False)


@router.get("/fcr")
def fcr_page(
    request: Request, service: ServiceOf, access: Annotated[Access, Depends(page("fcr"))]
) -> HTMLResponse:
    """Show the figures that the address asks for, of what may be seen."""
    with service.database.read() as db:
        found = page_data(db, Asked.read(request.query_params, access))
    return render("fcr.html", request=request, access=access, **found)
