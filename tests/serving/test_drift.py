"""What is scored is compared with what the model learnt from, every hour."""

import orjson
import pyarrow.compute as pc
import pytest

from recontact.features.figures import Figures
from recontact.next_issues import NextIssues
from recontact.scoring import Scorer
from recontact_serving.hourly import drift
from recontact_serving.hourly.refreshing import Refresher
from recontact_serving.models.champions import Champions
from recontact_serving.storage.clock import micros, now
from recontact_serving.storage.database import Database
from recontact_serving.storage.tables import decisions
from recontact_serving.web.metrics import Metrics

DAY = 24 * 3_600_000_000


@pytest.fixture
def database(settings):
    database = Database(settings.database_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def told(learnt, simulated):
    """The features of 400 contacts at their start, as the log keeps them."""
    scorer = Scorer(learnt.bundles, Figures.none(), NextIssues({}, {}))
    judged = simulated.filter(pc.equal(simulated["channel"], "voice"))
    rows = judged.slice(len(judged) - 400).to_pylist()
    known = ("contact_id", "customer_id", "program", "channel", "queue", "started_at")
    contacts = [{name: row[name] for name in known} for row in rows]
    return [scorer.scored(c, (), moment="start", at=c["started_at"]).features for c in contacts]


def logged(database, features, scored_at=None) -> None:
    row = {"scored_at": scored_at or micros(now()), "contact_id": "c", "program": "",
           "customer_id": "", "moment": "start", "explain": "auto", "models": "{}",
           "answer": "{}"}  # fmt: skip
    with database.write() as db:
        rows = [{**row, "features": orjson.dumps(one).decode()} for one in features]
        db.execute(decisions.insert(), rows)


def test_a_queue_that_is_new_is_seen(database, learnt, told, settings, models):
    """In the metric too: it stands out, and what stayed the same does not."""
    bundle = learnt.bundles["repeated"]
    names = Scorer(learnt.bundles, Figures.none(), NextIssues({}, {})).names
    logged(database, told)
    before = drift.measure(database, bundle)["start"]
    moved = [list(one) for one in told]
    for one in moved:
        one[names.index("queue")] = "never seen"
    with database.write() as db:
        db.execute(decisions.delete())
    logged(database, moved)
    after = drift.measure(database, bundle)["start"]
    assert before["queue"] < 0.25
    assert after["queue"] > 1
    assert {k: v for k, v in after.items() if k != "queue"} == {
        k: v for k, v in before.items() if k != "queue"
    }
    champions, metrics = Champions(models, Metrics()), Metrics()
    Refresher(settings, database, champions, metrics).look()
    line = f'recontact_input_drift{{feature="queue",moment="start"}} {after["queue"]}'
    assert line in metrics.page().decode()


def test_few_scores_old_ones_and_those_of_other_models_tell_nothing(database, learnt, told):
    """Nor those that are not learnt from: known outcomes, channels that are not judged."""
    bundle = learnt.bundles["repeated"]
    names = Scorer(learnt.bundles, Figures.none(), NextIssues({}, {})).names
    already, chats = [list(one) for one in told], [list(one) for one in told]
    for one, other in zip(already, chats, strict=True):
        one[names.index("repeated_already")] = True
        other[names.index("channel")] = "chat"
    logged(database, told[: drift.LEAST - 1])
    logged(database, told, micros(now()) - DAY - 1_000_000)
    logged(database, [one[:-1] for one in told])
    logged(database, already + chats)
    assert drift.measure(database, bundle) == {}
    logged(database, told[:1])
    assert set(drift.measure(database, bundle)) == {"start"}
