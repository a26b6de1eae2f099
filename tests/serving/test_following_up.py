"""The work on the list: who has what, what is refused, and what is kept of it."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from tests.serving import people
from tests.serving.test_at_risk import names, score

from recontact_serving.follow_up import following_up, settling
from recontact_serving.follow_up.settling import settle
from recontact_serving.people import keys
from recontact_serving.people.access import Access
from recontact_serving.people.forms import HEADER, SESSION_COOKIE, form_token
from recontact_serving.people.roles import scopes_of
from recontact_serving.storage.clock import now
from recontact_serving.storage.database import Database
from recontact_serving.web.problems import ProblemError

HOUR = dt.timedelta(hours=1)
LEA = Access("lea", scopes_of("lead") - {"assign"})
BEN = Access("ben", scopes_of("lead") - {"assign"})
BOSS = Access("boss", scopes_of("manager"))


@pytest.fixture
def act(client, database):
    """Acts on contact `a`, which is at risk; at an instant a while after it was scored."""
    score(client, "a", 0.5, team="red", customer_id="u1")

    def acting(action: str, who: Access = LEA, after: dt.timedelta = HOUR * 0, **details: Any):
        with database.write() as db:
            return following_up.act(db, "a", action, details, who, now() + after)

    return acting


def refused(act, status: int, *args: Any, **details: Any) -> dict[str, Any]:
    with pytest.raises(ProblemError) as caught:
        act(*args, **details)
    assert caught.value.document["status"] == status
    return caught.value.document


def where(item: dict[str, Any]) -> tuple:
    return item["state"], item["owner"]


def test_one_claims_it_and_nobody_else(act):
    """A second claim is told who has it, even the owner's own."""
    assert where(act("claim")) == ("claimed", "lea")
    told = refused(act, 409, "claim", BEN)
    assert (told["owner"], told["state"], told["detail"]) == (
        "lea",
        "claimed",
        "lea has it already",
    )
    assert refused(act, 409, "claim")["detail"] == "you have it already"


@pytest.mark.parametrize(("action", "details"), [
    ("release", {}),
    ("resolve", {"outcome": "solved"}),
    ("snooze", {"until": now() + 2 * HOUR}),
])  # fmt: skip
def test_what_somebody_has_is_theirs(act, action, details):
    """Others may not touch it, but who may assign may; anybody may say something about it."""
    act("claim")
    assert refused(act, 409, action, BEN, **details)["owner"] == "lea"
    assert act("note", BEN, text="called, no answer")["owner"] == "lea"
    assert act("disagree", BEN, reason="paid already")["disputed"]
    assert act(action, BOSS, **details)["version"] == 4


def test_release_gives_it_to_everybody(act):
    """What nobody has can't be released; what was, others can claim."""
    assert refused(act, 409, "release")["detail"] == "nobody has it"
    act("claim")
    assert where(act("release")) == ("open", None)
    assert where(act("claim", BEN)) == ("claimed", "ben")


def test_resolved_it_leaves_the_list(act, client):
    """It is found by its state; nothing but words can be added."""
    found = act("resolve", outcome="not_reached")
    assert (*where(found), found["outcome"]) == ("resolved", "lea", "not_reached")
    assert names(client) == []
    assert names(client, state="resolved") == names(client, state="resolved", owner="lea") == ["a"]
    for action, details in (
        ("claim", {}), ("release", {}), ("snooze", {"until": now() + HOUR}),
        ("resolve", {"outcome": "solved"}),
    ):  # fmt: skip
        assert refused(act, 409, action, **details)["detail"] == "it is resolved already"
    assert act("note", text="sent a letter")["state"] == "resolved"


@pytest.mark.parametrize("claimed", [True, False])
def test_a_snooze_ends_by_itself(act, client, database, claimed):
    """Meanwhile it is not on the list; then it is again, with who had it, for a day at least."""
    if claimed:
        act("claim")
    until = now() + 5 * 24 * HOUR
    assert act("snooze", until=until)["until"] == until.isoformat().replace("+00:00", "Z")
    assert names(client) == []
    assert names(client, state="snoozed") == ["a"]
    assert settle(database, until - HOUR) == 0
    assert settle(database, until) == 1
    (item,) = client.get("/v1/at-risk").json()["items"]
    assert where(item) == (("claimed", "lea") if claimed else ("open", None))
    assert item["until"] is None
    assert settle(database, until + 23 * HOUR) == 0
    assert settle(database, until + 25 * HOUR) == (0 if claimed else 1)


def test_the_list_can_be_read_while_it_can_not_be_written(act, database, monkeypatch):
    """What is due stays as it is until the next time."""
    until = now() + HOUR
    act("snooze", until=until)

    def locked():
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(database, "write", locked)
    assert settle(database, until) == 0
    monkeypatch.undo()
    assert settle(database, until) == 1


