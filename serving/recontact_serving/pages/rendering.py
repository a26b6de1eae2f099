"""Pages from templates: what each is given, and how they write numbers and times."""

import datetime as dt
from importlib import metadata
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from recontact_serving.follow_up.follow_ups import of_many
from recontact_serving.follow_up.worklist import told
from recontact_serving.pages import zones
from recontact_serving.people.access import Access
from recontact_serving.people.forms import SESSION_COOKIE, cookie, form_token

POLICY = (  # scripts are files of ours, and nothing comes from elsewhere
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = (  # the scope that opens it, its address and its name
    ("read", "/", "At risk"),
    ("own", "/mine", "My contacts"),
    ("fcr", "/fcr", "FCR"),
    ("proof", "/proof", "Does it work?"),
    ("people", "/people", "People"),
)


class Link(NamedTuple):
    """A way to a page, and whether one is there."""

    href: str
    text: str
    here: bool


def navigation(access: Access | None, path: str) -> list[Link]:
    """List the pages that somebody may see.

    Examples
    --------
    >>> navigation(Access("ada", frozenset({"read"})), "/")
    [Link(href='/', text='At risk', here=True)]
    """
    scopes = access.scopes if access else frozenset()
    return [Link(href, text, href == path) for scope, href, text in PAGES if scope in scopes]


def percent(probability: float) -> str:
    """Write a probability; none but what has happened is certain.

    Examples
    --------
    >>> percent(0.416), percent(0.001), percent(0.9999), percent(1.0)
    ('42%', '<1%', '>99%', '100%')
    """
    if 0 < probability < 0.01:
        return "<1%"
    if 0.99 < probability < 1:
        return ">99%"
    return f"{probability:.0%}"


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> plural(1, "contact"), plural(1200, "contact"), plural(2, "reply", "replies")
    ('1 contact', '1,200 contacts', '2 replies')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def render(
    template: str,
    status: int = 200,
    *,
    request: Request | None = None,
    access: Access | None = None,
    **values: Any,
) -> HTMLResponse:
    """Fill a template in.

    Parameters
    ----------
    template : str
        Its file's name.
    status : int
        Of the answer.
    request : fastapi.Request, optional
        Gives `zone`, `here` (its address), `nav` (with `access`) and the `token` of forms.
    access : Access, optional
        Who looks; None: nobody has signed in.
    **values
        What else the template needs; goes before what is given to all.

    Returns
    -------
    fastapi.responses.HTMLResponse
        The page; nobody on the way keeps it.
    """
    zone = zones.zone_of(request.cookies) if request else zones.UTC
    session = cookie(request, SESSION_COOKIE) if request else ""
    given = {
        "access": access,
        "token": form_token(session),
        "signed_in": bool(session and access),
        "nav": navigation(access, request.url.path if request else ""),
        "zone": zone,
        "here": _address(request) if request else "/",
        "shared_above": request.app.state.service.settings.shared_above if request else 0,
    }
    text = _PAGES.get_template(template).render(given | values)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY}
    return HTMLResponse(text, status, headers)


def _address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.scope["path"]) + query


@pass_context
def _absolute(context: Context, at: dt.datetime) -> str:
    return zones.absolute(at, context["zone"])


@pass_context
def _clock(context: Context, at: dt.datetime) -> str:
    return zones.clock(at, context["zone"])


def environment(*, escaped: bool = True) -> Environment:
    """Give what reads our templates; those of plain text have no markup to escape."""
    return Environment(
        loader=PackageLoader("recontact_serving"),
        autoescape=escaped,  # noqa: S701 - only plain text goes without
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


_PAGES = environment()
_PAGES.filters.update(
    ago=zones.ago,
    absolute=_absolute,
    clock=_clock,
    described=zones.described,
    percent=percent,
    plural=plural,
    told=told,
    of_many=of_many,
    instant=dt.datetime.fromisoformat,
)
_PAGES.globals["version"] = metadata.version("recontact")
