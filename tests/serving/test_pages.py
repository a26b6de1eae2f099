"""Pages over HTTP: what browsers are answered with, on both databases."""

import base64
import datetime as dt
import re

import pytest
from tests.serving.people import add, send, sign_in, signed_in

from recontact_serving.people import keys
from recontact_serving.people.forms import form_token
from recontact_serving.storage.clock import now
from recontact_serving.storage.database import Database

TEXT = {"Accept": "text/html,application/xhtml+xml"}
ODD = "c 1/2?ä&<b>"

sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def key(guarded) -> str:
    with Database(guarded.database_url).write() as db:
        return keys.add(db, "desktop", keys.SCOPES)


@pytest.fixture
def client(start, guarded, models, key):
    """Talks to a service with a lead, an analyst, and a contact whose name is odd."""
    add(guarded.database_url, "lea", "lead")
    add(guarded.database_url, "ann", "analyst")
    opened = start(guarded, models).client
    at = now() - dt.timedelta(minutes=9)
    known = {"customer_id": "u", "program": "acme", "team": "north", "moment": "wrapup"}
    bodies = [
        {**known, "contact_id": name, "started_at": at.isoformat(), "ended_at": at.isoformat()}
        for name in (ODD, "c-2")
    ]
    opened.post("/v1/scores", json={"requests": bodies}, headers={"Authorization": f"Bearer {key}"})
    return opened


@sqlite_alone
def test_errors_are_pages_for_browsers_alone(client):
    """Who asks for a page gets one, with words; programs and scripts get the problem."""
    page = client.get("/nowhere", headers=TEXT)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is nothing here" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for path, headers in (("/nowhere", {}), ("/v1/nowhere", TEXT)):
        problem = client.get(path, headers=headers)
        assert problem.status_code == 404
        assert problem.headers["content-type"] == "application/problem+json"
    bad = client.post("/sign-in", data={"name": "a", "password": "b", "token": "c"}, headers=TEXT)
    assert bad.status_code == 403
    assert "The form is out of date; load the page again and resend." in bad.text


@sqlite_alone
def test_a_fault_is_a_page_without_the_words_of_the_error(client, monkeypatch):
    """Whoever looks learns that it is ours, and nothing that was in the error."""

    def broken(*_: object) -> None:
        raise RuntimeError("customer u said so")

    with signed_in(client, "lea") as lea:
        monkeypatch.setattr("recontact_serving.pages.list_page.page_data", broken)
        page = lea.get("/", headers=TEXT)
        assert page.status_code == 500
        assert "Something went wrong" in page.text
        assert "customer u" not in page.text


@sqlite_alone
def test_any_name_of_a_contact_can_be_worked_on(client):
    """Slashes, spaces, signs and markup in a name neither break an address nor a page."""
    with signed_in(client, "lea") as lea:
        page = lea.get("/").text
        assert "<b>" not in page
        path = re.search(r'href="(/contacts/c%201/2[^"]*)"', page)[1]
        shown = lea.get(path)
        assert shown.status_code == 200
        assert "Nobody has it yet" in shown.text
        assert send(lea, f"{path}/claim", next=path).status_code == 303
        assert "You have it" in lea.get(path).text


def test_a_message_is_told_once(client):
    """What was done is said on the next page, and not again."""
    with signed_in(client, "lea") as lea:
        send(lea, "/contacts/c-2/claim", next="/")
        assert "You have contact c-2 now." in lea.get("/").text
        assert "You have contact c-2 now." not in lea.get("/").text


@sqlite_alone
def test_a_message_is_read_from_the_log(client):
    """A cookie that somebody made up says nothing that was not done, and breaks no page."""
    with signed_in(client, "lea") as lea:
        made_up = ("[]", "[1, [], 0]", '[1, ["x"], 0]', "[1e999, [], 0]", f"[{2**63}, [], 0]")
        for said in ("x", *(base64.urlsafe_b64encode(one.encode()).decode() for one in made_up)):
            lea.cookies.set("recontact_done", said)
            page = lea.get("/")
            assert page.status_code == 200
            assert "You have" not in page.text


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("snooze", {"when": "own", "until": "yesterday"}, "give the time until which to snooze"),
        ("snooze", {"when": "own", "until": "2001-01-01T10:00"}, "the next 30 days"),
        ("snooze", {"when": "never"}, "choose until when to snooze"),
        ("resolve", {"outcome": "magic"}, "give one of solved"),
        ("assign", {"to": "nobody"}, "name somebody who may follow up"),
        ("note", {"text": " "}, "write 1 to 2,000 characters"),
    ],
)
@sqlite_alone
def test_what_can_not_be_done_is_told_in_words(client, action, fields, words):
    """A form that can't be right leaves the contact as it was, and says why."""
    with signed_in(client, "lea") as lea:
        assert send(lea, f"/contacts/c-2/{action}", next="/", **fields).status_code == 303
        page = lea.get("/").text
        assert "Contact c-2 is as it was:" in page
        assert words in page