def test_who_acts_before_the_list_is_read_sees_that_the_snooze_is_over(act):
    """What would have changed by itself counts as changed."""
    act("claim")
    act("snooze", until=now() + HOUR)
    done = act("note", BEN, after=2 * HOUR, text="?")
    assert (*where(done), done["version"]) == ("claimed", "lea", 4)


def test_what_nobody_took_in_time_lapses(act, client, database):
    """A window after the score it leaves the list; it can be taken all the same."""
    assert settle(database, now() + 47 * HOUR) == 0
    assert settle(database, now() + 48 * HOUR) == 1
    assert names(client) == []
    assert names(client, state="lapsed") == ["a"]
    assert where(act("claim")) == ("claimed", "lea")


def test_much_that_is_due_changes_bit_by_bit(client, database, monkeypatch):
    """No transaction is long; who reads waits for some of it, the hourly process for all."""
    monkeypatch.setattr(settling, "AT_ONCE", 2)
    for number in range(9):
        score(client, f"c{number}", 0.5)
    later = now() + 49 * HOUR
    assert settle(database, later, rounds=2) == 4
    assert len(names(client)) == 5
    assert settle(database, later, rounds=None) == 5
    assert names(client) == []


def test_what_is_claimed_never_lapses(act, database):
    """It is somebody's until they say what came of it."""
    act("claim")
    assert settle(database, now() + 1000 * HOUR) == 0


def test_an_undo_takes_back_ones_last_action(act):
    """As it was before, and only once."""
    act("claim")
    act("resolve", outcome="coached")
    back = act("undo")
    assert (*where(back), back["outcome"], back["version"]) == ("claimed", "lea", None, 3)
    assert "not yours" in refused(act, 409, "undo")["detail"]


def test_an_undo_is_of_ones_own_fresh_action(act, database):
    """Not of others', not after 10 minutes, not after the state has changed by itself."""
    act("snooze", until=now() + 5 * dt.timedelta(minutes=1))
    assert "not yours" in refused(act, 409, "undo", BEN)["detail"]
    assert "10 minutes" in refused(act, 409, "undo", LEA, HOUR / 5)["detail"]
    assert "changed since" in refused(act, 409, "undo", LEA, HOUR / 10)["detail"]
    settle(database, now() + HOUR / 10)
    assert "changed since" in refused(act, 409, "undo")["detail"]


def test_an_agent_takes_the_own_dispute_back_and_nothing_else(act, client):
    """Where nothing has happened since; what it was like before is left to others."""
    score(client, "a", 0.5, team="red", customer_id="u1", agent_id="a-7")
    agent = Access("ann", scopes_of("agent"), agent_id="a-7")
    act("claim")
    assert act("disagree", agent, reason="it was paid")["disputed"]
    assert "not yours" in refused(act, 409, "undo")["detail"]
    assert "10 minutes" in refused(act, 409, "undo", agent, HOUR / 5)["detail"]
    back = act("undo", agent)
    assert (*where(back), back["disputed"]) == ("claimed", "lea", False)
    assert "not yours" in refused(act, 409, "undo", agent)["detail"]
    act("release")
    act("claim", Access("ann", LEA.scopes))
    assert "`follow_up`" in refused(act, 403, "undo", agent)["detail"]  # a lead until just now


def test_an_agent_disputes_and_takes_it_back_over_http(start, guarded, models):
    """In the own session, with the token of its forms, and of the own contacts alone."""
    people.add(guarded.database_url, "ann", "agent", agent_id="a-7")
    with Database(guarded.database_url).write() as db:
        secret = keys.add(db, "scorer", ["score"])
    running = start(guarded, models)
    bearer = {"Authorization": f"Bearer {secret}"}
    with people.browser(running.client, **bearer) as desktop:
        for contact_id, agent_id in (("own", "a-7"), ("other", "a-8")):
            score(desktop, contact_id, 0.5, agent_id=agent_id)
    with people.signed_in(running.client, "ann") as ann:
        header = {HEADER: form_token(ann.cookies[SESSION_COOKIE])}
        path = "/v1/at-risk/own"
        assert ann.post(f"{path}/disagree", json={"reason": "no"}).status_code == 403
        said = ann.post(f"{path}/disagree", json={"reason": "no"}, headers=header)
        assert said.json()["disputed"] is True
        assert ann.post(f"{path}/undo", headers=header).json()["disputed"] is False
        assert ann.post(f"{path}/claim", headers=header).status_code == 403
        for action, body in (("disagree", {"reason": "no"}), ("undo", {})):
            answer = ann.post(f"/v1/at-risk/other/{action}", json=body, headers=header)
            assert answer.status_code == 404


def test_who_may_assign_gives_it_to_others(act):
    """Also what somebody else has; others may not."""
    act("claim", BEN)
    assert refused(act, 403, "assign", to="lea")["detail"].endswith("`assign`")
    assert where(act("assign", BOSS, to="lea")) == ("claimed", "lea")
    assert refused(act, 409, "assign", BOSS, to="lea")["owner"] == "lea"
    assert where(act("release")) == ("open", None)


