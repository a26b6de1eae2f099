"""Runs and models in MLflow: what is kept, who is champion, how it changes and goes back."""

import dataclasses
import datetime as dt
import json
from itertools import count

import mlflow
import numpy as np
import pyarrow as pa
import pytest

from recontact.errors import UserError
from recontact.evaluation.metrics import roc_auc
from recontact.model.bundle import Bundle
from recontact.model.expected import Expected
from recontact.model.fitting import judged, moments_of
from recontact.tracking import (
    changes,
    load_bundle,
    load_bundles,
    models,
    open_store,
    promote,
    rollback,
    weigh,
)
from recontact.tracking.record import objections, record, set_champions, write_files
from recontact.tracking.registry import NAMES, aliases, crown, history, pair
from recontact.tracking.store import speaking
from recontact.tracking.tested import SCORES_FILE, scores_of
from recontact_pipelines.cli import main

FINE = {"median_ms": 1.0, "steps": 1000}
BLIND = {"rows": 900, "roc_auc": 0.51, "error": 0.01, "passed": True, "undefined": None}
CLEAN = {"passed": True, "verdict": "passed", "text": "nothing leaks"}


@pytest.fixture
def keep(store, learnt, monkeypatch):
    """Record a training whose models know so much; set the champions.

    `ours`, `rule` and `champion` are the share of the contacts that each knows the true chance
    of; of the others it knows the mean. Such scores are honest, and more is better.
    """
    # pictures, page and metrics are the same for every test and take seconds
    monkeypatch.setattr("recontact.model.training.plots", lambda *_: {"importance": b"png"})
    monkeypatch.setattr("recontact.tracking.record.page", lambda *_: "page")
    monkeypatch.setattr("recontact.tracking.record.metrics", lambda *_: {"one": 1.0})
    monkeypatch.setattr("recontact.tracking.conditions.REPLICATES", 100)

    def run(
        *,
        policy="one",
        data="a",
        ours=0.8,
        rule=0.2,
        champion=None,
        beside=None,
        some=lambda ids: np.ones(len(ids), dtype=bool),
        shift=0.0,
        took=FINE,
        leaks=CLEAN,
        shuffled=BLIND,
        test_from=None,
        constant=None,
    ):
        known = {"recontact": ours, "contacts_7d": rule, "champion": champion}
        known = {model: share for model, share in known.items() if share is not None}
        test = learnt.test.filter(pa.array(some(learnt.test["contact_id"].to_pylist())))
        trials = [
            _trial(trial, test, known, shift) for trial in learnt.trials if trial.target != constant
        ]
        changed = {
            "policy_digest": policy,
            "data_digest": data,
            "figures": [row for trial in trials for row in _figures(trial, learnt.evaluation)],
            "latency": dict.fromkeys(NAMES, took),
            "leak_check": leaks,
            "shuffled_check": dict.fromkeys(NAMES, shuffled) if shuffled else {},
        }
        evaluation = learnt.evaluation | changed
        if test_from:
            evaluation["test"] = evaluation["test"] | {"from": test_from}
        bundles = {t: _bundle(b, policy, t == constant) for t, b in learnt.bundles.items()}
        new = dataclasses.replace(
            learnt, bundles=bundles, trials=trials, evaluation=evaluation, test=test
        )
        run_id, versions = record(store, new, dict.fromkeys(bundles, beside) if beside else {})
        return run_id, set_champions(store, versions)

    return run


def _bundle(bundle, policy, constant):
    more = {"constant": "none escalated"} if constant else {}
    return dataclasses.replace(bundle, policy_digest=policy, facts=bundle.facts | more)


