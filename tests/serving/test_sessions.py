"""Sessions and passwords: what begins them, what ends them, and what guessing comes to."""

import datetime as dt
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import structlog
from argon2 import PasswordHasher, Type
from sqlalchemy import func, select, update
from tests.serving import people

from recontact.errors import UserError
from recontact_serving.people import accounts, attempts, passwords, sessions
from recontact_serving.settings import Settings
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import attempts as tries
from recontact_serving.storage.tables import sessions as kept
from recontact_serving.storage.tables import users

PASSWORD, OTHER = people.PASSWORD, "seven green bottles"


@pytest.fixture
def client(guarded, start, models) -> httpx.Client:
    people.add(guarded.database_url)
    return start(guarded, models).client


@pytest.fixture
def ada(client) -> httpx.Client:
    with people.signed_in(client) as opened:
        yield opened


@pytest.fixture
def changed(guarded) -> Any:
    """Change every session, as time would."""

    def change(**values: Any) -> None:
        with Database(guarded.database_url).write() as db:
            db.execute(update(kept).values(**values))

    return change


def count(url: str, table: Any = kept) -> int:
    with Database(url).read() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


def ago(**span: float) -> int:
    return micros(now() - dt.timedelta(**span))


def test_a_session_ends_twelve_hours_after_it_began(ada, changed):
    """However much is asked in it."""
    assert ada.get("/").status_code == 200
    changed(expires_at=ago(seconds=1))
    assert ada.get("/").status_code == 303
    assert ada.get("/v1/at-risk").status_code == 401


def test_a_session_begins_for_twelve_hours(database):
    """Its row says when it is over."""
    with database.write() as db:
        accounts.add_user(db, "ada", PASSWORD)
        sessions.begin(db, "ada")
        row = db.execute(select(kept)).one()
    assert row.expires_at - row.seen_at == 12 * 3600 * 1_000_000


@pytest.mark.parametrize(("minutes", "status"), [(59, 200), (61, 303)])
def test_a_session_in_which_nobody_asks_ends(ada, changed, minutes, status):
    """After an hour without a request, unless the operator says otherwise."""
    changed(seen_at=ago(minutes=minutes))
    assert ada.get("/").status_code == status


def test_the_operator_says_how_long_a_session_rests(guarded, start, models, changed):
    """RECONTACT_SESSION_IDLE; less than five minutes can't be meant."""
    people.add(guarded.database_url)
    idle = Settings.read({"RECONTACT_SESSION_IDLE": "2h"}).session_idle
    client = start(replace(guarded, session_idle=idle), models).client
    people.sign_in(client)
    changed(seen_at=ago(minutes=119))
    assert client.get("/").status_code == 200
    changed(seen_at=ago(minutes=121))
    assert client.get("/").status_code == 303
    for wrong in ("60", "1m", "soon"):
        with pytest.raises(UserError, match="RECONTACT_SESSION_IDLE"):
            Settings.read({"RECONTACT_SESSION_IDLE": wrong})


def test_use_keeps_a_session_up_and_is_written_seldom(ada, guarded, changed):
    """Once a minute at most; what a page asks by itself is no use."""

    def seen() -> int:
        with Database(guarded.database_url).read() as db:
            return db.execute(select(kept.c.seen_at)).scalar_one()

    recent, older = ago(seconds=30), ago(minutes=10)
    changed(seen_at=recent)
    ada.get("/")
    assert seen() == recent
    changed(seen_at=older)
    ada.get("/", headers={"X-Recontact-By-Itself": "1"})
    assert seen() == older
    ada.get("/")
    assert seen() > older


def test_each_sign_in_has_a_session_of_its_own(client, guarded):
    """The cookie of before is worth nothing any more, and no browser brings its own."""
    place = {"domain": client.base_url.host, "path": "/"}
    client.cookies.set("recontact_session", "chosen by somebody else", **place)
    people.sign_in(client)
    first = client.cookies["recontact_session"]
    people.sign_in(client)
    assert len({"chosen by somebody else", first, client.cookies["recontact_session"]}) == 3
    assert len(first) >= 43
    assert count(guarded.database_url) == 1
    client.cookies.set("recontact_session", first, **place)
    assert client.get("/").status_code == 303


