"""Rows of one customer lead to each other, wherever on the list they are."""

import re
from html import unescape

import pytest
from sqlalchemy import event
from tests.serving.test_at_risk import names, score

from recontact_serving.follow_up import same_customer
from recontact_serving.follow_up.same_customer import others
from recontact_serving.people.access import Access

EVERYBODY = Access("ada", frozenset({"read"}))
LINK = re.compile(r'<a href="([^"]+)">(\d+\+? more of this customer)<')


def more(database, *contact_ids, access=EVERYBODY):
    with database.read() as db:
        return others(db, contact_ids, access)


def test_the_others_that_are_to_do_are_counted(client, database):
    """Of the same program, open or claimed; a customer who is not known is no customer."""
    for name in ("a", "b", "c", "done"):
        score(client, name, 0.5, customer_id="u1")
    score(client, "elsewhere", 0.5, customer_id="u1", program="p")
    score(client, "alone", 0.5, customer_id="u2")
    score(client, "x", 0.5)
    score(client, "y", 0.5)
    client.post("/v1/at-risk/b/claim").raise_for_status()
    client.post("/v1/at-risk/done/resolve", json={"outcome": "solved"}).raise_for_status()
    everything = ("a", "b", "c", "done", "elsewhere", "alone", "x", "y")
    assert more(database, *everything) == {"a": 2, "b": 2, "c": 2, "done": 3}


def test_others_teams_and_what_is_held_out_are_not_told(client, database):
    """Nobody learns of a contact that they may not see."""
    for name, team in (("a", "red"), ("b", "red"), ("c", "blue"), ("held", "red")):
        score(client, name, 0.5, customer_id="u1", team=team, program="p")
    with database.write() as db:
        db.exec_driver_sql("update follow_ups set state = 'held_out' where contact_id = 'held'")
    assert more(database, "a") == {"a": 2}
    red = Access("lea", frozenset({"read"}), teams=frozenset({"red"}))
    assert more(database, "a", access=red) == {"a": 1}
    assert more(database, "a", access=Access("x", red.scopes, programs=frozenset({"q"}))) == {}


def test_of_an_id_of_very_many_some_are_counted(client, database, monkeypatch):
    """One id may stand for everybody who is not known: that takes no longer, and says so."""
    for number in range(5):
        score(client, f"c{number}", 0.5, customer_id="unknown")
    monkeypatch.setattr(same_customer, "MOST", 3)
    monkeypatch.setattr("recontact_serving.pages.list_page.MOST", 3)
    assert set(more(database, "c0", "c1").values()) == {3}
    assert ">3+ more of this customer<" in client.get("/").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_they_are_looked_up_by_the_customer(database):
    """However long the list is, a page reads these alone."""
    said = []
    event.listen(database.engine, "before_cursor_execute", lambda *of: said.append(of[2:4]))
    with database.read() as db:
        others(db, ["a", "b"], Access("x", frozenset(), teams=frozenset({"red", "blue"})))
        text, values = said[-1]
        plan = [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
    looks = [step for step in plan if step.startswith("S") and "follow_ups" in step]
    own, other = [look.partition(" INDEX ")[2] for look in looks]
    assert own.endswith("(contact_id=?)")
    assert other == "worst_of_customer_id (customer_id=? AND state=?)"


def test_the_page_leads_to_them(client):
    """A row's link asks for the customer; there, no row tells of the others any more."""
    score(client, "a", 0.9, customer_id="u 1&2", program="p")
    score(client, "b", 0.5, customer_id="u3", program="p")
    score(client, "c", 0.4, customer_id="u 1&2", program="p")
    score(client, "d", 0.4, customer_id="u 1&2", program="q")
    links = LINK.findall(client.get("/?team=").text)
    assert {words for _, words in links} == {"1 more of this customer"}
    (address,) = {unescape(link) for link, _ in links}
    page = client.get(address).text
    shown = re.findall(r'aria-label="Choose contact (\w)"', page)
    assert shown == ["a", "c"]
    assert not LINK.search(page)
    assert 'name="customer_id" value="u 1&amp;2"' in page
    assert names(client, customer_id="u 1&2") == ["a", "d", "c"]