def _trial(trial, test, known, shift):
    """Give a trial of the same contacts with made-up chances, outcomes and scores."""
    own = judged(test, trial.target)
    own = own.filter(pa.array(moments_of(own) == trial.moment))
    ids = [int.from_bytes(i[-6:].encode(), "big") for i in own["contact_id"].to_pylist()]
    draws = np.array([np.random.default_rng(i).random(3) for i in ids])
    chance = np.where(draws[:, 0] < 0.3, 0.7, 0.1)
    scores = {
        model: np.where(draws[:, 2] < share, chance, 0.28) + shift for model, share in known.items()
    }
    before = own["contacts_before"].to_numpy(zero_copy_only=False)
    outcome = (draws[:, 1] < chance) * 1.0
    return dataclasses.replace(trial, outcome=outcome, before=before, scores=scores)


def _figures(trial, evaluation):
    """Give the rows of figures of a trial: those of the real training, with its own AUC."""
    rows = [
        row
        for row in evaluation["figures"]
        if (row["target"], row["moment"], row["model"]) == (trial.target, trial.moment, "recontact")
    ]
    return [
        dict(row, model=model, roc_auc=roc_auc(trial.outcome, score))
        for row in rows
        for model, score in trial.scores.items()
    ]


def champions(store):
    return {target: aliases(store, name).get("champion") for target, name in NAMES.items()}


def test_a_run_keeps_all_that_explains_its_models(store, learnt):
    """Parameters, figures, page, plots, cards, policy, data; versions with signature, digests."""
    run_id, _ = record(store, learnt, {})
    run = store.client.get_run(run_id)
    files = {f.path for f in store.client.list_artifacts(run_id)}
    assert files == {
        "evaluation.html",
        "evaluation.json",
        "model_card_escalation.md",
        "model_card_repeated.md",
        "plots",
        "policy.yaml",
        SCORES_FILE,
    }
    pictures = {f.path for f in store.client.list_artifacts(run_id, "plots")}
    assert {f"plots/capacity_{target}.png" for target in NAMES} < pictures
    assert run.data.params["seed"] == "0"
    assert run.data.tags["data_digest"] == learnt.evaluation["data_digest"]
    assert 0.5 < run.data.metrics["repeated/wrapup/all/recontact/roc_auc"] < 1
    assert run.inputs.dataset_inputs[0].dataset.name == "contacts"
    for target, name in NAMES.items():
        signature = mlflow.models.get_model_info(f"models:/{name}/1").signature
        assert signature.inputs.input_names() == list(learnt.bundles[target].encoding.features)
        tags = store.client.get_model_version(name, "1").tags
        assert tags["policy_digest"] == learnt.evaluation["policy_digest"]


def test_the_plots_are_drawn_once(learnt, tmp_path, monkeypatch):
    """What the run keeps and what `train --out` writes are the same pictures."""
    drawn = []
    monkeypatch.setattr("recontact.model.training.plots", lambda *_: drawn.append(1) or {"a": b"b"})
    new = dataclasses.replace(learnt)
    for name in ("run", "out"):
        (tmp_path / name).mkdir()
        write_files(tmp_path / name, new)
        assert (tmp_path / name / "plots" / "a.png").read_bytes() == b"b"
    assert len(drawn) == 1


def test_a_registered_model_loads_as_it_was_trained(store, learnt, keep, tmp_path):
    """By alias, number and run the same bundle comes back, and MLflow's own loader reads it."""
    run_id, _ = keep(policy=learnt.evaluation["policy_digest"])
    for ref in ("champion", "1", run_id):
        loaded = load_bundle("recontact-repeated", ref, store=store)
        expected = Expected.of(learnt.bundles["repeated"])
        told = {"version": "1", "expected": expected}
        assert loaded == dataclasses.replace(learnt.bundles["repeated"], **told)
    folder = mlflow.artifacts.download_artifacts(
        "models:/recontact-repeated@champion", dst_path=str(tmp_path / "model")
    )
    assert Bundle.load(folder).model == learnt.bundles["repeated"].model
    assert mlflow.lightgbm.load_model(folder).num_trees() == loaded.facts["trees"]


