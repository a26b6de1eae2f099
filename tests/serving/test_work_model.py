"""Whatever several people do about a contact, in whatever order: as in the plain twin."""

import datetime as dt
import os
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run
from tests.reference.work import Contact

from recontact.evaluation.costs import Costs
from recontact.scoring import Ahead
from recontact_serving.follow_up import following_up, worklist
from recontact_serving.follow_up.follow_ups import FollowUps
from recontact_serving.follow_up.holdout import Holdout
from recontact_serving.follow_up.settling import settle
from recontact_serving.people.access import Access
from recontact_serving.people.roles import scopes_of
from recontact_serving.storage.clock import micros
from recontact_serving.storage.database import Database, put
from recontact_serving.storage.tables import follow_ups, scores
from recontact_serving.web.problems import ProblemError

T0 = dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC)
WINDOW = dt.timedelta(hours=48)
LEADS = ("lea", "ben")
BOSS = "boss"
PEOPLE = {name: Access(name, scopes_of("lead") - {"assign"}) for name in LEADS}
PEOPLE[BOSS] = Access(BOSS, scopes_of("lead"))
NAMES = ("a", "b")
ANSWER = '{"repeated": {}, "escalation": {}}'

person = st.sampled_from((*LEADS, BOSS))
which = st.sampled_from(NAMES)
outcome = st.sampled_from(("solved", "wrong_flag"))
hours = st.integers(1, 24 * 30)


def row(name):
    bands = {f"{o}_{part}": value for o in ("repeated", "escalation")
             for part, value in (("band", "high"), ("probability", 0.5))}  # fmt: skip
    who = {"program": "", "customer_id": "", "agent_id": None, "queue": None, "team": None}
    times = dict.fromkeys(("started_at", "at", "scored_at"), micros(T0))
    return {"moment": "wrapup", "contact_id": name, "answer": ANSWER, **who, **bands, **times}


class Work(RuleBasedStateMachine):
    """Several people at work on two contacts, and the twins of these."""

    database: ClassVar[Database]

    @initialize()
    def begin(self):
        self.at = T0
        self.twins = {name: Contact(T0 + WINDOW) for name in NAMES}
        made = FollowUps(Costs(), Holdout())
        with self.database.write() as db:
            db.execute(follow_ups.delete())
            db.execute(following_up.actions.delete())
            put(db, scores, [row(name) for name in NAMES])
            ahead = Ahead(micros(T0 + WINDOW) - micros(T0), None)
            put(db, follow_ups, [made.row(row(name), ahead) for name in NAMES])

    def act(self, name, who, action, said=None, **details):
        boss = PEOPLE[who].may("assign")
        status = 200
        try:
            with self.database.write() as db:
                following_up.act(db, name, action, details, PEOPLE[who], self.at)
        except ProblemError as error:
            status = error.document["status"]
        goes = self.twins[name].try_out(who, boss, action, said, self.at)
        assert status == (200 if goes else 409)

    @rule(minutes=st.sampled_from((1, 9, 11, 60, 24 * 60, 48 * 60)))
    def time_passes(self, minutes):
        self.at += dt.timedelta(minutes=minutes)

    @rule(name=which, who=person)
    def claim(self, name, who):
        self.act(name, who, "claim")

    @rule(name=which, who=person)
    def release(self, name, who):
        self.act(name, who, "release")

    @rule(name=which, to=person)
    def assign(self, name, to):
        self.act(name, BOSS, "assign", to, to=to)

    @rule(name=which, who=person, hours=hours)
    def snooze(self, name, who, hours):
        until = self.at + dt.timedelta(hours=hours)
        self.act(name, who, "snooze", until, until=until)

    @rule(name=which, who=person, outcome=outcome)
    def resolve(self, name, who, outcome):
        self.act(name, who, "resolve", outcome, outcome=outcome)

    @rule(name=which, who=person)
    def disagree(self, name, who):
        self.act(name, who, "disagree", reason="paid already")

    @rule(name=which, who=person)
    def note(self, name, who):
        self.act(name, who, "note", text="called")

    @rule(name=which, who=person)
    def undo(self, name, who):
        self.act(name, who, "undo")

    @invariant()
    def they_agree(self):
        settle(self.database, self.at)
        for name, twin in self.twins.items():
            twin.look(self.at)
            with self.database.read() as db:
                item = worklist.one(db, name, PEOPLE[BOSS])
                log = following_up.acted(db, name)
            told = {key: item[key] for key in ("state", "owner", "outcome", "disputed")}
            assert told == twin.now(self.at)
            assert [(one["action"], one["undone"]) for one in log] == twin.log()


@pytest.mark.parametrize(("kind", "runs"), [("sqlite", 12), ("postgresql", 3)])
def test_the_work_goes_as_in_the_plain_twin(new_database, kind, runs):
    """Same states, owners, outcomes, refusals and log, whoever does what and when."""
    with new_database(kind) as url:
        database = Database(url)
        machine = type("Machine", (Work,), {"database": database})
        runs *= 25 if os.environ.get("RECONTACT_CAMPAIGN") else 1
        run(machine, settings=settings(max_examples=runs, stateful_step_count=20,
                                                 deadline=None))  # fmt: skip
        database.close()
