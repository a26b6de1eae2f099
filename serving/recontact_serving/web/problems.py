"""Every error is an `application/problem+json` document (RFC 9457)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError, DataError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
RETRY_S = "5"
MOST_ERRORS = 100  # that are listed
SEND_JSON = "send JSON, not compressed, with the header `Content-Type: application/json`"

log = structlog.get_logger()
WORDS = {  # of pydantic's kinds of error, where its own words speak of Python
    "extra_forbidden": "there is no such field",
    "missing": "it is missing",
    "string_type": "must be a text",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
HTTP = {"Not Found": "there is nothing at this address"}  # likewise of Starlette's
GONE = {DatabaseError, OperationalError, NoConnectionError}  # itself, and no kind of it


class ProblemError(Exception):
    """An error that carries its HTTP status.

    Parameters
    ----------
    document : mapping
        What `problem` made.
    headers : mapping, optional
        Headers of the answer.
    """

    def __init__(
        self, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(document["detail"])
        self.document = dict(document)
        self.headers = headers


def problem(status: int, detail: str, **members: Any) -> dict[str, Any]:
    """Make a problem document.

    Examples
    --------
    >>> problem(404, "there is no such page")["title"]
    'Not Found'
    """
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}


def respond(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Answer with a problem document."""
    return JSONResponse(document, document["status"], dict(headers or {}), MEDIA_TYPE)


def invalid(errors: Sequence[Any]) -> dict[str, Any]:
    """Say which fields of a request are wrong, from pydantic's errors.

    Examples
    --------
    >>> invalid([{"loc": ("body", "talk_s"), "msg": "too small"}])["detail"]
    '/talk_s: too small'
    """
    by_field: dict[str, dict[str, None]] = {}  # one may be wrong in several ways, one said twice
    for error in errors:
        by_field.setdefault(_pointer(error["loc"]), {})[_message(error)] = None
    found = [{"pointer": field, "detail": " or ".join(said)} for field, said in by_field.items()]
    first = found[0]
    detail = f"{first['pointer'] or 'the request'}: {first['detail']}"
    more = f" (and {len(found) - 1} more)" if found[1:] else ""
    return problem(422, detail + more, errors=found[:MOST_ERRORS])


def invalid_item(error: ValidationError) -> dict[str, Any]:
    """Say what is wrong with a body, or with one item of a list."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    if errors[0]["type"] == "json_invalid":
        why = errors[0]["msg"].removeprefix("Invalid JSON: ")
        return problem(400, f"the body is not JSON: {why}")
    return invalid(errors)


def install(app: FastAPI) -> None:
    """Make every error of an application a problem document."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)


async def answer_to(request: Request, error: Exception) -> Response:
    """Answer with the problem that an error is."""
    return await next(HANDLERS[kind] for kind in type(error).__mro__ if kind in HANDLERS)(
        request, error
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe, for the OpenAPI document, the errors that an endpoint answers with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {s: {"description": HTTPStatus(s).phrase, "content": content} for s in statuses}


def _pointer(location: Sequence[str | int]) -> str:
    if location and location[0] in {"query", "path", "header", "cookie"}:
        return str(location[-1])
    steps = location[1:] if location and location[0] == "body" else location
    if steps and steps[0] == "attributes":
        steps = steps[:2]  # what follows names the kinds of value that one may have
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def is_json(request: Request) -> bool:
    """Tell whether a request says that it carries JSON, as it is and not compressed."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return False
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _message(error: Mapping[str, Any]) -> str:
    text = str(WORDS.get(error.get("type", ""), error["msg"])).removeprefix("Value error, ")
    return text.replace("Input should be", "must be").encode(errors="replace").decode()


def _for_a_browser(request: Request) -> bool:
    """Tell whether a person asked for a page, and not a program, or a script, for an answer."""
    page = not request.url.path.startswith(("/v1/", "/health/", "/metrics", "/static/"))
    return page and "text/html" in request.headers.get("accept", "")


async def _answer(
    request: Request, document: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    if not _for_a_browser(request):
        return respond(document, headers)
    from recontact_serving.pages import error_pages  # noqa: PLC0415 - pages need what raises problems

    return await error_pages.page(request, document, headers)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - the handler's registration says so
    return await _answer(request, error.document, error.headers)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler's registration says so
    detail = HTTP.get(error.detail, error.detail)
    headers = dict(error.headers or {})
    if allowed := headers.get("Allow"):
        detail = f"this address takes {allowed}"
        headers["Allow"] = ", ".join([allowed, "HEAD"] if allowed == "GET" else [allowed])
    return await _answer(request, problem(error.status_code, detail), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - its registration says so
    errors = error.errors()
    nothing = {"type": "missing", "loc": ("body",)}
    unread = errors[0]["type"] == "json_invalid" or nothing.items() <= errors[0].items()
    if (unread or errors[0]["loc"] == ("body",)) and not is_json(request):
        return await _answer(request, problem(415, SEND_JSON))
    if unread:
        return await _answer(request, problem(400, "the body is not JSON"))
    return await _answer(request, invalid(errors))


async def _database(request: Request, error: Exception) -> Response:
    if isinstance(error, DataError) and "NUL" in str(error.orig):  # PostgreSQL keeps none
        return await _answer(request, problem(422, "a text holds a character that can't be kept"))
    if type(error) not in GONE:  # what we asked of it was wrong
        return await _fault(request, error)
    log.error("database", exc_info=error)
    detail = "the database does not answer; try again"
    return await _answer(request, problem(503, detail), {"Retry-After": RETRY_S})


async def _fault(request: Request, error: Exception) -> Response:
    log.error("fault", exc_info=error)
    return await _answer(request, problem(500, "a fault of the service; its log says more"))


HANDLERS: dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    ProblemError: _ours,
    HTTPException: _http,
    RequestValidationError: _invalid,
    DatabaseError: _database,
    NoConnectionError: _database,
    Exception: _fault,
}