def test_the_first_model_that_beats_the_rule_is_champion(store, keep):
    """A second one of the same policy is not, however good; it says how to promote it."""
    keep(ours=0.6)
    _, said = keep(ours=0.9)
    assert champions(store) == {"repeated": "1", "escalation": "1"}
    assert said["repeated"].endswith("recontact promote 2")


def test_what_the_gate_has_against_a_first_champion_is_told(store, keep):
    """In its words; nothing of one that passes, nor of a version that is no champion."""
    keep(shift=0.2)
    told = objections(store, pair(store, "1"))
    assert {t: [text.partition(":")[0] for text in texts] for t, texts in told.items()} == {
        target: ["it is not calibrated"] for target in NAMES
    }
    keep(shift=0.2)
    assert objections(store, pair(store, "2")) == {}
    keep(policy="two")
    assert objections(store, pair(store, "3")) == {}


def test_a_model_that_does_not_beat_the_rule_is_no_champion(store, keep):
    """Equal to the rule is not better; scoring then says that there is no champion."""
    keep(ours=0.5, rule=0.5)
    assert champions(store) == {"repeated": None, "escalation": None}
    with pytest.raises(UserError, match="recontact-repeated has no champion yet"):
        load_bundles(store=store)


def test_a_first_model_with_a_proven_leak_is_no_champion(store, keep):
    """A value that held what came later is proof; a feature that tells much is only suspected."""
    _, said = keep(leaks={"passed": False, "verdict": "leaks", "text": "x held the future"})
    assert said["repeated"] == "no champion: its data leaks: x held the future"
    assert champions(store) == {"repeated": None, "escalation": None}
    keep(leaks={"passed": False, "verdict": "suspected", "text": "x tells too much"})
    assert champions(store) == {"repeated": "2", "escalation": "2"}


def test_a_new_policy_gets_its_champion_and_the_old_one_can_return(store, keep):
    """There is none for the new digest, so its model takes over; rollback goes back."""
    keep(policy="one")
    _, said = keep(policy="two")
    assert champions(store) == {"repeated": "2", "escalation": "2"}
    assert "in place of version 1 with policy one" in said["repeated"]
    rollback("back to one", uri=store.uri)
    assert load_bundles(store=store)["repeated"].policy_digest == "one"


def refusal(store, ref="2"):
    """Give the names of the conditions that do not hold, and see that promotion refuses."""
    before = champions(store)
    with pytest.raises(UserError, match="is not promoted"):
        promote(ref, uri=store.uri)
    assert champions(store) == before
    weighed = weigh(ref, uri=store.uri)
    return {c.name for one in weighed.values() for c in one.conditions if not c.passed}


def test_what_is_better_in_every_way_is_promoted(store, keep):
    """All conditions hold, each with its figures, and both models move."""
    keep(ours=0.5)
    keep(ours=0.9, champion=0.5, beside="1")
    conditions = weigh("2", uri=store.uri)["repeated"].conditions
    names = ["rule", "champion", "calibration", "latency", "leaks", "shuffled"]
    assert [(c.name, c.passed) for c in conditions] == [(name, True) for name in names]
    beside = conditions[1]
    assert beside.low > 0
    assert beside.difference == pytest.approx(beside.challenger - beside.against)
    moved = promote("2", "autumn data", uri=store.uri)
    assert [(m["version"], m["previous"]) for m in moved] == [("2", "1"), ("2", "1")]
    assert champions(store) == {"repeated": "2", "escalation": "2"}


def test_what_chance_may_have_made_better_is_refused(store, keep):
    """A gain as small as here comes by chance; so does none at all, and a loss is no gain."""
    keep(ours=0.8)
    keep(ours=0.81, champion=0.8, beside="1")
    better = weigh("2", uri=store.uri)["repeated"].conditions[1]
    assert better.difference > 0
    assert better.low <= 0
    assert refusal(store) == {"champion"}
    keep(ours=0.5, champion=0.8, beside="1")
    assert refusal(store, "3") == {"champion"}


