"""Who gets in: keys for machines, sessions for people, and nobody by accident."""

import re
import time
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import select

from recontact.errors import UserError
from recontact_serving.app import create_app
from recontact_serving.people import accounts, keys
from recontact_serving.people.forms import form_token
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import metadata

PASSWORD = "correct horse battery"  # noqa: S105 - of nobody
ASKED = {"contact_id": "c", "moment": "wrapup", "started_at": "2026-03-01T10:00:00Z"}
MACHINES = [
    ("POST", "/v1/score"),
    ("POST", "/v1/scores"),
    ("POST", "/v1/contacts"),
    ("DELETE", "/v1/customers/{customer_id}"),
    ("GET", "/v1/at-risk"),
    ("GET", "/v1/at-risk.csv"),
    ("GET", "/metrics"),
    ("GET", "/v1/calls/{contact_id}"),
    ("PUT", "/v1/calls/{contact_id}/actions"),
    ("GET", "/v1/calls/{contact_id}/events"),
    ("GET", "/v1/agents/{agent_id}/events"),
    ("POST", "/v1/desktop-tokens"),
]


@pytest.fixture
def key(guarded) -> str:
    with Database(guarded.database_url).write() as db:
        accounts.add_user(db, "ada", PASSWORD)
        return keys.add(db, "desktop", keys.SCOPES)


@pytest.fixture
def client(key, start, guarded, models) -> httpx.Client:
    assert key
    return start(guarded, models).client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def sign_in(client: httpx.Client, password: str = PASSWORD, next_page: str = "/") -> httpx.Response:
    page = client.get("/sign-in", params={"next": next_page}).text
    form = {"name": "ada", "password": password}
    form |= {name: hidden(page, name) for name in ("token", "next")}
    return client.post("/sign-in", data=form)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def test_without_a_key_nothing_is_told(client):
    """No key, a wrong one and another scheme are 401, everywhere."""
    for method, path in MACHINES:
        for sent in ({}, bearer("rck_wrong"), {"Authorization": "Basic YTpi"}):
            body = None if method == "GET" else {}
            answer = client.request(method, path, headers=sent, json=body)
            assert answer.status_code == 401, (method, path, sent)
            assert answer.headers["content-type"] == "application/problem+json"
            known = 'Bearer error="invalid_token"' if "rck_wrong" in str(sent) else "Bearer"
            assert answer.headers["www-authenticate"] == known, (method, path, sent)


def test_a_key_opens_until_it_is_revoked(client, key, guarded):
    """A key in force scores; revoked, it is worth nothing two seconds later."""
    assert client.post("/v1/score", json=ASKED, headers=bearer(key)).status_code == 200
    with Database(guarded.database_url).write() as db:
        keys.revoke(db, "desktop")
    ended = time.monotonic() + 2
    while client.post("/v1/score", json=ASKED, headers=bearer(key)).status_code == 200:
        assert time.monotonic() < ended
    assert client.post("/v1/score", json=ASKED, headers=bearer(key)).status_code == 401


def test_the_database_keeps_no_secret(client, key, guarded):
    """Neither keys, passwords nor session tokens can be read from the database."""
    sign_in(client)
    session = client.cookies["recontact_session"]
    with Database(guarded.database_url).read() as db:
        kept = str([db.execute(select(table)).all() for table in metadata.sorted_tables])
    assert "desktop" in kept
    for secret in (key, PASSWORD, session):
        assert secret not in kept


def test_the_page_asks_to_sign_in_and_then_leads_back(client):
    """Without a session the page leads to the form; signed in, to where one wanted to go."""
    answer = client.get("/?team=red")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/%3Fteam%3Dred")
    answer = sign_in(client, next_page="/?team=red")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?team=red")
    assert "ada" in client.get("/").text
    assert client.get("/v1/at-risk.csv").status_code == 200


def test_a_wrong_password_does_not_open(client):
    """The form is shown again and says so; no session begins."""
    answer = sign_in(client, "wrong horse battery")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert "recontact_session" not in client.cookies


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_signing_in_never_leads_elsewhere(client, elsewhere):
    """The address to go back to is one of our own."""
    assert sign_in(client, next_page=elsewhere).headers["location"] == "/"


