"""Errors as pages, for whoever asks with a browser."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError

from recontact_serving.pages.rendering import render
from recontact_serving.people.access import Access
from recontact_serving.people.security import signed_in
from recontact_serving.service import service_of

TITLES = {
    403: "This is not for you",
    404: "There is nothing here",
    409: "Somebody was quicker",
    422: "Something is not right",
    429: "Too often",
    503: "Not now",
}
FAULT = "Something went wrong"


async def page(
    request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None
) -> Response:
    """Show a problem in the look of the other pages."""
    status = document["status"]
    access = await _who(request) if status < 500 else None
    title = TITLES.get(status, FAULT if status >= 500 else document["title"])
    values = {"title": title, "number": status, "detail": document["detail"]}
    response = render("error.html", status, request=request, access=access, **values)
    response.headers.update(headers or {})
    return response


async def _who(request: Request) -> Access | None:
    """Tell who asks; the page of an error must not fail itself."""
    try:
        return await run_in_threadpool(signed_in, request, await service_of(request))
    except SQLAlchemyError:
        return None
