"""`GET /proof`: whether following up works, by contacts that are left untouched on purpose."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from recontact_serving.figures.proof_page import Asked, page_data
from recontact_serving.pages.rendering import render
from recontact_serving.people.access import Access
from recontact_serving.people.security import page
from recontact_serving.service import ServiceOf

router = APIRouter(include_in_schema=False)


@router.get("/proof")
def proof_page(
    request: Request, service: ServiceOf, access: Annotated[Access, Depends(page("proof"))]
) -> HTMLResponse:
    """Compare the contacts that were held out with the others, under costs of the address."""
    asked = Asked.read(request.query_params, access, service.settings.costs)
    with service.database.read() as db:
        found = page_data(db, asked, service.settings.capacity)
    return render("proof.html", request=request, access=access, **found)