def test_another_site_can_neither_sign_in_nor_out(client):
    """A form without the token of this browser is refused."""
    form = {"name": "ada", "password": PASSWORD, "token": "0" * 64}
    assert client.post("/sign-in", data=form).status_code == 403
    form["token"] = form_token("")  # as of no cookie
    assert client.post("/sign-in", data=form).status_code == 403
    sign_in(client)
    assert client.post("/sign-out", data={"token": "0" * 64}).status_code == 403
    assert client.get("/").status_code == 200


def test_signing_out_ends_the_session(client):
    """After signing out the old cookie is worth nothing."""
    sign_in(client)
    session = client.cookies["recontact_session"]
    token = hidden(client.get("/").text, "token")
    assert client.post("/sign-out", data={"token": token}).status_code == 303
    client.cookies.set("recontact_session", session)
    assert client.get("/").status_code == 303


def test_a_removed_person_is_out(client, guarded):
    """Removing a person ends the session at once."""
    sign_in(client)
    with Database(guarded.database_url).write() as db:
        accounts.remove_user(db, "ada")
    assert client.get("/").status_code == 303


def test_cookies_are_kept_from_scripts_and_other_sites(client):
    """HttpOnly and SameSite; Secure too when the browser came by https."""
    cookie = sign_in(client).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    secure = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"}).headers["set-cookie"]
    assert "Secure" in secure


def test_a_service_that_nobody_could_use_does_not_start(guarded, models):
    """Without key and user it refuses, and names the commands that mend it."""
    with pytest.raises(UserError, match="neither a key nor a user") as caught:
        create_app(guarded, models)
    assert "recontact keys add" in caught.value.mend
    assert "recontact users add" in caught.value.mend


@pytest.mark.usefixtures("key")
def test_a_revoked_key_is_no_key(guarded, models):
    """A service whose last key is revoked and last user removed does not start."""
    with Database(guarded.database_url).write() as db:
        keys.revoke(db, "desktop")
        accounts.remove_user(db, "ada")
    with pytest.raises(UserError, match="neither a key nor a user"):
        create_app(guarded, models)


@pytest.mark.parametrize("host", ["192.0.2.1", "::", "0.0.0.1", "example.org"])
def test_an_open_service_stays_on_this_machine(settings, models, host):
    """RECONTACT_AUTH=off is refused wherever others could reach the service."""
    with pytest.raises(UserError, match="RECONTACT_AUTH=off"):
        create_app(replace(settings, host=host), models)


def test_an_open_service_answers_to_local_names_only(start, settings, models):
    """A web page that points a name of its own at this machine gets nothing."""
    client = start(settings, models).client
    assert client.get("/v1/at-risk", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/v1/at-risk", headers={"Host": "localhost:8000"}).status_code == 200


def test_passwords_are_long_enough(guarded):
    """A short password is refused with the length that it needs."""
    with (
        Database(guarded.database_url).write() as db,
        pytest.raises(UserError, match="11 characters"),
    ):
        accounts.add_user(db, "bob", "a" * 11)


def test_pages_of_other_sites_change_nothing_on_an_open_service(start, settings, models):
    """There a form needs no session; but the browser says who sent it, and programs need not."""
    client = start(settings, models).client
    form = {"token": hidden(client.get("/people").text, "token"), "name": "ben", "role": "lead"}
    form["password"] = PASSWORD
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post("/people/add", data=form, headers=header).status_code == 403
        assert client.post("/v1/at-risk/c/claim", headers=header).status_code == 403
    assert client.post("/v1/at-risk/c/claim").status_code == 404
    assert client.post("/people/add", data=form).status_code == 303


def test_a_key_goes_before_a_session_and_needs_no_token(client, key):
    """A program that keeps cookies is asked for nothing that only pages have."""
    assert sign_in(client).status_code == 303
    assert client.post("/v1/at-risk/c/claim").status_code == 403
    assert client.post("/v1/at-risk/c/claim", headers=bearer(key)).status_code == 404
    assert client.get("/v1/at-risk", headers={"Authorization": "Basic YTpi"}).status_code == 200
