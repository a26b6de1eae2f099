"""`recontact digest`: the list of the day as a file or the body of an e-mail."""

import json
from html.parser import HTMLParser

import pytest
from tests.serving.test_at_risk import score

from recontact_pipelines.cli import main
from recontact_serving.follow_up import capacity, digests
from recontact_serving.storage.tables import fcr_days

RED = {"team": "red", "program": "acme", "agent_id": "a-7"}


@pytest.fixture
def filled(client, database_url, monkeypatch):
    """A list of five contacts: one is late, one called again, one is of another team."""
    monkeypatch.setenv("RECONTACT_DATABASE_URL", database_url)
    for number in range(4):
        chances = {"repeated": 0.9 - number / 10, "due_h": 100_000 if number else 1}
        body = {"contact_id": f"c{number}", "customer_id": f"<u{number}>", **RED,
                "moment": "wrapup", "started_at": "2026-03-01T10:00:00Z",
                "at": "2026-03-01T10:10:00Z", "attributes": chances}  # fmt: skip
        client.post("/v1/score", json=body).raise_for_status()
    score(client, "other", 0.95, team="blue")
    again = {"contact_id": "later", "customer_id": "<u1>", "program": "acme", "moment": "start",
             "started_at": "2026-03-02T08:30:00Z", "reason": "billing"}  # fmt: skip
    client.post("/v1/score", json=again).raise_for_status()
    return client


def made(capsys, *words):
    assert main(["digest", *words]) == 0
    return capsys.readouterr().out


def test_it_holds_what_can_be_done_who_called_again_and_what_is_late(filled, database, capsys):
    """The worst of the team, as many as its capacity; the rest is told in numbers."""
    with database.write() as db:
        capacity.keep(db, "red", 2)
    told = json.loads(made(capsys, "--team", "red", "--json"))
    assert [item["contact_id"] for item in told["items"]] == ["c0", "c1"]
    assert (told["per_day"], told["to_do"], told["team"]) == (2, 4, "red")
    assert [item["contact_id"] for item in told["overdue"]] == ["c0"]
    (again,) = told["called_again"]
    assert again["called_again"] == {"contact_id": "later", "at": "2026-03-02T08:30:00Z",
                                     "reason": "billing"}  # fmt: skip
    filled.post("/v1/at-risk/c1/resolve", json={"outcome": "solved"})
    told = json.loads(made(capsys, "--team", "red", "--json"))
    assert [item["contact_id"] for item in told["items"]] == ["c0"]


@pytest.mark.usefixtures("filled")
def test_as_plain_text_it_reads_like_a_letter(capsys):
    """Numbers, reasons, times in the zone that was asked for; no markup."""
    text = made(capsys, "--program", "acme", "--zone", "Asia/Kolkata")
    assert "program acme" in text
    assert "the 4 worst of 4" in text
    assert "  1. <u0>  overdue by" in text
    assert "comes back 90% (high)" in text
    assert "- on hold for 1 min" in text
    assert "<u1>, 2 Mar, 14:00, about billing (contact c1, then later)" in text
    assert "blue" not in text


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


@pytest.mark.usefixtures("filled")
def test_as_a_page_mail_programs_show_it(tmp_path, capsys):
    """Styles stand in the elements, nothing is loaded from anywhere, what data say is text."""
    out = tmp_path / "new" / "morning.html"
    assert str(out) in made(capsys, "--out", str(out))
    page = _Page()
    page.feed(out.read_text(encoding="utf-8"))
    assert not {"style", "script", "link", "img", "a"} & set(page.tags)
    assert not {"class", "src", "href"} & {name for name, _ in page.attributes}
    assert page.tags.count("tr") == 1 + 5
    assert page.tags.count("th") == 2  # more columns do not fit a phone
    assert "<u0>" in page.text
    assert made(capsys, "--format", "html").startswith("<!doctype html>")


def test_long_lists_are_cut(filled, capsys, monkeypatch):
    """How many more there are is told."""
    monkeypatch.setattr(digests, "MOST_TOLD", 1)
    for number in range(2, 4):
        body = {"contact_id": f"more{number}", "customer_id": f"<u{number}>", "program": "acme",
                "moment": "start", "started_at": "2026-03-02T08:30:00Z"}  # fmt: skip
        filled.post("/v1/score", json=body).raise_for_status()
    assert "- and 2 more" in made(capsys)
    assert "<li>and 2 more</li>" in made(capsys, "--format", "html")


@pytest.mark.usefixtures("filled")
def test_what_can_not_be_made_is_told(capsys, monkeypatch, tmp_path):
    """A zone that there is not, and a database that is not there."""
    assert main(["digest", "--zone", "Mars"]) == 1
    assert "Mars" in capsys.readouterr().err
    monkeypatch.setenv("RECONTACT_DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
    assert main(["digest"]) == 1
    assert "none.db" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.usefixtures("filled")
def test_a_file_is_named_as_what_it_holds(capsys, tmp_path):
    """A name for what can't be written is refused, unless the form is said."""
    out = tmp_path / "m.pdf"
    assert main(["digest", "--out", str(out)]) == 1
    assert "HTML or text, not .pdf" in capsys.readouterr().err
    assert not out.exists()
    assert main(["digest", "--out", str(out), "--format", "text"]) == 0
    assert out.exists()


@pytest.mark.usefixtures("filled")
def test_a_team_or_program_that_no_contact_has_is_said(capsys, database):
    """To a digest, a key and a person alike, with what was perhaps meant; nothing else changes."""
    numbers = {column.name: 0 for column in fcr_days.c}
    names = {"by": "", "entity": "", "program": "acme", "team": "green"}
    with database.write() as db:
        db.execute(fcr_days.insert(), numbers | names)
    for words in (["digest"], ["keys", "add", "k"], ["users", "set", "u", "--role", "lead"]):
        main([*words, "--team", "gren", "--program", "Acme"])
        err = capsys.readouterr().err
        assert "no contact is of team 'gren': did you mean 'green'?" in err
        assert "no contact is of program 'Acme': did you mean 'acme'?" in err
    assert main(["erase", "x", "--program", "Acme", "--yes"]) == 0
    assert "did you mean 'acme'?" in capsys.readouterr().err
    made(capsys, "--team", "red", "--program", "acme")
    assert main(["digest", "--team", "green"]) == 0
    assert "no contact is" not in capsys.readouterr().err


def test_an_empty_list_says_so(database_url, monkeypatch, capsys):
    """Nothing is to be done: that too is news."""
    monkeypatch.setenv("RECONTACT_DATABASE_URL", database_url)
    assert "Nothing is to be done." in made(capsys)
    assert "Nothing is to be done." in made(capsys, "--format", "html")