@pytest.mark.parametrize(("action", "details", "field"), [
    ("resolve", {"outcome": "gone"}, "/outcome"),
    ("snooze", {"until": now() - HOUR}, "/until"),
    ("snooze", {"until": now() + 31 * 24 * HOUR}, "/until"),
    ("snooze", {}, "/until"),
    ("note", {"text": "  "}, "/text"),
    ("disagree", {"reason": "x" * 2001}, "/reason"),
    ("assign", {"to": ""}, "/to"),
])  # fmt: skip
def test_details_that_can_not_be_right_are_named(act, action, details, field):
    """422 with the field; nothing is changed or kept."""
    assert refused(act, 422, action, BOSS, **details)["errors"][0]["pointer"] == field
    assert act("claim")["version"] == 1


def test_all_that_was_done_is_kept(act, database):
    """In order: who, when, with which details, and what was taken back."""
    act("claim")
    act("note", BEN, text="a second home")
    act("resolve", outcome="solved")
    act("undo")
    with database.read() as db:
        log = following_up.acted(db, "a")
    assert [(one["who"], one["action"], one["undone"]) for one in log] == [
        ("lea", "claim", False), ("ben", "note", False), ("lea", "resolve", True),
        ("lea", "undo", False)]  # fmt: skip
    assert [one["details"] for one in log] == [
        {}, {"text": "a second home"}, {"outcome": "solved"}, {}]  # fmt: skip


@pytest.mark.parametrize("who", [
    Access("x", scopes_of("lead"), teams=frozenset({"blue"})),
    Access("x", scopes_of("lead"), programs=frozenset({"acme"})),
    Access("x", scopes_of("agent"), agent_id="a-7"),
    Access("x", scopes_of("agent")),
])  # fmt: skip
def test_what_one_may_not_see_is_not_there(act, who):
    """404 for rows of other teams, programs and agents, as for a row that is not there."""
    told = refused(act, 404, "disagree", who, reason="no")
    assert told["detail"] == following_up.NOT_THERE


def test_another_score_leaves_the_work_as_it_is(act, client):
    """Cost and bands are the new ones."""
    act("claim")
    score(client, "a", 0.1, team="red", customer_id="u1")
    (item,) = client.get("/v1/at-risk").json()["items"]
    assert (*where(item), item["version"]) == ("claimed", "lea", 1)
    assert item["repeated"]["band"] == "low"
    assert item["cost"] == pytest.approx(0.4 * 8 * 0.1)


def test_over_http_each_action_has_its_path(client):
    """Bodies are strict; where there is nothing to say, there need be none."""
    score(client, "a 1", 0.5)
    path = "/v1/at-risk/a%201"
    soon = (now() + HOUR).isoformat()
    for action, body in (
        ("claim", None), ("release", {}), ("snooze", {"until": soon}), ("undo", None),
        ("disagree", {"reason": "no"}), ("note", {"text": "yes"}), ("assign", {"to": "lea"}),
        ("resolve", {"outcome": "solved"}),
    ):  # fmt: skip
        more = {} if body is None else {"json": body}
        answer = client.post(f"{path}/{action}", **more)
        assert answer.status_code == 200, answer.text
        assert answer.json()["contact_id"] == "a 1"
    found = client.get(path).json()
    assert (found["state"], found["owner"], found["disputed"]) == ("resolved", "lea", True)
    assert [one["action"] for one in found["log"]][-2:] == ["assign", "resolve"]
    for bad, body in (("claim", {"x": 1}), ("snooze", {"until": 5}), ("resolve", {})):
        assert client.post(f"{path}/{bad}", json=body).status_code == 422
    assert client.post("/v1/at-risk/none/claim").status_code == 404
    assert client.get("/v1/at-risk/none").status_code == 404


def test_several_at_once_each_get_their_answer(client):
    """In the order in which they were asked for; what is refused stops nobody else."""
    for name in ("a/1", "b"):
        score(client, name, 0.5)
    asked = [
        {"contact_id": "b", "action": "claim"},
        {"contact_id": "gone", "action": "claim"},
        {"contact_id": "a/1", "action": "resolve", "outcome": "no_issue"},
        {"contact_id": "b", "action": "claim"},
        {"contact_id": "b", "action": "dance"},
        {"contact_id": "b", "action": "snooze"},
    ]
    results = client.post("/v1/at-risk/bulk", json={"requests": asked}).json()["results"]
    assert [one.get("status", one.get("state")) for one in results] == [
        "claimed", 404, "resolved", 409, 422, 422]  # fmt: skip
    assert [one["contact_id"] for one in results] == [one["contact_id"] for one in asked]
    many = {"requests": [asked[0]] * 201}
    assert client.post("/v1/at-risk/bulk", json=many).status_code == 422
