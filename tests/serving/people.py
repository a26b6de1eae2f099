"""People who sign in to a service that runs, as a browser would."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from tests.serving.conftest import NO_TLS

from recontact_serving.people import accounts
from recontact_serving.people.forms import HEADER
from recontact_serving.storage.database import Database

PASSWORD = "correct horse battery"  # noqa: S105 - of nobody


def add(url: str, name: str = "ada", role: str | None = None, **limits: Any) -> None:
    """Add a person to a service's database."""
    with Database(url).write() as db:
        accounts.add_user(db, name, PASSWORD, role, **limits)


def browser(client: httpx.Client, **headers: str) -> httpx.Client:
    """Give another browser at the same service."""
    return httpx.Client(base_url=client.base_url, headers=headers, timeout=30, verify=NO_TLS)


def sign_in(
    client: httpx.Client, name: str = "ada", password: str = PASSWORD, next_page: str = "/"
) -> httpx.Response:
    """Send the form of the page to sign in."""
    page = client.get("/sign-in", params={"next": next_page}).text
    form = {"name": name, "password": password}
    form |= {field: hidden(page, field) for field in ("token", "next")}
    return client.post("/sign-in", data=form)


@contextmanager
def signed_in(client: httpx.Client, name: str = "ada") -> Iterator[httpx.Client]:
    """Give a browser in which somebody has signed in."""
    with browser(client) as opened:
        assert sign_in(opened, name).status_code == 303
        yield opened


def hidden(page: str, name: str) -> str:
    """Read a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page[:2000]
    return found[1]


def token(client: httpx.Client) -> str:
    """Give the token of the forms that this browser is shown."""
    return hidden(client.get("/password").text, "token")


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form of a page."""
    return client.post(path, data={"token": token(client), **fields})


def form_header(client: httpx.Client) -> dict[str, str]:
    """Give the header that a script of a page sends along."""
    return {HEADER: token(client)}