def test_what_does_not_beat_the_rule_is_refused(store, keep):
    """However bad the champion is."""
    keep(ours=0.3)
    keep(ours=0.9, rule=0.9, champion=0.3, beside="1")
    assert refusal(store) == {"rule"}


def test_probabilities_that_are_off_are_refused(store, keep):
    """A tenth too much at every contact: the ranking is as good, the probability is not."""
    keep(ours=0.5)
    keep(ours=0.9, champion=0.5, beside="1", shift=0.1)
    assert refusal(store) == {"calibration"}
    (found,) = [c for c in weigh("2", uri=store.uri)["repeated"].conditions if not c.passed]
    assert found.challenger == pytest.approx(0.1, abs=0.04)
    assert found.against < 0.08


def test_a_slow_model_is_refused(store, keep):
    """The time of a score with its explanation, measured at training, has a budget."""
    keep(ours=0.5)
    keep(ours=0.9, champion=0.5, beside="1", took=FINE | {"median_ms": 5.01})
    assert refusal(store) == {"latency"}


def test_a_leak_is_refused(store, keep):
    """Suspected is enough: the figures may be too good to be true."""
    keep(ours=0.5)
    leaks = {"passed": False, "verdict": "suspected", "text": "x tells too much"}
    keep(ours=0.9, champion=0.5, beside="1", leaks=leaks)
    assert refusal(store) == {"leaks"}


def test_a_model_that_finds_something_in_shuffled_outcomes_is_refused(store, keep):
    """Something has seen the outcomes, so that no other figure can be trusted."""
    keep(ours=0.5)
    told = BLIND | {"passed": False, "roc_auc": 0.8}
    keep(ours=0.9, champion=0.5, beside="1", shuffled=told)
    assert refusal(store) == {"shuffled"}
    (text,) = weigh("2", uri=store.uri)["repeated"].objections
    assert "taught shuffled outcomes finds them in later contacts" in text
    assert "0.8000" in text
    assert models(store.uri)[0]["conditions"]["repeated"]["shuffled"]["passed"] is False


@pytest.mark.parametrize(
    ("shuffled", "why"),
    [
        (BLIND | {"passed": None, "roc_auc": None, "undefined": "too few cases"}, "too few cases"),
        (None, "left out in training"),
    ],
)
def test_a_shuffled_check_that_was_not_done_is_said(store, keep, capsys, shuffled, why):
    """It refuses nothing, is no mark in the list, and the comparison says why."""
    keep(ours=0.5)
    keep(ours=0.9, champion=0.5, beside="1", shuffled=shuffled)
    assert main(["promote", "2", "--mlflow-uri", store.uri]) == 0
    assert f"note: it was not checked with shuffled outcomes: {why}" in capsys.readouterr().out
    assert champions(store) == {"repeated": "2", "escalation": "2"}
    assert "shuffled" not in models(store.uri)[0]["conditions"]["repeated"]


def test_another_policy_is_refused(store, keep):
    """It foretells something else; its figures beside the rule are shown all the same."""
    keep(policy="one", ours=0.5)
    keep(policy="two", ours=0.1)
    assert refusal(store) == {"policy", "rule"}


def test_two_trainings_are_compared_on_what_both_were_tested_on(store, keep):
    """Neither has learnt from these contacts; without any there is no comparison."""
    keep(ours=0.5, some=lambda ids: [int(i[-2:]) < 80 for i in ids])
    keep(data="b", ours=0.9, some=lambda ids: [int(i[-2:]) >= 20 for i in ids])
    by_name = {c.name: c for c in weigh("2", uri=store.uri)["repeated"].conditions}
    kept = scores_of_run(store, "2")
    of_both = {i for i in kept["contact_id"].to_pylist() if int(i[-2:]) < 80}
    assert by_name["champion"].contacts == by_name["rule"].contacts
    assert 0 < by_name["champion"].contacts <= len(of_both)
    promote("2", uri=store.uri)
    keep(data="c", ours=1.0, some=lambda ids: [int(i[-2:]) < 20 for i in ids])
    assert refusal(store, "3") == {"champion"}
    text = weigh("3", uri=store.uri)["repeated"].objections[0]
    assert text == "it was never tested on contacts that champion 2 was tested on, too"


