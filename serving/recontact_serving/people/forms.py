"""Cookies, and the tokens by which a form shows that a page of ours sent it.

A cookie that came by https has a name that browsers accept from this host alone, over https alone
and for every path (`__Host-`): no page of a neighbouring host can put one in its place.
"""

import hashlib
import secrets
from urllib.parse import urlsplit

from fastapi import Request, Response

from recontact_serving.web.problems import ProblemError, problem

SESSION_COOKIE = "recontact_session"
FORM_COOKIE = "recontact_form"  # ties the sign-in form to the browser that was given it
HEADER = "X-Recontact-Form"  # carries the token where a script sends
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OLD_FORM = "the form is out of date; load the page again and resend"
ELSEWHERE = "this was sent by a page of another site"


def cookie_name(request: Request, name: str) -> str:
    """Give a cookie's name at this request.

    Examples
    --------
    >>> cookie_name(Request({"type": "http", "scheme": "https", "headers": []}), "a")
    '__Host-a'
    """
    return f"__Host-{name}" if request.scope["scheme"] == "https" else name


def cookie(request: Request, name: str) -> str:
    """Return a cookie's value, empty where there is none."""
    return request.cookies.get(cookie_name(request, name), "")


def set_cookie(request: Request, response: Response, name: str, value: str, age_s: int) -> None:
    """Set a cookie that scripts can't read and other sites can't send along."""
    name = cookie_name(request, name)
    secure = request.scope["scheme"] == "https"
    response.set_cookie(
        name, value, max_age=age_s, httponly=True, samesite="lax", secure=secure, path="/"
    )


def delete_cookie(request: Request, response: Response, name: str) -> None:
    """Have a cookie forgotten."""
    set_cookie(request, response, name, "", 0)


def form_token(secret: str) -> str:
    """Derive what a form must carry from the cookie that only its browser has.

    Examples
    --------
    >>> form_token("a") == form_token("b")
    False
    """
    return hashlib.sha256(f"recontact form {secret}".encode()).hexdigest()


def checked_form(request: Request, token: str | None) -> None:
    """Refuse a form that was not sent by a page of this session.

    Raises
    ------
    ProblemError
        403: another site's page sent it, or a session's that is over.
    """
    check_form(request, cookie(request, SESSION_COOKIE), token)


def check_form(request: Request, secret: str, token: str | None) -> None:
    """Refuse a form that another site made the browser send."""
    check_origin(request)
    if not secrets.compare_digest(form_token(secret).encode(), (token or "").encode()):
        raise ProblemError(problem(403, OLD_FORM))


def check_origin(request: Request) -> None:
    """Refuse what a browser says that another site's page sent; programs say nothing of it."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    if site is not None:
        own = site in {"same-origin", "none"}
    else:  # a browser leaves it out where a page came by plain http
        own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not own:
        raise ProblemError(problem(403, ELSEWHERE))
