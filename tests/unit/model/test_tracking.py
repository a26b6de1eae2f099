"""Runs and models in MLflow: what is kept, who is champion, how it changes and goes back."""

import dataclasses
import json

import mlflow
import pytest

from recontact.errors import UserError
from recontact.model.bundle import Bundle
from recontact.tracking import load_bundle, load_bundles, models, open_store, promote, rollback
from recontact.tracking.record import record, set_champions
from recontact.tracking.registry import NAMES, aliases, crown, history
from recontact.tracking.store import speaking


@pytest.fixture
def keep(store, learnt, monkeypatch):
    """Record a training, with other digests or figures where wanted; set the champions."""
    # plots are the same for every test and take a second
    monkeypatch.setattr("recontact.tracking.record.plots", lambda *_: {"importance": b"png"})

    def run(*, policy="one", data="a", ours=None, rule=None, champion=None, beside=None):
        evaluation = dict(learnt.evaluation, policy_digest=policy, data_digest=data)
        known = {"recontact": ours, "contacts_7d": rule, "champion": champion}
        rows = [
            dict(row, roc_auc=known.get(row["model"]) or row["roc_auc"])
            for row in evaluation["figures"]
        ]
        if champion:
            extra = [r for r in rows if r["model"] == "recontact"]
            rows += [dict(r, model="champion", roc_auc=champion) for r in extra]
        bundles = {
            target: dataclasses.replace(bundle, policy_digest=policy)
            for target, bundle in learnt.bundles.items()
        }
        changed = dataclasses.replace(
            learnt, bundles=bundles, evaluation=dict(evaluation, figures=rows)
        )
        tested = dict.fromkeys(bundles, beside) if beside else {}
        run_id, versions = record(store, changed, tested)
        return run_id, set_champions(store, versions)

    return run


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
    }
    assert len(store.client.list_artifacts(run_id, "plots")) == 7
    assert run.data.params["seed"] == "0"
    assert run.data.tags["data_digest"] == learnt.evaluation["data_digest"]
    assert 0.5 < run.data.metrics["repeated/wrapup/all/recontact/roc_auc"] < 1
    assert run.inputs.dataset_inputs[0].dataset.name == "contacts"
    for target, name in NAMES.items():
        signature = mlflow.models.get_model_info(f"models:/{name}/1").signature
        assert signature.inputs.input_names() == list(learnt.bundles[target].encoding.features)
        tags = store.client.get_model_version(name, "1").tags
        assert tags["policy_digest"] == learnt.evaluation["policy_digest"]


def test_a_registered_model_loads_as_it_was_trained(store, learnt, keep, tmp_path):
    """By alias, number and run the same bundle comes back, and MLflow's own loader reads it."""
    run_id, _ = keep(policy=learnt.evaluation["policy_digest"])
    for ref in ("champion", "1", run_id):
        loaded = load_bundle("recontact-repeated", ref, store=store)
        assert loaded == learnt.bundles["repeated"].with_version("1")
    folder = mlflow.artifacts.download_artifacts(
        "models:/recontact-repeated@champion", dst_path=str(tmp_path / "model")
    )
    assert Bundle.load(folder).model == learnt.bundles["repeated"].model
    assert mlflow.lightgbm.load_model(folder).num_trees() == loaded.facts["trees"]


def test_the_first_model_that_beats_the_rule_is_champion(store, keep):
    """A second one of the same policy is not, however good; it says how to promote it."""
    keep(ours=0.7, rule=0.6)
    _, said = keep(ours=0.9, rule=0.6)
    assert champions(store) == {"repeated": "1", "escalation": "1"}
    assert said["repeated"].endswith("recontact promote 2")


def test_a_model_that_does_not_beat_the_rule_is_no_champion(store, keep):
    """Equal to the rule is not better; scoring then says that there is no champion."""
    keep(ours=0.6, rule=0.6)
    assert champions(store) == {"repeated": None, "escalation": None}
    with pytest.raises(UserError, match="recontact-repeated has no champion yet"):
        load_bundles(store=store)


def test_a_new_policy_gets_its_champion_and_the_old_one_can_return(store, keep):
    """There is none for the new digest, so its model takes over; rollback goes back."""
    keep(policy="one", ours=0.7, rule=0.6)
    _, said = keep(policy="two", ours=0.7, rule=0.6)
    assert champions(store) == {"repeated": "2", "escalation": "2"}
    assert "in place of version 1 with policy one" in said["repeated"]
    rollback("back to one", uri=store.uri)
    assert load_bundles(store=store)["repeated"].policy_digest == "one"