def test_over_https_the_cookie_is_bound_to_the_host(client):
    """`__Host-`, Secure, HttpOnly, SameSite, for every path and no other host."""
    with people.browser(client, **{"X-Forwarded-Proto": "https"}) as secure:
        page = secure.get("/sign-in")
        form = {"name": "ada", "password": PASSWORD}
        form |= {name: people.hidden(page.text, name) for name in ("token", "next")}
        crumb = page.headers["set-cookie"].partition(";")[0]
        answer = secure.post("/sign-in", data=form, headers={"Cookie": crumb})
        cookie = next(c for c in answer.headers.get_list("set-cookie") if "recontact_session" in c)
        value, *marks = cookie.split("; ")
        assert value.startswith("__Host-recontact_session=")
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(marks)
        assert not any(mark.startswith("Domain") for mark in marks)
        token = value.partition("=")[2]
        for name, status in (("__Host-recontact_session", 200), ("recontact_session", 303)):
            sent = {"Cookie": f"{name}={token}"}
            assert secure.get("/", headers=sent).status_code == status


def test_who_is_removed_while_signing_in_is_told_what_a_wrong_password_is(
    client, guarded, monkeypatch
):
    """Between the look at the password and the session; the page is the same to a letter."""
    people.add(guarded.database_url, "kim", "admin")
    wrong = people.sign_in(client, password="wrong horse battery")  # noqa: S106 - not hers
    renew = accounts.renew

    def removing(db, name, password):
        renew(db, name, password)
        accounts.remove_user(db, name)

    monkeypatch.setattr(accounts, "renew", removing)
    gone = people.sign_in(client)
    assert (wrong.status_code, gone.status_code) == (401, 401)
    assert gone.text == wrong.text
    assert count(guarded.database_url) == 0


def test_another_password_ends_all_other_sessions(client, ada, guarded):
    """This one begins anew; the old password is worth nothing."""
    with people.signed_in(client) as elsewhere:
        before = ada.cookies["recontact_session"]
        answer = people.send(ada, "/password", password=PASSWORD, new=OTHER, again=OTHER)
        assert answer.status_code == 303
        assert elsewhere.get("/").status_code == 303
    assert ada.cookies["recontact_session"] != before
    assert "The password is changed" in ada.get(answer.headers["location"]).text
    assert count(guarded.database_url) == 1
    assert people.sign_in(client, password=PASSWORD).status_code == 401
    assert people.sign_in(client, password=OTHER).status_code == 303


def test_people_see_where_they_are_signed_in_and_end_it_all(client, ada, guarded):
    """From one browser in every other, and in no session of others."""
    people.add(guarded.database_url, "ben", "lead")
    with people.signed_in(client) as elsewhere, people.signed_in(client, "ben") as ben:
        assert "In 2 browsers" in ada.get("/password").text
        assert people.send(ada, "/sign-out", everywhere="1").status_code == 303
        assert [c.get("/").status_code for c in (ada, elsewhere, ben)] == [303, 303, 200]