@sqlite_alone
def test_who_only_reads_sees_no_buttons(client):
    """An analyst sees the list without a way to work on it, and can't by a form either."""
    with signed_in(client, "ann") as ann:
        page = ann.get("/")
        assert "contact c-2" in page.text
        assert "Claim" not in page.text
        assert send(ann, "/contacts/c-2/claim").status_code == 403


def test_nothing_new_is_no_content(client):
    """A page that is right as it is costs an empty answer; one that is not learns of it."""
    with signed_in(client, "lea") as lea:
        shown = re.findall(r'name="shown" id="[^"]*" value="([^"]*)"', lea.get("/").text)
        asked = {"shown": [html(one) for one in shown], "fresh": "0", "done": "0"}
        assert len(shown) == 2
        assert send(lea, "/changes", **asked).status_code == 204
        send(lea, "/contacts/c-2/claim")
        changed = send(lea, "/changes", **asked)
        assert changed.status_code == 200
        assert changed.text.count("hx-swap-oob") >= 2
        assert "You have it" in changed.text


@sqlite_alone
def test_rows_of_the_longest_names_fit(client):
    """A page of these asks for what is new as others do: no proxy reads so long an address."""
    asked = {"shown": [f"open.0. {'ä' * 190}{k}" for k in range(100)], "fresh": "0", "done": "0"}
    with signed_in(client, "lea") as lea:
        changed = send(lea, "/changes?state=claimed", **asked)
        assert changed.status_code in {200, 204}
        assert len(str(changed.request.url)) < 200


@sqlite_alone
def test_a_page_that_no_list_gave_is_told_so(client):
    """The page says which part of its address is wrong, and so does what asks for news of it."""
    with signed_in(client, "lea") as lea:
        for answer in (lea.get("/?cursor=x"), send(lea, "/changes?cursor=x")):
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == "cursor"


def test_a_text_that_no_database_keeps_is_no_fault(client, guarded):
    """In an address or a form, signed in or not; there is nothing of such a name anyhow."""
    add(guarded.database_url, "ben", "manager")
    with signed_in(client, "ben") as ben:
        for path in ("/?team=%00", "/fcr?team=%00", "/proof?team=%00"):
            assert ben.get(path).status_code in {200, 422}, path
        for path, shown in (("/changes", "a \0"), ("/changes?team=%00", "a b")):
            assert send(ben, path, shown=shown).status_code in {200, 204, 422}, path
        for path in ("/contacts/a%00b", "/contacts/a%00b/forms"):
            assert ben.get(path).status_code in {404, 422}, path
        assert send(ben, "/contacts/a%00b/claim").status_code in {404, 422}
        assert send(ben, "/views", name="a\0b").status_code in {303, 422}
    assert sign_in(client, "a\0b").status_code in {401, 422}


@sqlite_alone
def test_a_view_keeps_filters_alone(client):
    """What is saved is what the list can be cut to, so that no view leads elsewhere."""
    with signed_in(client, "lea") as lea:
        led = send(lea, "/views", name=" my  team ", query="team=north&cursor=x&next=//evil")
        assert led.headers["location"] == "/?team=north"
        assert 'href="/?team=north">my team</a>' in lea.get("/").text.replace(
            ' aria-current="true"', ""
        )
        assert send(lea, "/views", name=" ", query="").status_code == 422
        led = send(lea, "/views", name="long", query="&".join(["team=north"] * 60))
        assert led.headers["location"] == "/?team=north"


@sqlite_alone
def test_where_nobody_signs_in_no_view_is_kept(start, settings, models):
    """It would be nobody's; that is told, and no fault."""
    form = {"name": "a", "query": "team=north", "token": form_token("")}
    answer = start(settings, models).client.post("/views", data=form)
    assert answer.status_code == 422
    assert "signed in" in answer.json()["detail"]


@sqlite_alone
def test_only_a_team_one_sees_gets_a_capacity(client, guarded):
    """A lead sets it for the team that is shown, and for no other."""
    add(guarded.database_url, "sol", "lead", teams=["south"])
    add(guarded.database_url, "pia", "lead", programs=["other"])
    with signed_in(client, "pia") as pia:
        assert send(pia, "/capacity", team="north", per_day="7").status_code == 404
    with signed_in(client, "sol") as sol:
        assert send(sol, "/capacity", team="north", per_day="7").status_code == 404
        assert send(sol, "/capacity", team="south", per_day="many").status_code == 422
        assert send(sol, "/capacity", team="south", per_day="7").status_code == 303
        assert "<strong>7 follow-ups</strong>" in sol.get("/?team=south").text


@sqlite_alone
def test_an_unreadable_zone_is_utc(client):
    """Whatever a cookie says, a page is shown."""
    with signed_in(client, "lea") as lea:
        for zone, words in (("Asia/Kathmandu", "(UTC+05:45)"), ("../../etc/passwd", "UTC")):
            lea.cookies.set("recontact_zone", zone)
            assert words in lea.get("/").text.rpartition("Times are in")[2]


def html(text: str) -> str:
    """Read a value as a browser would."""
    from html import unescape

    return unescape(text)
