"""The page of people: an admin adds, changes and removes them; nobody else gets there."""

import httpx
import pytest
from sqlalchemy import func, select
from tests.serving import people

from recontact.errors import UserError
from recontact_serving.people import accounts
from recontact_serving.people.accounts import Person
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import sessions

NEW = {"name": "ben", "password": people.PASSWORD, "role": "lead", "programs": "", "teams": ""}


@pytest.fixture
def client(guarded, start, models) -> httpx.Client:
    people.add(guarded.database_url)
    return start(guarded, models).client


@pytest.fixture
def ada(client) -> httpx.Client:
    with people.signed_in(client) as opened:
        yield opened


@pytest.fixture
def person(guarded):
    def found(name: str) -> Person:
        with Database(guarded.database_url).read() as db:
            return accounts.find_user(db, name)

    return found


def test_an_admin_adds_a_person_who_can_sign_in(ada, client, person):
    """With a role, and the programs and teams of the lines, empty ones left out."""
    form = NEW | {"programs": "acme\r\n\r\nother, with a comma ", "teams": "north"}
    answer = people.send(ada, "/people/add", **form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    ben = person("ben")
    assert ben.role == "lead"
    assert (ben.programs, ben.teams) == (("acme", "other, with a comma"), ("north",))
    page = ada.get("/people").text
    assert "other, with a comma" in page
    assert "ada (you)" in page
    with people.signed_in(client, "ben") as other:
        assert other.get("/people").status_code == 403
        assert 'href="/people"' not in other.get("/").text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "ada"}, "There is a user named &#39;ada&#39; already"),
        ({"password": "short"}, "The password has 5 characters"),
        ({"role": "owner"}, "&#39;owner&#39; is no role"),
        ({"role": "admin", "teams": "north"}, "An admin sees every program and team"),
        ({"name": "\u0007"}, "can&#39;t be used"),
    ],
)
def test_what_cannot_be_is_said_and_the_form_keeps_what_was_typed(ada, change, told):
    """422 with words; nobody is added."""
    answer = people.send(ada, "/people/add", **NEW | {"agent_id": "a-17"} | change)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="a-17"' in answer.text
    assert people.PASSWORD not in answer.text
    assert ">ben<" not in ada.get("/people").text


def test_an_admin_changes_a_person(ada, client, person, guarded):
    """Role, limits and password; a change of role or password ends the sessions."""
    people.add(guarded.database_url, "ben", "lead")
    with people.signed_in(client, "ben") as ben:
        form = {"name": "ben", "role": "agent", "agent_id": "a-17"}
        assert "ben" in ada.get("/people/change?name=ben").text
        assert people.send(ada, "/people/change", **form).status_code == 303
        assert ben.get("/").status_code == 303
    assert (person("ben").role, person("ben").agent_id) == ("agent", "a-17")
    form |= {"password": "seven green bottles"}
    assert people.send(ada, "/people/change", **form).status_code == 303
    assert people.sign_in(client, "ben").status_code == 401
    assert people.sign_in(client, "ben", "seven green bottles").status_code == 303


def test_an_admin_signs_people_out_and_removes_them(ada, client, guarded):
    """At once; what is left of them is nothing."""
    people.add(guarded.database_url, "ben", "lead")
    with people.signed_in(client, "ben") as ben:
        assert "1 browser" in ada.get("/people/change?name=ben").text
        assert people.send(ada, "/people/end-sessions", name="ben").status_code == 303
        assert ben.get("/").status_code == 303
        people.sign_in(ben, "ben")
        assert people.send(ada, "/people/remove", name="ben").status_code == 303
        assert ben.get("/").status_code == 303
    assert ada.get("/people/change?name=ben").status_code == 404
    with Database(guarded.database_url).read() as db:
        assert db.execute(select(func.count()).select_from(sessions)).scalar_one() == 1


def test_nobody_is_left_without_an_admin(ada, person, guarded):
    """The last one can be neither demoted nor removed, nor can anybody remove themselves."""
    people.add(guarded.database_url, "ben", "lead")
    demoted = people.send(ada, "/people/change", name="ada", role="lead")
    assert (demoted.status_code, "the last admin" in demoted.text.lower()) == (422, True)
    removed = people.send(ada, "/people/remove", name="ada")
    assert (removed.status_code, "remove yourself" in removed.text) == (422, True)
    with Database(guarded.database_url).write() as db, pytest.raises(UserError, match="last admin"):
        accounts.remove_user(db, "ada")
    people.send(ada, "/people/change", name="ben", role="admin")
    people.send(ada, "/people/change", name="ada", role="lead")
    assert (person("ada").role, person("ben").role) == ("lead", "admin")


def test_no_form_of_another_site_changes_people(ada, person):
    """Each form carries the token of the session."""
    for path in ("add", "change", "remove", "end-sessions"):
        form = NEW | {"name": "ada", "token": "0" * 64}
        assert ada.post(f"/people/{path}", data=form).status_code == 403
    assert person("ada").role == "admin"


def test_names_are_written_as_text(ada, guarded):
    """A name that looks like markup is none, and its address holds."""
    name = "<b>&\"'/?#%"
    people.add(guarded.database_url, name, "lead")
    page = ada.get("/people").text
    assert "<b>" not in page
    href = page.split('href="/people/change?name=')[2].split('"')[0]
    assert "&lt;b&gt;" in ada.get(f"/people/change?name={href}").text
    assert people.send(ada, "/people/remove", name=name).status_code == 303


def test_the_first_person_is_the_admin(database):
    """Whoever comes later gets the least, unless somebody says otherwise."""
    with database.write() as db:
        roles = [accounts.add_user(db, name, people.PASSWORD).role for name in ("ada", "ben")]
        assert roles == ["admin", "agent"]
        assert accounts.add_user(db, "cleo", people.PASSWORD, "analyst").role == "analyst"