def scores_of_run(store, version):
    from recontact.tracking.tested import read

    return read(store, _version(store, "recontact-repeated", version))


def test_contacts_that_may_have_taught_the_champion_do_not_count(store, keep, learnt):
    """Tested beside on rows from before its own first test contact, it may know them."""
    started = learnt.test["started_at"].to_pylist()
    middle = sorted(started)[len(started) // 2]
    keep(ours=0.5, test_from=middle.isoformat())
    keep(ours=0.9, champion=0.5, beside="1")
    found = weigh("2", uri=store.uri)["repeated"].conditions[1]
    later = {
        c
        for c, at in zip(learnt.test["contact_id"].to_pylist(), started, strict=True)
        if at >= middle
    }
    assert 0.8 * len(later) < found.contacts <= len(later)


def test_the_scores_of_another_champion_are_not_taken_for_this_ones(store, keep):
    """Tested beside version 1, held against version 2: what both were tested on is compared."""
    keep(ours=0.3)
    keep(ours=0.6, champion=0.3, beside="1")
    promote("2", uri=store.uri)
    keep(ours=0.45, champion=0.3, beside="1")
    assert refusal(store, "3") == {"champion"}


def test_many_test_contacts_are_kept_as_the_same_few(learnt):
    """Which are kept hangs on their ids alone, so that two trainings keep the same."""
    some = scores_of(learnt, most=50)
    assert len(set(some["contact_id"].to_pylist())) <= 50
    first = learnt.test["contact_id"].to_pylist()[::2]
    half = learnt.test.filter(pa.array(np.isin(learnt.test["contact_id"], first)))
    half = half.take(pa.array(np.arange(len(half))[::-1]))
    trials = [_trial(t, half, {"recontact": 1.0}, 0.0) for t in learnt.trials]
    less = scores_of(dataclasses.replace(learnt, test=half, trials=trials), most=50)
    shared = set(some["contact_id"].to_pylist()) & set(first)
    assert shared
    assert shared <= set(less["contact_id"].to_pylist())


def test_kept_scores_are_those_of_the_contact(learnt):
    """Beside each contact's id stands what its own row of features is given."""
    kept = scores_of(learnt)
    bundle = learnt.bundles["escalation"]
    ours = kept.filter(pa.array(np.array(kept["target"]) == "escalation"))
    row = ours.slice(len(ours) // 2, 1).to_pylist()[0]
    place = (np.array(learnt.test["contact_id"]) == row["contact_id"]) & (
        np.array(learnt.test["moment"]) == row["moment"]
    )
    (own,) = learnt.test.filter(pa.array(place)).to_pylist()
    again = bundle.predict(learnt.test.filter(pa.array(place)))
    assert row["score_recontact"] == pytest.approx(float(again[0]))
    assert row["outcome"] == own["escalation"]


def test_to_promote_the_champion_changes_nothing(store, keep):
    """No second entry in the log, and rollback does not return to the same."""
    keep(ours=0.8)
    before = changes(store.uri)
    moved = promote("1", "again", uri=store.uri)
    assert [m["changed"] for m in moved] == [False, False]
    assert changes(store.uri) == before
    with pytest.raises(UserError, match="no earlier champion"):
        rollback(uri=store.uri)


def test_force_overrules_and_is_written_down(store, keep):
    """Who, when, why and what was overruled are in the log; without a why it refuses."""
    keep(ours=0.7)
    keep(policy="one", data="b", ours=0.1, rule=0.6)
    with pytest.raises(UserError, match="takes a reason"):
        promote("2", force=True, uri=store.uri)
    (moved, _) = promote("2", "a drill", force=True, uri=store.uri)
    assert len(moved["overruled"]) == 2
    last = history(store, "recontact-repeated")[-1]
    assert (last["version"], last["why"]) == ("2", "a drill")
    entry = changes(store.uri)[0]
    assert (entry["action"], entry["version"], entry["previous"]) == ("promoted", "2", "1")
    assert entry["overruled"] == moved["overruled"]
    assert any("does not beat champion 1" in text for text in entry["compared"])
    assert entry["by"]
    assert entry["at"]


def test_the_log_keeps_what_was_rolled_back(store, keep):
    """Champions come and go; every entry stays, the newest first, however long the reason."""
    keep(ours=0.3)
    keep(ours=0.9)
    promote("2", "better " * 2000, uri=store.uri)
    rollback("too many alarms", uri=store.uri)
    found = [(e["action"], e["version"]) for e in changes(store.uri) if "repeated" in e["name"]]
    assert found == [("rolled back", "1"), ("promoted", "2"), ("first", "1")]
    assert changes(store.uri)[0]["why"] == "too many alarms"


def test_the_log_is_in_order_however_the_clock_ticks(store, keep, monkeypatch):
    """What one command does to both models has one instant; what came later stands before it."""
    ticks = (dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=n / 10) for n in count())
    monkeypatch.setattr("recontact.tracking.log.instant", lambda: next(ticks))
    keep(ours=0.3)
    keep(ours=0.9)
    promote("2", "better", uri=store.uri)
    rollback("too many alarms", uri=store.uri)
    found = [(e["action"], e["name"].removeprefix("recontact-")) for e in changes(store.uri)]
    done = ("rolled back", "promoted", "first")
    assert found == [(action, target) for action in done for target in NAMES]


def test_without_an_escalation_model_the_base_rate_stands(store, keep):
    """It becomes champion with the other, may be kept, and gives way to what was learnt."""
    _, said = keep(ours=0.3, constant="escalation")
    assert said["escalation"] == "version 1 is champion"
    keep(ours=0.6, champion=0.3, beside="1", constant="escalation")
    promote("2", uri=store.uri)
    keep(ours=1.0, champion=0.6, beside="2")
    promote("3", "escalations are recorded now", uri=store.uri)
    assert champions(store) == {"repeated": "3", "escalation": "3"}
    keep(ours=1.0, constant="escalation")
    assert refusal(store, "4") == {"champion", "learnt"}
    assert models(store.uri)[0]["constant"] == {"repeated": None, "escalation": "none escalated"}


def test_rollback_walks_back_one_champion_at_a_time(store, keep):
    """After three champions it returns to the second, then the first, then says there is none."""
    for ours in (0.3, 0.6, 0.9):
        keep(ours=ours)
    promote("2", "", uri=store.uri)
    promote("3", "", uri=store.uri)
    rollback("", uri=store.uri)
    assert champions(store)["escalation"] == "2"
    rollback("too many alarms", uri=store.uri)
    assert champions(store) == {"repeated": "1", "escalation": "1"}
    note = store.client.get_model_version("recontact-repeated", "2").tags["recontact.rolled_back"]
    assert json.loads(note)["why"] == "too many alarms"
    with pytest.raises(UserError, match="no earlier champion") as refused:
        rollback("", uri=store.uri)
    assert "--only" not in refused.value.mend


def test_one_model_can_move_alone(store, keep):
    """With `only`, the other champion stays, on the way there and on the way back."""
    keep(ours=0.3)
    keep(ours=0.9)
    (moved,) = promote("2", "escalation is no better", only="repeated", uri=store.uri)
    assert moved["name"] == "recontact-repeated"
    assert champions(store) == {"repeated": "2", "escalation": "1"}
    with pytest.raises(UserError, match="escalation has no earlier champion") as refused:
        rollback("", uri=store.uri)
    assert refused.value.mend.endswith("recontact rollback --only repeated")
    assert champions(store) == {"repeated": "2", "escalation": "1"}
    rollback("", only="repeated", uri=store.uri)
    assert champions(store) == {"repeated": "1", "escalation": "1"}
    with pytest.raises(UserError, match="no model of 'fcr'"):
        promote("2", only="fcr", uri=store.uri)


def test_champions_of_two_policies_are_refused_even_by_force(store, keep):
    """No service could score with them."""
    keep(ours=0.3)
    keep(ours=0.9, policy="two")
    assert champions(store) == {"repeated": "2", "escalation": "2"}
    with pytest.raises(UserError, match="different policies"):
        promote("1", "I insist", only="repeated", force=True, uri=store.uri)
    assert champions(store) == {"repeated": "2", "escalation": "2"}


def test_an_alias_set_by_hand_is_not_forgotten(store, keep):
    """A champion chosen in MLflow's pages is the one that rollback returns to."""
    for ours in (0.3, 0.6, 0.9):
        keep(ours=ours)
    for name in NAMES.values():
        store.client.set_registered_model_alias(name, "champion", "2")
    promote("3", "", uri=store.uri)
    rollback("", uri=store.uri)
    assert champions(store) == {"repeated": "2", "escalation": "2"}


def test_both_models_are_of_one_run_and_one_policy(store, keep, tmp_path):
    """A version number is that of `repeated`; the other follows its run. Mixed policies: error."""
    with speaking(store.uri):  # one version of one model only, as if a run had broken off
        store.client.create_registered_model("recontact-repeated")
        store.client.create_model_version("recontact-repeated", tmp_path.as_uri(), "0" * 32)
    run_id, _ = keep(policy="one")
    by_number = load_bundles("2", store=store)
    assert {t: b.version for t, b in by_number.items()} == {"repeated": "2", "escalation": "1"}
    keep(policy="two")
    crown(store, _version(store, "recontact-repeated", run_id), "by hand")
    with pytest.raises(UserError, match="different policies"):
        load_bundles(store=store)


def _version(store, name, run_id):
    from recontact.tracking.registry import resolve

    return resolve(store, name, run_id)


def test_models_are_listed_with_figures_and_champion(store, keep):
    """The newest run first, each with versions, figure, interval, moments and conditions."""
    keep(ours=0.5)
    keep(ours=0.9, champion=0.5, beside="1")
    newest, oldest = models(store.uri)
    assert newest["versions"] == {"repeated": "2", "escalation": "2"}
    low, high = newest["roc_auc_interval"]["repeated"]
    assert low < newest["roc_auc"]["repeated"] < high
    assert newest["roc_auc"]["repeated"] > newest["roc_auc_rule"]["repeated"]
    assert newest["moments"]["repeated"] == ["start", "live", "wrapup"]
    held = {name: one["passed"] for name, one in newest["conditions"]["repeated"].items()}
    names = ("calibration", "champion", "latency", "leaks", "rule", "shuffled")
    assert held == dict.fromkeys(names, True)
    assert "champion" not in oldest["conditions"]["repeated"]
    assert oldest["champion"] == {"repeated": True, "escalation": True}
    assert newest["champion"] == {"repeated": False, "escalation": False}


def test_a_missing_store_or_version_is_said_plainly(store, tmp_path):
    """No file, no such version, no such run and an unreachable server each name the mend."""
    with pytest.raises(UserError, match="there are no models yet") as caught:
        open_store(f"sqlite:///{tmp_path}/none.db")
    assert "recontact train" in caught.value.mend
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(UserError, match="has no version, run or alias '7'"):
        load_bundle("recontact-repeated", "7", store=store)
    with pytest.raises(UserError, match="does not answer"):
        load_bundle("recontact-repeated", uri="http://127.0.0.1:9")
