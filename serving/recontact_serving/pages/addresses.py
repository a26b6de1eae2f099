"""Addresses of pages: that of the list holds what is asked for, and is read and written here."""

from collections.abc import Mapping
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from recontact_serving.follow_up import worklist
from recontact_serving.follow_up.ordering import SORTS
from recontact_serving.people.access import Access
from recontact_serving.web.schemas import Band

ROWS = 50
FILTERS = (*worklist.FILTERS, *worklist.IDS, "band", "state", "owner", "sort")
LONGEST = 200  # characters of a value; no column holds more


def asked_of(query: Mapping[str, str], access: Access) -> worklist.Asked:
    """Read an address; a filter that is empty or not known is none.

    Examples
    --------
    >>> anybody = Access("ada", frozenset({"read"}))
    >>> asked = asked_of({"team": "a", "band": "huge", "colour": "red"}, anybody)
    >>> asked.team, asked.band
    ('a', None)
    """
    given: dict[str, Any] = {name: query.get(name, "")[:LONGEST] or None for name in FILTERS}
    if given["band"] not in get_args(Band):
        given["band"] = None
    if given["state"] not in worklist.STATES:
        given["state"] = None
    if given["sort"] not in SORTS[1:]:  # the first is the default
        given["sort"] = None
    return worklist.Asked(
        **given,
        limit=ROWS,
        cursor=query.get("cursor") or None,
        programs=access.programs,
        teams=access.teams,
    )


def kept(asked: worklist.Asked) -> dict[str, str]:
    """Give the filters that are set, and the order where it is not the usual one."""
    return {name: getattr(asked, name) for name in FILTERS if getattr(asked, name)}


def address(path: str, filters: Mapping[str, Any], **more: Any) -> str:
    """Write an address; what is empty is left out.

    Examples
    --------
    >>> address("/", {"team": "a b"}, cursor=None, all=1), address("/", {})
    ('/?team=a+b&all=1', '/')
    """
    query = {name: value for name, value in {**filters, **more}.items() if value}
    return f"{path}?{urlencode(query)}" if query else path


def above(query: Mapping[str, str]) -> int:
    """Tell how many rows are on the pages before."""
    told = query.get("above", "")
    return int(told) if told.isdecimal() and len(told) < 9 else 0


def inside(address: str) -> str:
    """Keep to our own pages: an address of elsewhere leads to the first page.

    Examples
    --------
    >>> inside("/?team=a"), inside("//evil.example"), inside("https://evil.example")
    ('/?team=a', '/', '/')
    """
    own = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if own and address.isprintable() else "/"


def tidied(query: str, access: Access) -> str:
    """Keep the filters of a query, and nothing else.

    Examples
    --------
    >>> tidied("team=a&cursor=x&band=", Access("ada", frozenset({"read"})))
    'team=a'
    """
    given = dict(parse_qsl(query))
    return urlencode(kept(asked_of(given, access)))