def test_promotion_needs_a_fair_comparison(store, keep):
    """Refused: never compared, worse, another policy, worse than the rule. Better: promoted."""
    keep(ours=0.7, rule=0.6)
    keep(data="b", ours=0.8, rule=0.6)
    with pytest.raises(UserError, match="never tested beside champion 1"):
        promote("2", "", uri=store.uri)
    keep(data="b", ours=0.7, rule=0.6, champion=0.75, beside="1")
    with pytest.raises(UserError, match=r"worse than the champion \(AUC 0.7000, champion 0.7500\)"):
        promote("3", "", uri=store.uri)
    keep(data="b", ours=0.8, rule=0.85, champion=0.75, beside="1")
    with pytest.raises(UserError, match="does not beat the one-line rule"):
        promote("4", "", uri=store.uri)
    assert champions(store) == {"repeated": "1", "escalation": "1"}
    keep(data="b", ours=0.8, rule=0.6, champion=0.75, beside="1")
    moved = promote("5", "autumn data", uri=store.uri)
    assert [(m["version"], m["previous"]) for m in moved] == [("5", "1"), ("5", "1")]
    assert champions(store) == {"repeated": "5", "escalation": "5"}


def test_models_tested_on_the_same_contacts_compare(store, keep):
    """Same data and policy mean the same test set: the stored figures are enough."""
    keep(ours=0.7, rule=0.6)
    keep(ours=0.71, rule=0.6)
    promote("2", "", uri=store.uri)
    assert champions(store) == {"repeated": "2", "escalation": "2"}


def test_force_overrules_and_is_written_down(store, keep):
    """Who, when and why stay with the alias, and what was overruled is told."""
    keep(ours=0.7, rule=0.6)
    keep(policy="two", data="b", ours=0.5, rule=0.6)
    (moved, _) = promote("2", "a drill", force=True, uri=store.uri)
    assert len(moved["overruled"]) == 2
    last = history(store, "recontact-repeated")[-1]
    assert (last["version"], last["why"]) == ("2", "a drill")
    assert last["by"]
    assert last["at"]


def test_rollback_walks_back_one_champion_at_a_time(store, keep):
    """After three champions it returns to the second, then the first, then says there is none."""
    for ours in (0.7, 0.71, 0.72):
        keep(ours=ours, rule=0.6)
    promote("2", "", uri=store.uri)
    promote("3", "", uri=store.uri)
    rollback("", uri=store.uri)
    assert champions(store)["escalation"] == "2"
    rollback("too many alarms", uri=store.uri)
    assert champions(store) == {"repeated": "1", "escalation": "1"}
    note = store.client.get_model_version("recontact-repeated", "2").tags["recontact.rolled_back"]
    assert json.loads(note)["why"] == "too many alarms"
    with pytest.raises(UserError, match="no earlier champion"):
        rollback("", uri=store.uri)


def test_an_alias_set_by_hand_is_not_forgotten(store, keep):
    """A champion chosen in MLflow's pages is the one that rollback returns to."""
    for ours in (0.7, 0.71, 0.72):
        keep(ours=ours, rule=0.6)
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
    run_id, _ = keep(policy="one", ours=0.7, rule=0.6)
    by_number = load_bundles("2", store=store)
    assert {t: b.version for t, b in by_number.items()} == {"repeated": "2", "escalation": "1"}
    keep(policy="two", ours=0.7, rule=0.6)
    crown(store, _version(store, "recontact-repeated", run_id), "by hand")
    with pytest.raises(UserError, match="different policies"):
        load_bundles(store=store)


def _version(store, name, run_id):
    from recontact.tracking.registry import resolve

    return resolve(store, name, run_id)


def test_models_are_listed_with_figures_and_champion(store, keep):
    """The newest run first, each with both versions, digest and figures."""
    keep(ours=0.7, rule=0.6)
    keep(ours=0.8, rule=0.6)
    newest, oldest = models(store.uri)
    assert newest["versions"] == {"repeated": "2", "escalation": "2"}
    assert newest["roc_auc"] == {"repeated": 0.8, "escalation": 0.8}
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
