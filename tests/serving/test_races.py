"""Many clients claim the same contacts at once: each contact gets one owner, and none is lost.

`RECONTACT_CAMPAIGN=1` has 50 clients claim 500 contacts.
"""

import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select
from tests.serving.conftest import NO_TLS
from tests.serving.test_at_risk import score

from recontact_serving.people import keys
from recontact_serving.storage.tables import actions, follow_ups

CLIENTS, ROWS = (50, 500) if os.environ.get("RECONTACT_CAMPAIGN") else (10, 30)
ASKED = {"contact_id": "?", "moment": "wrapup", "started_at": "2026-03-01T10:00:00Z",
         "at": "2026-03-01T10:10:00Z", "attributes": {"repeated": 0.5}}  # fmt: skip


def claims(address: str, key: str, names: list[str], seed: int) -> dict[str, int]:
    """Try to claim each contact, in an order of one's own; give what was answered."""
    headers = {"Authorization": f"Bearer {key}"}
    in_turn = random.Random(seed).sample(names, len(names))  # noqa: S311 - an order
    with httpx.Client(base_url=address, headers=headers, timeout=60, verify=NO_TLS) as client:
        return {name: client.post(f"/v1/at-risk/{name}/claim").status_code for name in in_turn}


def test_each_contact_gets_one_owner(start, guarded, models, database):
    """Of all clients one gets a contact, all others are told 409; the log knows of one claim."""
    with database.write() as db:
        made = [keys.add(db, f"k{i}", ["follow_up", "score"]) for i in range(CLIENTS)]
    running = start(guarded, models)
    names = [f"c{number}" for number in range(ROWS)]
    body = {"requests": [{**ASKED, "contact_id": name} for name in names]}
    first = {"Authorization": f"Bearer {made[0]}"}
    running.client.post("/v1/scores", json=body, headers=first).raise_for_status()
    with ThreadPoolExecutor(CLIENTS) as pool:
        tries = [pool.submit(claims, running.address, key, names, i) for i, key in enumerate(made)]
        told = [one.result() for one in tries]
    assert Counter(status for one in told for status in one.values()) == {
        200: ROWS, 409: ROWS * (CLIENTS - 1)}  # fmt: skip
    won = {name: f"k{i}" for i, one in enumerate(told) for name in names if one[name] == 200}
    with database.read() as db:
        rows = db.execute(select(follow_ups.c.contact_id, follow_ups.c.owner)).all()
        log = db.execute(select(actions.c.contact_id, actions.c.who)).all()
    assert dict(map(tuple, rows)) == won
    assert sorted(map(tuple, log)) == sorted(won.items())


def test_a_score_and_a_claim_at_once_lose_nothing(client, database):
    """A contact that is scored again while somebody claims it has its owner and its new score."""
    score(client, "a", 0.3)
    with ThreadPoolExecutor(2) as pool:
        for turn in range(20):
            chance = 0.5 + turn / 100
            again = pool.submit(score, client, "a", chance)
            action = "release" if turn % 2 else "claim"
            done = pool.submit(client.post, f"/v1/at-risk/a/{action}")
            again.result()
            assert done.result().status_code == 200
            with database.read() as db:
                row = db.execute(select(follow_ups)).mappings().one()
            assert row["repeated_probability"] == pytest.approx(chance)
            assert row["state"] == ("open" if turn % 2 else "claimed")
            assert row["version"] == turn + 1