@pytest.mark.parametrize(
    ("password", "new", "again", "status", "told"),
    [
        ("not the password", OTHER, OTHER, 403, "not your password of now"),
        (PASSWORD, OTHER, OTHER + "!", 422, "differ"),
        (PASSWORD, "short", "short", 422, "5 characters"),
        (PASSWORD, "password12345", "password12345", 422, "among the first that are tried"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one(ada, password, new, again, status, told):
    """Nor to one that is too short, common or mistyped; the session goes on."""
    answer = people.send(ada, "/password", password=password, new=new, again=again)
    assert answer.status_code == status
    assert told in answer.text
    assert ada.get("/").status_code == 200


def test_another_role_ends_all_sessions(ada, guarded):
    """What somebody may see is told anew when they sign in again."""
    people.add(guarded.database_url, "ben", "admin")
    with Database(guarded.database_url).write() as db:
        accounts.set_rights(db, "ada", "analyst", None, None, None)
    assert ada.get("/").status_code == 303


def test_other_programs_count_from_the_next_request(database):
    """Without a new session."""
    with database.write() as db:
        accounts.add_user(db, "ada", PASSWORD, "lead", programs=["acme"], teams=["north"])
        token = sessions.begin(db, "ada")
        accounts.set_rights(db, "ada", "lead", ["other"], None, None)
        found = sessions.find(db, token)
    assert found is not None
    assert (found.access.programs, found.access.teams) == (frozenset({"other"}), None)


def test_forms_without_the_token_of_the_session_are_refused(ada):
    """On every page that changes something, and with the token of another session too."""
    form = {"password": PASSWORD, "new": OTHER, "again": OTHER}
    for token in ("x", "0" * 64):
        answer = ada.post("/password", data={**form, "token": token})
        assert answer.status_code == 403
    with_token = {**form, "token": people.token(ada)}
    for header in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert ada.post("/password", data=with_token, headers=header).status_code == 403
    own = {"Origin": str(ada.base_url).rstrip("/")}
    assert ada.post("/password", data=with_token, headers=own).status_code == 303


def guess(client: httpx.Client, times: int, name: str = "ada") -> list[int]:
    with people.browser(client) as other:
        return [
            people.sign_in(other, name, "wrong horse battery").status_code for _ in range(times)
        ]


@pytest.fixture
def few(monkeypatch) -> None:
    """Three tries of a name and five of an address at once, then one an hour."""
    monkeypatch.setattr(attempts, "NAME", attempts.Pace(3, 3600))
    monkeypatch.setattr(attempts, "ADDRESS", attempts.Pace(5, 3600))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", ["ada", "nobody of this name"])
def test_guessing_is_held_up_by_name(client, guarded, name):
    """429 with `Retry-After`, on the page, whether or not there is such a person; others go on."""
    people.add(guarded.database_url, "ben", "lead")
    assert guess(client, 4, name) == [401, 401, 401, 429]
    answer = people.sign_in(client, name)
    assert answer.status_code == 429
    assert 3590 <= int(answer.headers["retry-after"]) <= 3600
    assert f"Wait {answer.headers['retry-after']} seconds" in answer.text
    assert people.sign_in(client, "ben").status_code == 303


@pytest.mark.usefixtures("few")
def test_guessing_is_held_up_by_address(client):
    """Whatever names are tried."""
    statuses = [guess(client, 1, f"name {number}")[0] for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2


@pytest.mark.usefixtures("few")
def test_nobody_is_locked_out_for_good(client, guarded):
    """Tries that come too early do not make the wait longer; after it the password opens."""
    guess(client, 8)
    with Database(guarded.database_url).write() as db:
        rows = {row.key: row.until for row in db.execute(select(tries))}
        assert max(rows.values()) - micros(now()) <= 5 * 3600 * 1_000_000
        db.execute(update(tries).values(until=tries.c.until - 3600 * 1_000_000))
    assert people.sign_in(client).status_code == 303
    assert guess(client, 3) == [401, 401, 401]  # the name counts from nothing again


@pytest.mark.usefixtures("few")
def test_workers_count_together(database):
    """However many processes are asked at once, three tries get through."""
    barrier = threading.Barrier(12)

    def one(number: int) -> int:
        barrier.wait()
        with database.write() as db:
            return attempts.begin(db, "ada", f"192.0.2.{number}")

    with ThreadPoolExecutor(12) as pool:
        waits = list(pool.map(one, range(12)))
    assert sorted(wait > 0 for wait in waits) == [False] * 3 + [True] * 9


@pytest.mark.usefixtures("few")
def test_the_password_of_a_session_is_held_up_too(ada):
    """Who finds an open browser can't try out the password in it."""
    form = {"password": "wrong horse battery", "new": OTHER, "again": OTHER}
    statuses = [people.send(ada, "/password", **form).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


def test_attempts_are_kept_without_names_and_addresses(client, guarded):
    """What was typed for a name may be a password."""
    guess(client, 1, "correct horse battery")
    with Database(guarded.database_url).read() as db:
        text = str(db.execute(select(tries)).all())
    assert "name " in text
    assert "horse" not in text
    assert "127.0.0.1" not in text


def test_unknown_names_are_checked_like_known_ones(database, monkeypatch):
    """Each sign-in looks at one Argon2 hash, so that its time tells nothing."""
    looked: list[str] = []
    monkeypatch.setattr(
        passwords, "_HASHER", type("H", (), {"verify": lambda _, kept, __: looked.append(kept)})()
    )
    with database.write() as db:
        row = {"name": "sso", "password": None, "created_at": 0, "role": "lead", "subject": "i s"}
        db.execute(users.insert(), row)
        assert not accounts.check_password(db, "nobody", PASSWORD)
        assert not accounts.check_password(db, "sso", PASSWORD)
    assert [kept.startswith("$argon2id$") for kept in looked] == [True, True]


def test_guessing_a_kept_password_is_dear(own_hasher):
    """As RFC 9106 recommends it: three passes over 64 MiB; the tests take less for themselves."""
    assert own_hasher.type is Type.ID
    assert (own_hasher.time_cost, own_hasher.memory_cost, own_hasher.parallelism) == (3, 2**16, 4)
    assert own_hasher.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_kept_in_an_older_way_is_kept_anew(client, guarded):
    """When its owner signs in; the session begins all the same."""
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    with Database(guarded.database_url).write() as db:
        db.execute(update(users).values(password=old))
    assert people.sign_in(client).status_code == 303
    with Database(guarded.database_url).read() as db:
        new = db.execute(select(users.c.password)).scalar_one()
    assert new != old
    assert not passwords.is_old(new)
    assert passwords.is_right(new, PASSWORD)


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "Passw0rd!2026", "qwertyuiop123", "123456789012", "aaaaaaaaaaaaa"),
        *("letmeinletmein", "recontact2026!", "ada.lovelace99", "iloveyou.monday"),
        *("abcdefghijklmn", "Summer-2026-Winter", "trustno1trustno1"),
    ],
)
def test_passwords_that_everybody_tries_are_refused(password):
    """Common words with numbers, rows of keys, the person's own name."""
    with pytest.raises(UserError, match="first that are tried"):
        passwords.check_new(password, "ada.lovelace")


@pytest.mark.parametrize(
    "password",
    [
        *("correct horse battery", "only lower case letters", "äöü ßéè 日本語 ñandú"),
        *("x7x7x7kqkqkq", "z" * 60 + "y" * 60 + "quite long", " leading and trailing "),
    ],
)
def test_long_passwords_need_nothing_else(database, password):
    """No capital, digit or sign is asked for; every character counts, spaces too."""
    with database.write() as db:
        accounts.add_user(db, "ada", password)
        assert accounts.check_password(db, "ada", password)
        assert not accounts.check_password(db, "ada", password[:-1])
        assert not accounts.check_password(db, "ada", password.strip() + ".")


@contextmanager
def logged():
    """Collect what the service logs."""
    file, before = io.StringIO(), structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(file),
    )
    try:
        yield lambda: [json.loads(line) for line in file.getvalue().splitlines()]
    finally:
        structlog.configure(**before)


def test_the_log_names_who_signed_in_failed_and_was_refused(client, guarded):
    """And holds no password, token, or name that nobody has."""
    people.add(guarded.database_url, "cleo", "agent")
    with logged() as lines:
        people.sign_in(client, "ada", "wrong horse battery")
        people.sign_in(client, "maybe my password")
        with people.signed_in(client, "cleo") as cleo:
            cleo.get("/v1/at-risk")
            token = cleo.cookies["recontact_session"]
            people.send(cleo, "/sign-out")
        told = [line for line in lines() if line["event"] != "request"]
    assert [(line["event"], line.get("user")) for line in told] == [
        ("sign-in failed", "ada"),
        ("sign-in failed", None),
        ("signed in", "cleo"),
        ("refused", "cleo"),
        ("signed out", "cleo"),
    ]
    assert {line["address"] for line in told[:3]} == {"127.0.0.1"}
    for secret in (PASSWORD, token, "maybe my password", "wrong horse"):
        assert secret not in str(told)
